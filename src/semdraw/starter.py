"""The scene a new painter finds: finished, live, and drawn by code alone."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from semdraw.geometry import Extent
from semdraw.rasters import Mask
from semdraw.scene import Brush, Canvas, Layer, PromptBackground, Scene

_BACKGROUND: Final = "night sky"
_BRUSHES: Final = (  # (brush, centre x, centre y, radius x, radius y), all in shares of the canvas, bottom first
    (Brush(id="house", name="House", prompt="house", color="#e8875b"), 0.33, 0.68, 0.23, 0.23),
    (Brush(id="moon", name="Moon", prompt="full moon", color="#f2c94c"), 0.75, 0.26, 0.19, 0.19),
    (Brush(id="tree", name="Tree", prompt="tree", color="#4fb286"), 0.78, 0.7, 0.2, 0.23),
)


def starter_scene(extent: Extent) -> Scene:
    """A house and a tree under the full moon, at the size of the model's canvas."""
    layers = tuple(
        Layer(brush_id=brush.id, mask=Mask.from_array(_ellipse(extent, x, y, radius_x, radius_y)))
        for brush, x, y, radius_x, radius_y in _BRUSHES
    )
    canvas = Canvas(extent=extent, layers=layers, background=PromptBackground(prompt=_BACKGROUND))
    return Scene(canvas=canvas, brushes=tuple(brush for brush, *_ in _BRUSHES), seed=1)


def _ellipse(extent: Extent, x: float, y: float, radius_x: float, radius_y: float) -> NDArray[np.uint8]:
    """(H W) 255 inside, with an edge one pixel soft."""
    height, width = extent.shape
    rows, columns = np.mgrid[0:height, 0:width]
    distance = np.hypot(
        (columns + 0.5 - x * width) / (radius_x * width), (rows + 0.5 - y * height) / (radius_y * height)
    )
    edge = (1 - distance) * min(radius_x * width, radius_y * height) + 0.5
    return (255 * np.clip(edge, 0, 1)).round().astype(np.uint8)
