"""Where a region runs: the views of its window, and the shift that brings it to the middle of each."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from semdraw.bootstrap import roll_to_centre
from semdraw.geometry import Bounds, Extent
from semdraw.methods import Method, method_of
from semdraw.models.base import ModelSpec
from semdraw.scene import Scene
from semdraw.windows import View, box_of, crop, tiled, window_around


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Place:
    """A view in which a region runs.

    is_active (t): whether the region has any weight there at that step; centring (t): the shift (dx, dy) in cells
    that brings the box of its weight there to the middle.
    """

    view: View
    is_active: tuple[bool, ...]
    centring: tuple[tuple[int, int], ...]


def places_of(weights: Tensor, scene: Scene, spec: ModelSpec) -> tuple[Place, ...]:
    """Where a region with these weights (t 1 h w) runs; tiles in which it never has any are left out."""
    method = method_of(scene.recipe)
    places: list[Place] = []
    for view in tiled(_window(weights, scene, spec), tile_cells(scene, spec)):
        parts = crop(weights[:, 0], view.window)
        if parts.any():
            is_active = tuple(bool(part.any()) for part in parts)
            places.append(
                Place(
                    view=view, is_active=is_active, centring=tuple(_centring(part, method) for part in parts)
                )
            )
    return tuple(places)


def tile_cells(scene: Scene, spec: ModelSpec) -> int:
    """The side of a tile in cells, 0 where nothing is tiled."""
    wanted = spec.tile_px if scene.recipe.tile_px is None else scene.recipe.tile_px
    unit = spec.extent_multiple
    if wanted == 0:
        return 0
    return max(unit, min(wanted, spec.largest_px or wanted) // unit * unit) // spec.cell_px


def _window(weights: Tensor, scene: Scene, spec: ModelSpec) -> Bounds:
    """The cells in which a region with these weights (t 1 h w) runs.

    On a canvas larger than a tile it has a window at least as large as one, so that a small region is one row.
    """
    canvas = spec.cells(scene.canvas.extent)
    method = method_of(scene.recipe)
    own = spec.window_px if method.fits_model else 0
    wanted = own if scene.recipe.window_px is None else scene.recipe.window_px
    side, tile = wanted // spec.cell_px, tile_cells(scene, spec)
    if side == 0 and method.fits_model and max(canvas) > tile:
        side = tile
    return window_around(
        box_of(weights.amax(dim=(0, 1))),
        canvas,
        side=side,
        multiple=spec.extent_multiple // spec.cell_px,
        largest=tile,
    )


def _centring(weight: Tensor, method: Method) -> tuple[int, int]:
    """Shift (dx, dy) that puts the box of what is above zero in the middle; weight (h w)."""
    box = box_of(weight)
    if box is None or method.centring == "none":
        return 0, 0
    height, width = weight.shape
    canvas = Extent(width, height)
    return roll_to_centre(box, canvas) if method.centring == "roll" else box.centring_shift(canvas)
