"""Two layouts of a toy kind, with a judge that looks at their colours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from semdraw.geometry import Bounds, Extent
from semdraw.scene import Canvas, PromptBackground, Recipe, Scene
from tests.scenes import SMALL, box


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomsSpec:
    """judged_by: stands for the state of the judges."""

    judged_by: str = "judges of today"

    def open(self) -> Rooms:
        return Rooms(self.judged_by)


class Rooms:
    def __init__(self, judged_by: str) -> None:
        self.judged_by = judged_by

    def ids(self) -> list[int]:
        return [0, 1]

    def hash_of(self, layout: int) -> str:
        return f"room {layout}"

    def extent(self, layout: int) -> Extent:
        return SMALL

    def scene(self, layout: int, recipe: Recipe) -> Scene:
        boxes = Bounds(4, 8, 24, 40), Bounds(36, 16, 24, 40)
        regions = [(words, box(SMALL, at)) for words, at in zip(("castle", "full moon"), boxes, strict=True)]
        return Scene.from_masks(regions, background="night sky", seed=layout, recipe=recipe)

    def words(self, layout: int, recipe: Recipe) -> Scene:
        canvas = Canvas(extent=SMALL, background=PromptBackground(prompt="castle, moon, night sky"))
        return Scene(canvas=canvas, recipe=recipe, seed=layout)

    def truth(self, layout: int) -> np.ndarray:
        return np.full((*SMALL.shape, 3), 50 * (1 + layout), np.uint8)

    def judge(self, layout: int, pixels: np.ndarray, windows: Sequence[Bounds]) -> dict[str, Any]:
        return {"mean": float(pixels.mean()), "said by": self.judged_by, "windows": len(windows)}

    def features(self, layout: int, pixels: np.ndarray) -> dict[str, np.ndarray]:
        return {"picture": pixels.mean((0, 1))}
