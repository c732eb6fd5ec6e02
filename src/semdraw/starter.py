"""The scenes a new painter may begin with: finished, live, and drawn by code alone."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from semdraw.errors import SceneError
from semdraw.geometry import Extent
from semdraw.rasters import Mask
from semdraw.scene import Brush, Canvas, Layer, PromptBackground, Scene


class Dab(NamedTuple):
    """An ellipse: centre and radii in shares of the canvas."""

    x: float
    y: float
    radius_x: float
    radius_y: float


class Sketch(NamedTuple):
    """A scene before it has a size: its background in words, and brushes with their dabs, bottom first."""

    background: str
    seed: int
    strokes: tuple[tuple[Brush, tuple[Dab, ...]], ...]


def _brush(prompt: str, color: str) -> Brush:
    return Brush(id=prompt.replace(" ", "-"), prompt=prompt, color=color)


_SKETCHES: Final = {
    "house": Sketch(
        "night sky",
        1,
        (
            (
                Brush(id="house", prompt="house", color="#e8875b"),
                (Dab(0.33, 0.68, 0.23, 0.23),),
            ),
            (
                Brush(id="moon", prompt="full moon", color="#f2c94c"),
                (Dab(0.75, 0.26, 0.19, 0.19),),
            ),
            (Brush(id="tree", prompt="tree", color="#4fb286"), (Dab(0.78, 0.7, 0.2, 0.23),)),
        ),
    ),
    "beach": Sketch(
        "beach",
        1,
        (
            (_brush("sun", "#f2c94c"), (Dab(0.2, 0.2, 0.16, 0.16),)),
            (_brush("palm tree", "#4fb286"), (Dab(0.74, 0.42, 0.22, 0.34),)),
            (_brush("ball", "#d5556b"), (Dab(0.32, 0.76, 0.16, 0.16),)),
        ),
    ),
    "forest": Sketch(
        "forest",
        1,
        (
            (_brush("owl", "#8f9bb3"), (Dab(0.3, 0.34, 0.19, 0.26),)),
            (_brush("fox", "#e8875b"), (Dab(0.7, 0.6, 0.24, 0.28),)),
            (_brush("mushroom", "#d5556b"), (Dab(0.24, 0.8, 0.16, 0.16),)),
        ),
    ),
    "harvest": Sketch(
        "wooden planks",
        1,
        (
            (_brush("cup", "#5b8def"), (Dab(0.28, 0.3, 0.2, 0.2),)),
            (_brush("strawberry", "#d5556b"), (Dab(0.72, 0.29, 0.18, 0.2),)),
            (_brush("apple", "#7bc86c"), (Dab(0.3, 0.74, 0.19, 0.2),)),
            (_brush("pumpkin", "#e8875b"), (Dab(0.72, 0.73, 0.22, 0.2),)),
        ),
    ),
    "reef": Sketch(
        "underwater",
        1,
        (
            (_brush("fish", "#f2c94c"), (Dab(0.3, 0.3, 0.22, 0.18),)),
            (_brush("crab", "#d5556b"), (Dab(0.26, 0.78, 0.2, 0.17),)),
            (_brush("turtle", "#4fb286"), (Dab(0.7, 0.58, 0.26, 0.22),)),
        ),
    ),
}
STARTERS: Final = tuple(_SKETCHES)


def starter_scene(extent: Extent, name: str = STARTERS[0]) -> Scene:
    """One of the `STARTERS`, at the size of a model's canvas; the first is what a new painter finds."""
    if name not in _SKETCHES:
        raise SceneError(f"no starter scene is called {name!r}; there are: {', '.join(STARTERS)}")
    background, seed, strokes = _SKETCHES[name]
    layers = tuple(Layer(brush_id=brush.id, mask=_painted(extent, dabs)) for brush, dabs in strokes)
    canvas = Canvas(extent=extent, layers=layers, background=PromptBackground(prompt=background))
    return Scene(canvas=canvas, brushes=tuple(brush for brush, _ in strokes), seed=seed)


def _painted(extent: Extent, dabs: tuple[Dab, ...]) -> Mask:
    return Mask.from_array(np.maximum.reduce([_ellipse(extent, dab) for dab in dabs]))


def _ellipse(extent: Extent, dab: Dab) -> NDArray[np.uint8]:
    """(H W) 255 inside, with an edge one pixel soft."""
    height, width = extent.shape
    rows, columns = np.mgrid[0:height, 0:width]
    radii = dab.radius_x * width, dab.radius_y * height
    distance = np.hypot((columns + 0.5 - dab.x * width) / radii[0], (rows + 0.5 - dab.y * height) / radii[1])
    edge = (1 - distance) * min(radii) + 0.5
    return (255 * np.clip(edge, 0, 1)).round().astype(np.uint8)
