"""Where a region runs: in a window around its mask, at the size that the model draws best, or on the whole canvas.

A window is a centring by itself, and its rows cost only their own area.
"""

from __future__ import annotations

from torch import Tensor

from semdraw.geometry import Bounds, Extent


def box_of(weight: Tensor) -> Bounds | None:
    """The box of what is above zero, in cells; None where nothing is. weight (h w)."""
    rows, columns = weight.any(dim=1).nonzero().flatten(), weight.any(dim=0).nonzero().flatten()
    if not len(rows):
        return None
    left, top = int(columns[0]), int(rows[0])
    return Bounds(left, top, int(columns[-1]) - left + 1, int(rows[-1]) - top + 1)


def window_around(box: Bounds | None, canvas: Extent, *, side: int, multiple: int) -> Bounds:
    """A square of at least `side` cells around `box`, moved inwards at the edges; `side` 0 means the whole canvas.

    All in cells. The sides of a window are multiples of `multiple` or those of the canvas.
    """
    if side == 0 or box is None:
        return Bounds(0, 0, *canvas)
    needed = -(-max(side, box.width, box.height) // multiple) * multiple
    width, height = min(needed, canvas.width), min(needed, canvas.height)
    return Bounds(
        _inwards(box.x + box.width // 2 - width // 2, width, canvas.width),
        _inwards(box.y + box.height // 2 - height // 2, height, canvas.height),
        width,
        height,
    )


def _inwards(start: int, size: int, limit: int) -> int:
    return max(0, min(start, limit - size))


def crop(values: Tensor, window: Bounds) -> Tensor:
    """(... h w) -> the part of it that lies in the window."""
    return values[(..., *window.slices)]


def paste(values: Tensor, window: Bounds, like: Tensor) -> Tensor:
    """Put a crop (c h w) back to its place on an empty canvas of the height and width of `like`."""
    if values.shape[-2:] == like.shape[-2:]:
        return values
    canvas = values.new_zeros(*values.shape[:-2], *like.shape[-2:])
    canvas[(..., *window.slices)] = values
    return canvas
