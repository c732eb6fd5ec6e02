"""Where a region runs: in a window around its mask, at the size that the model draws best, or on the whole canvas.

A window is a centring by itself, and its rows cost only their own area. What is larger than the tile of the model is
drawn in tiles that overlap by half. All in latent cells.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import torch
import torch.nn.functional as F
from torch import Tensor

from semdraw.geometry import Bounds, Extent


def box_of(weight: Tensor) -> Bounds | None:
    """The box of what is above zero, in cells; None where nothing is. weight (h w)."""
    rows, columns = weight.any(dim=1).nonzero().flatten(), weight.any(dim=0).nonzero().flatten()
    if not len(rows):
        return None
    left, top = int(columns[0]), int(rows[0])
    return Bounds(left, top, int(columns[-1]) - left + 1, int(rows[-1]) - top + 1)


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """A part of the canvas that one row of the network sees.

    window: where it lies. share (1 h w): how much its result counts where several views overlap; None: it is the only
    one. told: its corner in what it is a part of, and the size of that.
    """

    window: Bounds
    share: Tensor | None
    told: Bounds


def tiled(area: Bounds, tile: int) -> tuple[View, ...]:
    """The views in which an area is drawn: tiles of `tile` cells that overlap by half; 0: one view, whatever its size.

    The last tile of an axis is moved inwards, never cut. Shares fall towards the edges of a tile and sum to one.
    """
    width, height = (min(tile or side, side) for side in (area.width, area.height))
    lefts, tops = _starts(area.width, width), _starts(area.height, height)
    if len(lefts) == len(tops) == 1:
        return (View(area, None, Bounds(0, 0, area.width, area.height)),)
    across, down = _shares(area.width, width, lefts), _shares(area.height, height, tops)
    return tuple(
        View(
            Bounds(area.x + x, area.y + y, width, height),
            (down[row, y : y + height, None] * across[column, None, x : x + width])[None],
            Bounds(x, y, area.width, area.height),
        )
        for (row, y), (column, x) in product(enumerate(tops), enumerate(lefts))
    )


def _starts(length: int, size: int) -> list[int]:
    """Where the tiles of one axis begin."""
    return [*range(0, length - size, max(1, size // 2)), length - size]


def _shares(length: int, size: int, starts: list[int]) -> Tensor:
    """(tiles length): triangles over the tiles of one axis, scaled so that they sum to one in every cell."""
    places = torch.arange(length) + 0.5
    peaks = torch.stack([torch.minimum(places - start, start + size - places) for start in starts])
    peaks = peaks.clamp(min=0)
    return peaks / peaks.sum(dim=0)


def window_around(
    box: Bounds | None, canvas: Extent, *, side: int, multiple: int, largest: int = 0
) -> Bounds:
    """A square of at least `side` cells around `box`, moved inwards at the edges; `side` 0 means the whole canvas.

    A square larger than `largest` (0: no limit) is cut to what the box needs. The sides of a window are multiples of
    `multiple` or those of the canvas.
    """
    if side == 0 or box is None:
        return Bounds(0, 0, *canvas)
    square = max(side, box.width, box.height)
    square = min(square, largest or square)
    width = min(_up(max(square, box.width), multiple), canvas.width)
    height = min(_up(max(square, box.height), multiple), canvas.height)
    return Bounds(
        _inwards(box.x + box.width // 2 - width // 2, width, canvas.width),
        _inwards(box.y + box.height // 2 - height // 2, height, canvas.height),
        width,
        height,
    )


def _up(size: int, multiple: int) -> int:
    return -(-size // multiple) * multiple


def _inwards(start: int, size: int, limit: int) -> int:
    return max(0, min(start, limit - size))


def padded(values: Tensor, extent: Extent) -> Tensor:
    """(c H W) -> (c h w) of `extent`: the right and lower edges are repeated outwards."""
    right, below = extent.width - values.shape[-1], extent.height - values.shape[-2]
    return F.pad(values, (0, right, 0, below), mode="replicate") if right or below else values


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
