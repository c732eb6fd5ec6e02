"""From the numbers of many pictures to figures with intervals; calibrated, and all together in one."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

DRAWS = 1000
SEED = 73_000_000
Values = list[float]


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean, the 95 % interval by drawing layouts anew, and over how many layouts."""

    mean: float
    low: float
    high: float
    n: int


def region_values(name: str, *, kinds: Sequence[str] = (), small: bool = False) -> Callable[[Any], Values]:
    """The values of all regions of a record; of masks of these kinds alone, if any are named."""

    def values(record: Mapping[str, Any]) -> Values:
        if kinds and record["mask_kind"] not in kinds:
            return []
        return [region[name] for region in record["regions"] if region["small"] == small]

    return values


def picture_values(name: str) -> Callable[[Any], Values]:
    def values(record: Mapping[str, Any]) -> Values:
        return [] if record[name] is None else [record[name]]

    return values


def overlap_values(record: Mapping[str, Any]) -> Values:
    return record["occ"]


SILHOUETTES, DRAWN = ("silhouette",), ("blob", "stroke", "box")
METRICS: dict[str, Callable[[Any], Values]] = {
    "rca": region_values("rca"),
    "rca_silhouette": region_values("rca", kinds=SILHOUETTES),
    "rca_drawn": region_values("rca", kinds=DRAWN),
    "rca_small": region_values("rca", small=True),
    "rca_second": region_values("rca_second"),
    "top5": region_values("top5"),
    "logprob": region_values("logprob"),
    "other": region_values("other"),
    "miou": region_values("miou", kinds=SILHOUETTES),
    "cov": region_values("cov", kinds=DRAWN),
    "cont": region_values("cont", kinds=DRAWN),
    "leak_ext": region_values("leak_ext"),
    "stray": region_values("stray"),
    "leak_int": region_values("leak_int"),
    "occ": overlap_values,
    "bgf": picture_values("bgf"),
    "intr": picture_values("intr"),
    "bg_other": picture_values("bg_other"),
    "seam": picture_values("seam"),
}
RATIOS = frozenset({"seam"})  # their mean is that of their logarithms


def summarise(measured: Sequence[Mapping[str, Any]]) -> dict[str, Estimate]:
    """Every figure that these records of `scores.measure` allow."""
    estimates: dict[str, Estimate] = {}
    for name, values_of in METRICS.items():
        groups = [values for record in measured if (values := values_of(record))]
        if groups and name in RATIOS:
            logs = estimate([[float(np.log(value)) for value in values] for values in groups])
            mean, low, high = np.exp([logs.mean, logs.low, logs.high]).tolist()
            estimates[name] = Estimate(mean, low, high, logs.n)
        elif groups:
            estimates[name] = estimate(groups)
    return estimates


def estimate(groups: Sequence[Values]) -> Estimate:
    """The mean over all values; layouts, each with its values, are what is drawn anew."""
    sums, counts = np.array([(sum(values), len(values)) for values in groups], float).T
    random = np.random.default_rng(SEED)
    rows = random.integers(0, len(groups), (DRAWS, len(groups)))
    means = sums[rows].sum(1) / counts[rows].sum(1)
    low, high = np.percentile(means, (2.5, 97.5))
    return Estimate(float(sums.sum() / counts.sum()), float(low), float(high), len(groups))


def calibrated(value: float, low: float, high: float) -> float:
    """Where a figure lies between its ends, from 0 to 1; `low` may be the larger number, as it is for leaks."""
    return float(np.clip((value - low) / (high - low), 0, 1)) if high != low else float("nan")


AXES: tuple[str, ...] = ("rca", "miou", "leak_ext", "bgf")


def total_score(
    figures: Mapping[str, float],
    lows: Mapping[str, float],
    highs: Mapping[str, float],
    *,
    diversity: float,
    kid: float,
    kid_low: float,
) -> float:
    """The geometric mean of all axes, 0 to 1: none can be given up for another. Never to be shown alone.

    lows: of one prompt without masks; highs: of the renderer itself; kid_low: of one prompt without masks.
    """
    axes = [calibrated(figures[name], lows[name], highs[name]) for name in AXES]
    axes += [min(diversity, 1.0), float(np.exp(-max(kid, 0.0) / kid_low))]
    return float(np.prod(np.maximum(axes, 0.0)) ** (1 / len(axes)))
