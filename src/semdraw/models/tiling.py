"""Large pictures through an autoencoder piece by piece, so that its memory does not grow with the picture."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from fractions import Fraction

import torch
from torch import Tensor

TILE_CELLS = 64  # 512 px
OVERLAP_CELLS = 16


def in_tiles(values: Tensor, run: Callable[[Tensor], Tensor], *, side: int, overlap: int) -> Tensor:
    """`run` over tiles of a picture or a latent (c h w), put together with soft seams; smaller ones go through whole.

    side, overlap: of the tiles, in cells of `values`. What `run` returns may be of another scale. The last tile is
    shifted inwards, so that all are of one size.
    """
    height, width = values.shape[-2:]
    if height <= side and width <= side:
        return run(values)
    total, shares = None, torch.zeros(0)
    for y, x in itertools.product(_starts(height, side, overlap), _starts(width, side, overlap)):
        tile = run(values[:, y : y + side, x : x + side])
        scale = Fraction(tile.shape[-1], min(side, width))
        if total is None:
            total = tile.new_zeros(len(tile), int(height * scale), int(width * scale))
            shares = tile.new_zeros(total.shape[-2:])
        top, left = int(y * scale), int(x * scale)
        place = (..., slice(top, top + tile.shape[-2]), slice(left, left + tile.shape[-1]))
        share = _share(tile.shape[-2:], int(overlap * scale)).to(tile)
        total[place] += share * tile
        shares[place] += share
    assert total is not None, "a picture has at least one tile"
    return total / shares


def _starts(length: int, side: int, overlap: int) -> list[int]:
    if length <= side:
        return [0]
    return [*range(0, length - side, side - overlap), length - side]


def _share(shape: tuple[int, ...], overlap: int) -> Tensor:
    """(h w) falling towards the edges of a tile over the width of the overlap."""
    rows, columns = (torch.arange(1, side + 1).clamp(max=overlap) / overlap for side in shape)
    rows, columns = (torch.minimum(ramp, ramp.flip(0)) for ramp in (rows, columns))
    return rows[:, None] * columns[None, :]
