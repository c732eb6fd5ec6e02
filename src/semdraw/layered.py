"""A scene and its picture as the layers of painting programs.

From the top: the group `regions` (hidden, so that one sees the picture), in it one layer per region, named by its
prompt, in its brush's colour; below it the picture; below that what the background is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from PIL import Image, ImageColor

from semdraw.geometry import Bounds
from semdraw.rasters import Mask, Picture
from semdraw.scene import Brush, ColorBackground, ImageBackground, PromptBackground, Scene

REGIONS: Final = "regions"
PICTURE: Final = "picture"
BACKGROUND: Final = "background"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PaintLayer:
    """One layer of pixels: `image` (RGBA) with its left upper corner at (x, y) px; opacity 0 to 1."""

    name: str
    image: Image.Image
    x: int = 0
    y: int = 0
    opacity: float = 1.0
    is_visible: bool = True
    is_locked: bool = False


def region_layers(scene: Scene) -> list[PaintLayer]:
    """One per region, bottom first, cut to what is painted (at least one pixel)."""
    layers: list[PaintLayer] = []
    for number, layer in enumerate(scene.canvas.layers, start=1):
        brush = scene.brush(layer.brush_id)
        box = painted_box(layer.mask)
        alpha = Image.fromarray(np.ascontiguousarray(layer.mask.array[box.slices]))
        image = Image.new("RGBA", alpha.size, ImageColor.getrgb(brush.color))
        image.putalpha(alpha)
        layers.append(
            PaintLayer(
                name=layer_name(brush, number),
                image=image,
                x=box.x,
                y=box.y,
                opacity=brush.strength,
                is_visible=layer.visible,
                is_locked=layer.locked,
            )
        )
    return layers


def ground_layers(scene: Scene, picture: Picture) -> list[PaintLayer]:
    """The background and the picture upon it, bottom first."""
    extent = scene.canvas.extent
    match scene.canvas.background:
        case ImageBackground(picture=behind):
            name, ground = BACKGROUND, Image.fromarray(behind.array).resize(extent)
        case ColorBackground(color=color):
            name, ground = BACKGROUND, Image.new("RGB", extent, color)
        case PromptBackground(prompt=prompt):
            name, ground = f"{BACKGROUND}: {prompt}".rstrip(": "), Image.new("RGB", extent, "#ffffff")
    behind = PaintLayer(name=name, image=ground.convert("RGBA"), is_visible=False)
    return [behind, PaintLayer(name=PICTURE, image=Image.fromarray(picture.array).convert("RGBA"))]


def layer_name(brush: Brush, number: int) -> str:
    """What a region is called in other programs; `number` counts from the bottom, from 1."""
    return " ".join((brush.prompt or brush.name).split()) or f"region {number}"


def painted_box(mask: Mask) -> Bounds:
    """The box of what is painted; one pixel where nothing is."""
    rows, columns = np.nonzero(mask.array.any(axis=1))[0], np.nonzero(mask.array.any(axis=0))[0]
    if not len(rows):
        return Bounds(0, 0, 1, 1)
    left, top = int(columns[0]), int(rows[0])
    return Bounds(left, top, int(columns[-1]) - left + 1, int(rows[-1]) - top + 1)


def color_of(image: Image.Image, *, otherwise: str) -> str:
    """The mean colour of what is painted in an RGBA image, as #rrggbb."""
    pixels = np.asarray(image)
    alpha = pixels[..., 3]
    total = int(alpha.sum(dtype=np.int64))
    if not total:
        return otherwise
    sums = np.einsum("hwc,hw->c", pixels[..., :3], alpha, dtype=np.int64, casting="unsafe")
    return "#" + "".join(f"{round(int(value) / total):02x}" for value in sums)
