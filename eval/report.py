"""From the records of a run to its result: figures, what each ingredient is worth, and slices of the layouts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from msgspec.structs import replace

from eval.columns import CALIBRATED, COST_VALUES, JUDGED_VALUES
from eval.methods import MethodRow
from eval.records import Record
from eval.results import Figure, MethodResult, Worth
from eval.summary import RATIOS, Estimate, Values, calibrated, estimate

LOW, HIGH = "words", "truth"
SLICES: Final = ("easy", "normal", "hard", "part_on_whole", "silhouette", "blob", "stroke", "box")
WORTH: Final = (
    ("guidance 7.5 carried over", "naive-lcm", "naive-lcm-guided"),
    ("20-step bootstrap carried over", "naive-lcm", "naive-lcm-booted"),
    ("both carried over", "naive-lcm", "naive-lcm-carried"),
    ("latent pre-averaging", "naive-lcm", "merged"),
    ("mask-centring bootstrap", "merged", "bootstrapped"),
    ("quantised masks", "bootstrapped", "quantised"),
    ("windows and the model's own words", "quantised", "exact-lcm"),
    ("all of it against the published code", "published-lcm", "exact-lcm"),
    ("one pass for all regions", "exact-lcm", "joint-lcm"),
    ("pre-averaging, taken from exact", "without-averaging", "exact-lcm"),
    ("bootstrap, taken from exact", "without-bootstrap", "exact-lcm"),
    ("quantised masks, taken from exact", "without-quantising", "exact-lcm"),
    ("leak test, taken from exact", "without-leak-test", "exact-lcm"),
    ("bounds on self-attention, taken from joint", "joint-unbounded", "joint-lcm"),
    ("binding first, taken from joint", "joint-unbound", "joint-lcm"),
)
WORTH_KEYS: Final = ("rca", "miou", "cov", "leak_ext", "bgf", "intr", "seam")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Measured:
    """A method and its records, by layout."""

    method: MethodRow
    records: dict[int, Record]
    note: str = ""


def method_result(measured: Measured, ends: tuple[Measured | None, Measured | None]) -> MethodResult:
    """One row of the table. ends: the lower and upper one, for calibration on the same layouts."""
    records = list(measured.records.values())
    figures = {**judged_figures(records), **cost_figures(measured.method, records)}
    for key in CALIBRATED & figures.keys():
        figures[key] = _with_share(key, figures[key], measured, ends)
    failed = sum(bool(record.error) for record in records)
    notes = [measured.note, f"{failed} pictures failed and count as blank" if failed else ""]
    return MethodResult(
        name=measured.method.name,
        label=measured.method.label,
        group=measured.method.group,
        about=measured.method.about,
        note="; ".join(filter(None, notes)),
        num_pictures=len(records),
        figures=figures,
        slices={name: judged_figures(_in_slice(records, name)) for name in SLICES},
    )


def judged_figures(records: Sequence[Record]) -> dict[str, Figure]:
    """All figures that these records allow."""
    found = {key: _figure(_estimated(key, records)) for key in JUDGED_VALUES}
    return {key: figure for key, figure in found.items() if figure is not None}


def _in_slice(records: Sequence[Record], name: str) -> list[Record]:
    return [
        record for record in records if name in (record.scores.get("tier"), record.scores.get("mask_kind"))
    ]


def _estimated(key: str, records: Sequence[Record]) -> Estimate | None:
    groups = [values for record in records if (values := JUDGED_VALUES[key](record.scores))]
    if not groups:
        return None
    if key in RATIOS:
        return _exponential(estimate([[float(np.log(value)) for value in values] for values in groups]))
    return estimate(groups)


def _exponential(logs: Estimate) -> Estimate:
    mean, low, high = (float(np.exp(value)) for value in (logs.mean, logs.low, logs.high))
    return Estimate(mean, low, high, logs.n)


def _figure(found: Estimate | None) -> Figure | None:
    return None if found is None else Figure(value=found.mean, low=found.low, high=found.high, n=found.n)


def cost_figures(method: MethodRow, records: Sequence[Record]) -> dict[str, Figure]:
    """Without an interval; of times the median. Nothing for the renderer, which paints by no network."""
    if method.painter == "truth":
        return {}
    costs: dict[str, Figure] = {}
    for key, values_of in COST_VALUES.items():
        values = [value for record in records for value in values_of(record)]
        if values:
            middle = np.median(values) if key == "ms" else np.mean(values)
            costs[key] = Figure(value=float(middle), n=len(values))
    return costs


def _with_share(
    key: str, figure: Figure, measured: Measured, ends: tuple[Measured | None, Measured | None]
) -> Figure:
    """The figure with where it lies between its ends, on the same layouts."""
    means = [None if end is None else _mean(key, end, measured.records) for end in ends]
    low, high = means
    if low is None or high is None:
        return figure
    share = calibrated(figure.value, low, high)
    return figure if np.isnan(share) else replace(figure, calibrated=share)


def _mean(key: str, end: Measured, layouts: dict[int, Record]) -> float | None:
    records = (end.records[number] for number in layouts if number in end.records)
    values = [value for record in records for value in JUDGED_VALUES[key](record.scores)]
    return float(np.mean(values)) if values else None


def worth(measured: dict[str, Measured]) -> list[Worth]:
    """What each ingredient changes, on the layouts that both sides painted."""
    found: list[Worth] = []
    for ingredient, before, after in WORTH:
        if before not in measured or after not in measured:
            continue
        common = sorted(measured[before].records.keys() & measured[after].records.keys())
        pairs = [(measured[before].records[each], measured[after].records[each]) for each in common]
        changes = {key: _change(pairs, JUDGED_VALUES[key]) for key in WORTH_KEYS}
        differences = {key: figure for key, figure in changes.items() if figure is not None}
        found.append(
            Worth(
                ingredient=ingredient,
                before=before,
                after=after,
                num_pictures=len(common),
                differences=differences,
            )
        )
    return found


def _change(pairs: list[tuple[Record, Record]], values_of: Callable[[Any], Values]) -> Figure | None:
    """Mean difference of what both sides measured."""
    groups: list[Values] = []
    for before, after in pairs:
        old, new = values_of(before.scores), values_of(after.scores)
        if old and len(old) == len(new):
            groups.append([b - a for a, b in zip(old, new, strict=True)])
    return _figure(estimate(groups)) if groups else None
