"""Freezing a region: its pixels become a part of the scene, and no edit beside it changes them.

The rule. Where the frozen mask of a visible layer is 255, a finished picture has exactly the frozen bytes; where it is
less, as on a soft rim, that share of them over what is drawn there. A layer freezes what shows of it: where it was
painted and no region above it was. What is painted over it later lies behind it, until it is unlocked.
"""

from __future__ import annotations

from itertools import takewhile

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from semdraw.errors import SceneError
from semdraw.geometry import Bounds
from semdraw.rasters import Mask, Picture
from semdraw.scene import Frozen, Scene, checked
from semdraw.wording import own_words

MARGIN_PX = 16  # of the picture around frozen pixels: what the model reads them in


def frozen_layers(scene: Scene) -> tuple[Frozen, ...]:
    """What visible layers keep, bottom first."""
    return tuple(layer.frozen for layer in scene.canvas.layers if layer.visible and layer.frozen is not None)


def freeze(scene: Scene, brush_id: str, picture: Picture) -> Scene:
    """The scene with one layer locked, which keeps its pixels as they are in `picture`, a finished one of it."""
    layer = scene.layer(brush_id)
    frozen = pixels_of(scene, brush_id, picture)
    return checked(scene.with_layer(replace(layer, locked=True, frozen=frozen)))


def pixels_of(scene: Scene, brush_id: str, picture: Picture) -> Frozen | None:
    """What a layer would keep of a picture; None where nothing shows of it."""
    if picture.extent != scene.canvas.extent:
        raise SceneError(
            f"the picture is {picture.extent}, the canvas {scene.canvas.extent}; take its own picture"
        )
    shown = np.minimum(scene.layer(brush_id).mask.array, 255 - painted_above(scene, brush_id))
    box = _box(shown)
    if box is None:
        return None
    return Frozen(
        x=box.x,
        y=box.y,
        picture=Picture.from_array(picture.array[box.slices]),
        mask=Mask.from_array(shown[box.slices]),
    )


def with_frozen(picture: Picture, layers: tuple[Frozen, ...]) -> Picture:
    """The picture with frozen pixels put in, bottom first."""
    if not layers:
        return picture
    pixels = picture.array.copy()
    for frozen in layers:
        part = pixels[frozen.bounds.slices]
        share = frozen.mask.array[..., None] / 255
        mixed = np.round(part + share * (frozen.picture.array.astype(np.float64) - part)).astype(np.uint8)
        part[...] = np.where(frozen.mask.array[..., None] == 255, frozen.picture.array, mixed)
    return Picture.from_array(pixels)


def painted_above(scene: Scene, brush_id: str) -> NDArray[np.uint8]:
    """(H W): how far regions above a layer are painted; those that are seen and have words."""
    above = np.zeros(scene.canvas.extent.shape, np.uint8)
    for layer in takewhile(lambda each: each.brush_id != brush_id, reversed(scene.canvas.layers)):
        if layer.visible and own_words(scene, scene.brush(layer.brush_id)).strip():
            above = np.maximum(above, layer.mask.array)
    return above


def _box(mask: NDArray[np.uint8]) -> Bounds | None:
    """The box of what is painted, and a margin around it within the canvas."""
    rows, columns = (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
    if not len(rows):
        return None
    height, width = mask.shape
    left, right = max(0, int(columns[0]) - MARGIN_PX), min(width, int(columns[-1]) + 1 + MARGIN_PX)
    top, bottom = max(0, int(rows[0]) - MARGIN_PX), min(height, int(rows[-1]) + 1 + MARGIN_PX)
    return Bounds(left, top, right - left, bottom - top)
