"""Scenes for the toy model, and flights through them."""

from __future__ import annotations

from typing import Any

import msgspec
from torch import Tensor

import semdraw.stream as stream_module
from semdraw.geometry import Extent
from semdraw.regions import Regions, compile_regions
from semdraw.rows import launch, noise_field
from semdraw.scene import Recipe, Scene
from tests.compat.fault import Bench
from tests.compat.toys import SIDE, box

LEFT, RIGHT = (16, 64), (SIDE - 16, 64)
CORNER = box(0, 0, 48, 48)


def scene_of(*regions: tuple[str, Tensor], background: Any = "", **recipe: Any) -> Scene:
    """Hard-edged regions (1 H W) on a canvas of the toy."""
    scene = Scene.from_masks(
        [(prompt, mask[0]) for prompt, mask in regions],
        extent=Extent(SIDE, SIDE),
        background=background,
        recipe=Recipe(**recipe),
    )
    for brush in scene.brushes:
        scene = scene.with_brush(hard(brush))
    return scene


def hard(brush: Any) -> Any:
    return msgspec.structs.replace(brush, softness_px=0.0)


def compiled(bench: Bench, *regions: tuple[str, Tensor], **settings: Any) -> Regions:
    return compile_regions(scene_of(*regions, **settings), bench.toy)


def fly(bench: Bench, regions: Regions, step: int) -> Any:
    """A flight that has come down to `step`."""
    flight = launch(regions, noise_field(regions, bench.toy))
    while flight.step < step:
        (flight,), _ = stream_module.advance([flight], regions, bench.toy)
    return flight
