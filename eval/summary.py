"""From the numbers of many pictures to figures with intervals; calibrated, and all together in one."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from eval.results import Better, Figure

DRAWS = 1000
SEED = 73_000_000
FEWEST = 20  # layouts without which an interval, and so a comparison, would be made up
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
    "leak_int": region_values("leak_int"),
    "occ": overlap_values,
    "bgf": picture_values("bgf"),
    "intr": picture_values("intr"),
    "seam": picture_values("seam"),
    "seam_windows": picture_values("seam_windows"),
}
RATIOS = frozenset({"seam", "seam_windows"})  # their mean is that of their logarithms


def estimate(groups: Sequence[Values]) -> Estimate:
    """The mean over all values; layouts, each with its values, are what is drawn anew."""
    sums, counts = np.array([(sum(values), len(values)) for values in groups], float).T
    random = np.random.default_rng(SEED)
    rows = random.integers(0, len(groups), (DRAWS, len(groups)))
    means = sums[rows].sum(1) / counts[rows].sum(1)
    low, high = np.percentile(means, (2.5, 97.5))
    return Estimate(float(sums.sum() / counts.sum()), float(low), float(high), len(groups))


def figure_of(found: Estimate) -> Figure:
    """Without an interval where few layouts would make it far too narrow."""
    is_known = found.n >= FEWEST
    low, high = (found.low, found.high) if is_known else (None, None)
    return Figure(value=found.mean, low=low, high=high, n=found.n)


def calibrated(value: float, low: Estimate, high: Estimate, better: Better) -> float | None:
    """Where a figure lies between its ends, from 0 to 1.

    None where nobody knows: the ends are of too few layouts, the wrong way round, or closer than their intervals.
    """
    if min(low.n, high.n) < FEWEST or better not in ("up", "down"):
        return None
    is_apart = high.low > low.high if better == "up" else high.high < low.low
    return float(np.clip((value - low.mean) / (high.mean - low.mean), 0, 1)) if is_apart else None


AXES: tuple[str, ...] = ("rca", "miou", "leak_ext", "bgf")


def total_score(
    shares: Sequence[float | None], *, diversity: float, kid: float, kid_low: float
) -> float | None:
    """The geometric mean of all axes, 0 to 1: none can be given up for another. Never to be shown alone.

    shares: of `AXES`, calibrated; kid_low: of one prompt without masks. None where an axis or its end is not known.
    """
    known = [share for share in shares if share is not None]
    if len(known) < len(shares) or not kid_low > 0:
        return None
    axes = [*known, min(diversity, 1.0), float(np.exp(-max(kid, 0.0) / kid_low))]
    if not np.isfinite(axes).all():
        return None
    return float(np.prod(np.maximum(axes, 0.0)) ** (1 / len(axes)))
