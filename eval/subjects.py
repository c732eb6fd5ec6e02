"""What is painted and judged: the layouts of bench-v1, or those of a folder of COCO's annotations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from semdraw.geometry import Bounds, Extent
from semdraw.scene import Recipe, Scene


class Subjects(Protocol):
    """Layouts by their numbers. judged_by: a hash of all that scores depend on but the picture."""

    @property
    def judged_by(self) -> str: ...

    def ids(self) -> list[int]:
        """All of them, in an order of which every beginning is a fair sample."""
        ...

    def hash_of(self, layout: int) -> str:
        """Of the layout's content."""
        ...

    def extent(self, layout: int) -> Extent: ...

    def scene(self, layout: int, recipe: Recipe) -> Scene: ...

    def words(self, layout: int, recipe: Recipe) -> Scene:
        """Everything in one prompt, without a mask."""
        ...

    def truth(self, layout: int) -> np.ndarray:
        """(H W 3) uint8: the picture that the layout is made from, or the renderer's."""
        ...

    def judge(self, layout: int, pixels: np.ndarray, windows: Sequence[Bounds]) -> dict[str, Any]:
        """What a record keeps of a picture (H W 3) uint8; windows: the parts in which it was painted, in px."""
        ...

    def features(self, layout: int, pixels: np.ndarray) -> dict[str, np.ndarray]:
        """What distributions of pictures are compared by; nothing where they are not."""
        ...


class SubjectsSpec(Protocol):
    """Where they are to be had; goes to other processes."""

    def open(self) -> Subjects: ...
