"""Why a region shows or does not: what of it takes part in each step, after covering, blurring and quantising."""

from __future__ import annotations

import numpy as np
import torch

from semdraw.areas import Region, acting_steps, compile_areas
from semdraw.hints import hints_of
from semdraw.models.base import DiffusionModel
from semdraw.rasters import Mask
from semdraw.regions import painted_layers
from semdraw.reports import ActingStep, Inspection
from semdraw.scene import Scene, checked
from semdraw.schedule import Schedule, build_schedule


@torch.inference_mode()
def inspect_region(scene: Scene, brush_id: str, model: DiffusionModel) -> Inspection:
    """What the sampler makes of one region. No network runs, and no prompt is encoded."""
    checked(scene)
    brush, layer = scene.brush(brush_id), scene.layer(brush_id)
    schedule = build_schedule(model.spec.training, scene.recipe)
    pairs, painted = painted_layers(scene)
    compiled, _ = compile_areas(scene, painted, schedule, model)
    hints = [hint for hint in hints_of(scene, pairs, compiled, model.spec) if hint.brush_id == brush_id]
    acts = acting_steps(brush, len(schedule))
    return Inspection(
        brush_id=brush_id,
        painted=float(np.count_nonzero(layer.mask.array)) / scene.canvas.extent.area,
        steps=_steps(compiled[brush_id], schedule, acts) if brush_id in compiled else (),
        hints=tuple(hints),
    )


def _steps(region: Region, schedule: Schedule, acts: tuple[bool, ...]) -> tuple[ActingStep, ...]:
    weights = region.weights[:, 0].clamp(0, 1).cpu()
    return tuple(
        ActingStep(
            acts=acts[step],
            noise=float(schedule.sigma[step] / torch.hypot(schedule.alpha[step], schedule.sigma[step])),
            cover=float(weight.mean()),
            mask=Mask.from_array((255 * weight).round().to(torch.uint8).numpy()),
        )
        for step, weight in enumerate(weights)
    )
