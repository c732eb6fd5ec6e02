"""Scenes for tests, small and plain."""

from __future__ import annotations

import numpy as np

from semdraw.geometry import Bounds, Extent
from semdraw.rasters import Mask
from semdraw.scene import Brush, Canvas, Layer, PromptBackground, Scene

SMALL = Extent(64, 64)


def box(extent: Extent, bounds: Bounds) -> Mask:
    """A mask that is fully painted inside `bounds`."""
    alpha = np.zeros(extent.shape, np.uint8)
    alpha[bounds.slices] = 255
    return Mask.from_array(alpha)


def two_regions(extent: Extent = SMALL) -> Scene:
    """A castle on the left, a moon on the right, night behind."""
    half = extent.width // 2
    left = box(extent, Bounds(0, 0, half, extent.height))
    right = box(extent, Bounds(half, 0, extent.width - half, extent.height))
    return Scene(
        canvas=Canvas(
            extent=extent,
            layers=(Layer(brush_id="castle", mask=left), Layer(brush_id="moon", mask=right)),
            background=PromptBackground(prompt="night sky"),
        ),
        brushes=(Brush(id="castle", prompt="castle"), Brush(id="moon", prompt="full moon", color="#f5d76e")),
        seed=7,
    )
