"""A run on bench-v1 as a result, and the pictures that its page shows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec.structs import replace

from eval.bench import Layout, load_bench
from eval.circumstances import circumstances
from eval.columns import COSTS, EDITED, JUDGED, SETS
from eval.edit_runs import edit_figures
from eval.page import Row, Shot
from eval.plan import Plan
from eval.records import Record, Store
from eval.report import HIGH, LOW, Measured, method_result, worth
from eval.results import Figure, MethodResult, Result, Table, shown_figure
from eval.sets import Reference, set_figures, spread_figure
from eval.sketch import sketch
from eval.summary import AXES, total_score
from eval.worker import Worker
from semdraw.models.registry import find_model

SHOWN = 24  # layouts whose pictures the page has


def result_of(plan: Plan, worker: Worker) -> Result:
    """All figures that the records of a run allow."""
    measured = {method.name: _measured(plan, worker, method.name) for method in plan.methods}
    ends = measured.get(LOW), measured.get(HIGH)
    rows = [method_result(each, ends) for each in measured.values()]
    if not plan.is_quick:
        rows = with_scores(list(_with_sets(rows, measured, worker, plan)))
    split = "dev, on which methods may be tuned" if plan.split == "dev" else "test"
    return Result(
        title=f"semdraw on bench-v1, {'a quick look' if plan.is_quick else f'split {split}'}",
        is_quick=plan.is_quick,
        circumstances=circumstances() | _rests_on(plan, worker),
        columns=[*JUDGED, *SETS, *COSTS],
        methods=rows,
        worth=worth(measured),
        tables=[table for table in [_edits(plan, worker.store)] if table.rows],
        shown=list(plan.layouts[:SHOWN]),
    )


def _measured(plan: Plan, worker: Worker, name: str) -> Measured:
    method = next(each for each in plan.methods if each.name == name)
    found = {layout: worker.store.record(name, layout) for layout in plan.layouts_of(method)}
    records = {layout: record for layout, record in found.items() if record is not None and record.scores}
    return Measured(method=method, records=records, note=plan.setup.sources.note(method.weights))


def _rests_on(plan: Plan, worker: Worker) -> dict[str, Any]:
    card = find_model(plan.setup.sources.model)
    return {
        "model": card.name,
        "weights": card.recipe.weights_hash[:12],
        "bench": load_bench().hash[:12],
        "oracles and scores": worker.subjects.judged_by,
    }


def _with_sets(
    rows: list[MethodResult], measured: dict[str, Measured], worker: Worker, plan: Plan
) -> Iterator[MethodResult]:
    """The rows with figures of all pictures together."""
    reference = Reference(plan.setup.folder, worker.subjects.judged_by)
    for row in rows:
        layouts = list(measured[row.name].records)
        is_whole = len(layouts) == len(plan.layouts)
        figures = row.figures | set_figures(worker.store, row.name, layouts, reference, is_whole=is_whole)
        spread = spread_figure(worker.store, row.name, plan.varied)
        if spread is not None:
            figures["div"] = spread
        yield replace(row, figures=figures)


def with_scores(rows: list[MethodResult]) -> list[MethodResult]:
    """The rows with the one figure that takes all axes together, where each of them was measured."""
    (low,) = [row.figures.get("kid") for row in rows if row.name == LOW] or [None]
    return rows if low is None else [_scored(row, low.value) for row in rows]


def _scored(row: MethodResult, kid_low: float) -> MethodResult:
    if not {*AXES, "kid", "div"} <= row.figures.keys():
        return row
    score = total_score(
        [row.figures[name].calibrated for name in AXES],
        diversity=row.figures["div"].value,
        kid=row.figures["kid"].value,
        kid_low=kid_low,
    )
    return (
        row
        if score is None
        else replace(row, figures=row.figures | {"score": Figure(value=score, n=row.num_pictures)})
    )


def _edits(plan: Plan, store: Store) -> Table:
    """The edit scripts at the live engine, one line a method."""
    lines: list[list[str]] = []
    for method in plan.edited:
        records = [found for script in plan.scripts if (found := store.script(method.name, script))]
        figures = edit_figures(records)
        if figures:
            count = sum(len(record.edits) for record in records)
            cells = [shown_figure(column, figures.get(column.key)) for column in EDITED]
            lines.append([method.label, str(count), *cells])
    return Table(
        name="edits",
        title="Edits at the live engine",
        head=[
            "method",
            "edits",
            *(column.label + (f" ({column.unit})" if column.unit else "") for column in EDITED),
        ],
        rows=lines,
        remarks=["Times are of one thread.", *(f"{column.label}: {column.about}." for column in EDITED)],
    )


def page_rows(result: Result, plan: Plan, store: Store) -> list[Row]:
    """The first layouts of the run, each with what was asked and what every method made of it."""
    return [_row(load_bench().layout(number), result, plan, store) for number in result.shown]


def _row(layout: Layout, result: Result, plan: Plan, store: Store) -> Row:
    names = [region.prompt for region in layout.regions]
    asked = sketch([region.mask for region in layout.regions], names, layout.extent.shape)
    shots = [Shot(method="", label="what was asked", pixels=asked, said=layout.background_prompt)]
    for method in result.methods:
        record = store.record(method.name, layout.id)
        is_taken = any(
            each.name == method.name and layout.id in plan.layouts_of(each) for each in plan.methods
        )
        if record is not None and is_taken:
            pixels = store.pixels(method.name, layout.id)
            shots.append(Shot(method=method.name, label=method.label, pixels=pixels, said=_said(record)))
    asked_for = ", ".join([*names, layout.background_prompt])
    about = f"{layout.tier.replace('_', ' ')}, {layout.mask_kind} masks, {layout.split}"
    return Row(title=f"Layout {layout.id}: {asked_for}", about=about, shots=tuple(shots))


def _said(record: Record) -> str:
    """How many regions were recognised."""
    regions = record.scores.get("regions", [])
    if record.error:
        return f"failed: {record.error}"
    return f"{sum(int(region['rca']) for region in regions)} of {len(regions)} named right" if regions else ""
