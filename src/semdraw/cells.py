"""Weights of pixels, or of cells, brought to larger cells. Shapes: H W before, h w after; leading axes are free."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def nearest_cells(weights: Tensor, cell_px: int) -> Tensor:
    """Pixels to latent cells by the corner of each cell: (... 1 H W) -> (... 1 h w)."""
    return weights[..., ::cell_px, ::cell_px]


def to_cells(weights: Tensor, cell_px: int) -> Tensor:
    """Pixels to latent cells by area, with thin strokes kept: (... 1 H W) -> (... 1 h w).

    Cells that belong to no solid part (half covered, or beside such a cell) take the strongest pixel in them, so that
    a stroke thinner than a cell does not fade away.
    """
    flat = weights.reshape(-1, 1, *weights.shape[-2:])
    share = F.avg_pool2d(flat, cell_px)
    strongest = F.max_pool2d(flat, cell_px)
    solid = F.max_pool2d((share >= 0.5).to(share.dtype), 3, stride=1, padding=1)
    cells = torch.where(solid > 0, share, strongest)
    return cells.reshape(*weights.shape[:-2], *cells.shape[-2:])
