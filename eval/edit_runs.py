"""What the edit scripts say of a method, one record a script."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from eval.bench import load_bench
from eval.edits import EditRun, drive, varied_at_rest
from eval.edits_scores import collateral, edit_shows, edited_area, flicker, settled_at, undone
from eval.methods import MethodRow
from eval.oracles import load_oracles
from eval.records import EditRecord, ScriptRecord
from eval.results import Figure
from eval.summary import estimate, figure_of
from semdraw.models.base import DiffusionModel

SOON_MS = 1000.0  # by then an edit has to show


def edit_record(script: int, method: MethodRow, model: DiffusionModel, made_by: str) -> ScriptRecord:
    bench = load_bench()
    done = drive(bench, bench.scripts[script], method, model)
    layout = bench.layout(bench.scripts[script].layout)
    return ScriptRecord(
        made_by=made_by,
        method=method.name,
        script=script,
        flk=flicker(done.at_rest),
        varied=flicker(varied_at_rest(layout, method, model)),
        edits=[_edit(edit) for edit in done.edits],
    )


def _edit(run: EditRun) -> EditRecord:
    layouts = run.layout_before, run.layout_after
    soon = [frame.pixels for frame in run.frames if frame.elapsed_ms <= SOON_MS]
    _, settled_ms = settled_at(
        [frame.pixels for frame in run.frames], [frame.elapsed_ms for frame in run.frames]
    )
    return EditRecord(
        kind=run.edit.kind,
        coll=collateral(run.before, run.after, edited_area(*layouts)),
        undo=undone(run.before, run.undone),
        shows_soon=bool(soon) and edit_shows(run.edit, layouts, (run.before, soon[-1]), load_oracles()),
        shows_settled=edit_shows(run.edit, layouts, (run.before, run.after), load_oracles()),
        first_ms=run.frames[0].elapsed_ms,
        settled_ms=settled_ms,
    )


def edit_figures(records: Sequence[ScriptRecord]) -> dict[str, Figure]:
    """All scripts together; scripts are what is drawn anew for intervals."""
    if not records:
        return {}
    values = {
        "flk": [[record.flk] for record in records],
        "varied": [[record.varied] for record in records],
        "undo": [[edit.undo for edit in record.edits] for record in records],
        "coll": [[edit.coll for edit in record.edits] for record in records],
        "edit_ok": [[float(edit.shows_soon) for edit in record.edits] for record in records],
        "edit_ok_settled": [[float(edit.shows_settled) for edit in record.edits] for record in records],
    }
    times = [edit.settled_ms for record in records for edit in record.edits]
    firsts = [edit.first_ms for record in records for edit in record.edits]
    return {
        **{key: figure_of(estimate(groups)) for key, groups in values.items()},
        "settle": Figure(value=float(np.median(times)), n=len(times)),
        "settle_p95": Figure(value=float(np.percentile(times, 95)), n=len(times)),
        "first": Figure(value=float(np.median(firsts)), n=len(firsts)),
    }
