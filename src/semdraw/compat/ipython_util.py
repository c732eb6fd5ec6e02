"""Pictures side by side in a notebook."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PIL import Image
from torch import Tensor

from semdraw.compat.util import to_pil
from semdraw.errors import UsageError


def dispt(
    tensors: Tensor | Sequence[Tensor], size_idx: int = -1, row: int = 1, col: int = -1
) -> Image.Image | None:
    """Show tensors in [0, 1], (h w), (c h w) or (b c h w), as a grid; outside of a notebook the grid is returned.

    `size_idx`: the picture whose size all take; `row` and `col`: how many, 0 or less means as many as needed.
    """
    several = [tensors] if isinstance(tensors, Tensor) else tensors
    pictures = [to_pil(part) for tensor in several for part in _parts(tensor)]
    if size_idx >= 0:
        pictures = [picture.resize(pictures[size_idx].size) for picture in pictures]
    grid = _grid(pictures, *_shape(len(pictures), row, col))
    return None if _shown(grid) else grid


def _parts(tensor: Tensor) -> list[Tensor]:
    match tensor.ndim:
        case 2:
            return [tensor[None]]
        case 3:
            return [tensor]
        case 4:
            return list(tensor)
        case _:
            raise UsageError(f"a picture is (h w), (c h w) or (b c h w), got {tuple(tensor.shape)}")


def _shape(count: int, row: int, col: int) -> tuple[int, int]:
    if row <= 0 and col <= 0:
        return 1, count
    if row <= 0:
        return math.ceil(count / col), col
    return row, col if col > 0 else math.ceil(count / row)


def _grid(pictures: list[Image.Image], row: int, col: int) -> Image.Image:
    width = max(picture.width for picture in pictures)
    height = max(picture.height for picture in pictures)
    grid = Image.new("RGB", (col * width, row * height), "white")
    for number, picture in enumerate(pictures[: row * col]):
        grid.paste(picture, ((number % col) * width, (number // col) * height))
    return grid


def _shown(grid: Image.Image) -> bool:
    """Whether a notebook is there and has shown it."""
    try:
        from IPython import display, get_ipython  # pyright: ignore  # (not needed by anything else)
    except ImportError:
        return False
    if get_ipython() is None:
        return False
    display.display(grid)
    return True
