"""The paper's own protocol on real checkpoints: `semdraw eval --coco FOLDER --model … --clip … --inception …`.

COCO's layouts, a caption behind and the names of categories in front; FID against the photographs of the same layouts,
IS, CLIP_fg, CLIP_bg, and IoU by a segmenter; time for a picture.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np

from eval.circumstances import ROOT, circumstances
from eval.coco_subjects import CocoSpec, CocoSubjects
from eval.columns import COSTS
from eval.distribution import frechet, inception_score
from eval.methods import MethodRow, chosen
from eval.page import Row, Shot
from eval.records import Record, Store
from eval.report import cost_figures
from eval.results import Column, Figure, MethodResult, Result
from eval.run import run_jobs
from eval.sketch import sketch
from eval.summary import Values, estimate, figure_of
from eval.tasks import Task
from eval.weights import Sources
from eval.worker import Setup, Worker
from eval.writing import write_result
from semdraw.models.registry import find_model

SHOWN: Final = 24
SPLITS: Final = 10  # of all pictures, for IS
COLUMNS: Final = (
    Column(
        key="fid", label="FID", about="Fréchet distance to the photographs, Inception features", better="down"
    ),
    Column(key="is", label="IS", about="inception score, the mean of ten parts"),
    Column(key="clip_fg", label="CLIP_fg", about="100 cos of picture and category, mean over the categories"),
    Column(key="clip_bg", label="CLIP_bg", about="100 cos of picture and caption"),
    Column(
        key="iou",
        label="IoU",
        about="a category's masks and where the segmenter sees it, mean over categories",
    ),
)
VALUES: Final[dict[str, Callable[[dict[str, Any]], Values]]] = {
    "clip_fg": lambda scores: [scores["clip_fg"]] if "clip_fg" in scores else [],
    "clip_bg": lambda scores: [scores["clip_bg"]] if "clip_bg" in scores else [],
    "iou": lambda scores: scores.get("iou", []),
}


def evaluate_real(options: argparse.Namespace) -> int:
    """The verb, where a folder of COCO's annotations is given."""
    device = options.device or "cpu"
    spec = CocoSpec(
        folder=options.coco,
        side_px=options.side,
        clip=options.clip,
        segmenter=options.segmenter,
        inception=options.inception,
        device=device,
    )
    subjects = spec.open()
    sources = Sources(model=options.model, few=options.few, base=options.base, euler=options.euler)
    rows = [row for row in chosen(options.methods, is_quick=options.quick) if sources.has(row.weights)]
    layouts = subjects.ids()[: options.layouts]
    folder = options.out or ROOT / "build" / "eval" / "coco"
    setup = Setup(sources=sources, subjects=spec, folder=folder, device=device)
    jobs = [Task(method=row, layout=layout) for layout in layouts for row in rows]
    run_jobs(jobs, setup, workers=options.workers or 1)
    worker = Worker(setup)
    result = real_result(rows, layouts, subjects, worker)
    write_result(result, [_row(layout, rows, subjects, worker.store) for layout in layouts[:SHOWN]], folder)
    return 0


def real_result(
    rows: Sequence[MethodRow], layouts: Sequence[int], subjects: CocoSubjects, worker: Worker
) -> Result:
    photographs = _photographs(layouts, subjects)
    card = find_model(worker.models.sources.model)
    return Result(
        title=f"semdraw on {len(layouts)} layouts of COCO",
        is_quick=False,
        circumstances=circumstances()
        | {"model": card.name, "weights": card.recipe.weights_hash[:12], "critics": subjects.judged_by},
        columns=[*COLUMNS, *COSTS],
        methods=[_method(row, layouts, photographs, worker) for row in rows],
        shown=list(layouts[:SHOWN]),
    )


def _photographs(layouts: Sequence[int], subjects: CocoSubjects) -> np.ndarray | None:
    """(n d) features of the photographs; None without Inception."""
    found: list[np.ndarray] = []
    for layout in layouts:
        if subjects.layout(layout).picture is None:
            return None
        features = subjects.features(layout, subjects.truth(layout))
        if not features:
            return None
        found.append(features["picture"])
    return np.stack(found)


def _method(
    row: MethodRow, layouts: Sequence[int], photographs: np.ndarray | None, worker: Worker
) -> MethodResult:
    records = [record for layout in layouts if (record := worker.store.record(row.name, layout))]
    kept = [features for layout in layouts if (features := worker.store.features(row.name, layout))]
    return MethodResult(
        name=row.name,
        label=row.label,
        group=row.group,
        about=row.about,
        note=worker.models.sources.note(row.weights),
        num_pictures=len(records),
        figures=_judged(records) | _of_all(kept, photographs) | cost_figures(row, records),
    )


def _judged(records: Sequence[Record]) -> dict[str, Figure]:
    figures: dict[str, Figure] = {}
    for key, values_of in VALUES.items():
        groups = [values for record in records if (values := values_of(record.scores))]
        if groups:
            figures[key] = figure_of(estimate(groups))
    return figures


def _of_all(kept: Sequence[dict[str, np.ndarray]], photographs: np.ndarray | None) -> dict[str, Figure]:
    """FID and IS, of at least two pictures."""
    if len(kept) < 2:
        return {}
    shares = np.stack([each["shares"] for each in kept])
    parts = np.array_split(shares, min(SPLITS, len(shares)))
    figures = {"is": Figure(value=float(np.mean([inception_score(part) for part in parts])), n=len(kept))}
    if photographs is not None and len(photographs) > 1:
        pictures = np.stack([each["picture"] for each in kept])
        figures["fid"] = Figure(value=frechet(pictures, photographs), n=len(kept))
    return figures


def _row(layout: int, rows: Sequence[MethodRow], subjects: CocoSubjects, store: Store) -> Row:
    found = subjects.layout(layout)
    names = [region.prompt for region in found.regions]
    asked = sketch([region.mask for region in found.regions], names, found.extent.shape)
    shots = [Shot(method="", label="what was asked", pixels=asked, said=found.background_prompt)]
    shots += [
        Shot(method=row.name, label=row.label, pixels=store.pixels(row.name, layout), said=_said(record))
        for row in rows
        if (record := store.record(row.name, layout)) is not None
    ]
    return Row(title=f"{layout}: {', '.join(names)}", about=found.background_prompt, shots=tuple(shots))


def _said(record: Record) -> str:
    if record.error:
        return f"failed: {record.error}"
    overlaps = record.scores.get("iou")
    return f"IoU {np.mean(overlaps):.2f}" if overlaps else ""
