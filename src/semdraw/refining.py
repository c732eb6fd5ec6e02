"""Large pictures in two passes: first as small as the model is used to, then enlarged and drawn finer.

A model that was taught small pictures puts several of a thing into a large area. Enlarged, the small picture says what
is where; from a low level of noise on, every region is drawn once more by its own prompt, at the size of the canvas.
"""

from __future__ import annotations

import dataclasses
from typing import Final

import torch
from msgspec.structs import replace
from torch import Tensor

from semdraw.enlarging import enlarged, resized
from semdraw.errors import UsageError
from semdraw.geometry import Extent
from semdraw.models.base import DiffusionModel, ModelSpec
from semdraw.rasters import Picture
from semdraw.regions import Regions
from semdraw.rows import Flight, level_of, noise_field
from semdraw.scene import Scene
from semdraw.schedule import Schedule
from semdraw.windows import padded

_FINE: Final = 0.5  # the share of noise from which on what is where does not change any more


def rough_scene(scene: Scene, spec: ModelSpec) -> Scene | None:
    """What the first pass draws; None where there is but one."""
    if scene.recipe.enlarge <= 1:
        return None
    small = enlarged(scene, 1 / scene.recipe.enlarge, multiple=spec.extent_multiple)
    return replace(small, recipe=replace(small.recipe, enlarge=1.0))


def fine_step(schedule: Schedule) -> int:
    """The step at which the second pass begins: the first one of little noise, and the last one at least."""
    noise = schedule.sigma / torch.hypot(schedule.alpha, schedule.sigma)
    return next((step for step in range(1, len(schedule)) if noise[step] <= _FINE), len(schedule) - 1)


@torch.inference_mode()
def take_up(rough: Picture, regions: Regions, model: DiffusionModel) -> Flight:
    """The first pass, enlarged to the canvas, on its way through the second one."""
    step, field = fine_step(regions.schedule), noise_field(regions, model)
    pixels = _pixels(rough, regions.scene.canvas.extent).to(model.device)
    known = model.encode_image(padded(pixels, model.spec.working(regions.scene.canvas.extent)))
    noise = field(step)
    flight = Flight(latents=known, noise=noise, step=step, field=field, clean=known)
    alpha, sigma = level_of(regions, flight)
    return dataclasses.replace(flight, latents=alpha * known + sigma * noise)


def refuse_two_passes(scene: Scene) -> Scene:
    """The scene itself, for what draws in one pass only."""
    if scene.recipe.enlarge > 1:
        raise UsageError(
            f"a stream draws in one pass, got enlarge = {scene.recipe.enlarge:g}; set it to 1, or make a still"
        )
    return scene


def _pixels(rough: Picture, extent: Extent) -> Tensor:
    """(3 H W) in [-1, 1]."""
    return torch.from_numpy(resized(rough, extent).array.copy()).permute(2, 0, 1).float() / 127.5 - 1
