"""From the records of a run to its result: figures, what each ingredient is worth, and slices of the layouts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from msgspec.structs import replace

from eval.columns import BETTER, CALIBRATED, COST_VALUES, FIXED_ENDS, JUDGED_VALUES
from eval.methods import MethodRow
from eval.records import Record
from eval.results import Figure, MethodResult, Worth
from eval.summary import RATIOS, Estimate, Values, calibrated, estimate, figure_of

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
    ("all of it against MultiDiffusion's 50 steps", "md-50", "exact-lcm"),
    ("four steps against the teacher's 25", "teacher-25", "exact-lcm"),
    ("one pass for all regions", "exact-lcm", "joint-lcm"),
    ("pre-averaging, taken from exact", "without-averaging", "exact-lcm"),
    ("bootstrap, taken from exact", "without-bootstrap", "exact-lcm"),
    ("quantised masks, taken from exact", "without-quantising", "exact-lcm"),
    ("leak test, taken from exact", "without-leak-test", "exact-lcm"),
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
    for key in (CALIBRATED | FIXED_ENDS) & figures.keys():
        figures[key] = _with_share(key, figures[key], measured, ends)
    failed = sum(bool(record.error) for record in records)
    notes = [measured.note, f"{failed} pictures failed and count as the worst" if failed else ""]
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
    found = {key: _estimated(key, records) for key in JUDGED_VALUES}
    return {key: figure_of(estimated) for key, estimated in found.items() if estimated is not None}


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


def cost_figures(method: MethodRow, records: Sequence[Record]) -> dict[str, Figure]:
    """Without an interval. Nothing for the renderer, which paints by no network."""
    if method.painter == "truth":
        return {}
    costs: dict[str, Figure] = {}
    for key, values_of in COST_VALUES.items():
        values = [value for record in records for value in values_of(record)]
        if values:
            costs[key] = Figure(value=float(np.mean(values)), n=len(values))
    return costs


def _with_share(
    key: str, figure: Figure, measured: Measured, ends: tuple[Measured | None, Measured | None]
) -> Figure:
    """The figure with where it lies between its ends, on the same layouts."""
    if key in FIXED_ENDS:
        return replace(figure, calibrated=1 - figure.value)
    low, high = (None if end is None else _estimated(key, _common(end, measured)) for end in ends)
    if low is None or high is None:
        return figure
    return replace(figure, calibrated=calibrated(figure.value, low, high, BETTER[key]))


def _common(end: Measured, measured: Measured) -> list[Record]:
    return [end.records[number] for number in measured.records if number in end.records]


def worth(measured: dict[str, Measured]) -> list[Worth]:
    """What each ingredient changes, on the layouts that both sides painted."""
    found: list[Worth] = []
    for ingredient, before, after in WORTH:
        if before not in measured or after not in measured:
            continue
        common = sorted(measured[before].records.keys() & measured[after].records.keys())
        pairs = [(measured[before].records[each], measured[after].records[each]) for each in common]
        changes = {key: _change(pairs, key) for key in WORTH_KEYS}
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


def _change(pairs: list[tuple[Record, Record]], key: str) -> Figure | None:
    """Mean difference of what both sides measured; of ratios the part by which they change."""
    values_of, groups = JUDGED_VALUES[key], list[Values]()
    is_ratio = key in RATIOS
    for before, after in pairs:
        old, new = values_of(before.scores), values_of(after.scores)
        if old and len(old) == len(new):
            both = zip(old, new, strict=True)
            groups.append([float(np.log(b / a)) if is_ratio else b - a for a, b in both])
    if not groups:
        return None
    found = estimate(groups)
    if is_ratio:
        mean, low, high = (float(np.expm1(value)) for value in (found.mean, found.low, found.high))
        found = Estimate(mean, low, high, found.n)
    return figure_of(found)
