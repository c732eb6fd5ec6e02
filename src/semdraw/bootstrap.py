"""The first steps of a region: its object alone on a plain ground, in the middle of the canvas, then put back.

Few-step models decide what goes where in their first step, and they put things in the middle: so each region is shown
there (SemanticDraw, arXiv:2403.09055, mask-centring bootstrapping). Shapes: c channels, h w latent cells.
"""

from __future__ import annotations

import torch
from torch import Tensor

from semdraw.geometry import Bounds, Extent


def isolate(latents: Tensor, weight: Tensor, ground: Tensor) -> Tensor:
    """Show a region only what is its own: w * latents + (1 - w) * ground, all at one noise level.

    latents, ground (c h w), weight (1 h w).
    """
    return weight * latents + (1 - weight) * ground


def shift(values: Tensor, by: tuple[int, int], *, fill: Tensor) -> Tensor:
    """Move (c h w) by (dx, dy) cells; cells that come in are taken from `fill`, nothing wraps around."""
    dx, dy = by
    height, width = values.shape[-2:]
    moved = fill.clone()
    if abs(dx) >= width or abs(dy) >= height:
        return moved
    to_y, from_y = _overlap(dy, height)
    to_x, from_x = _overlap(dx, width)
    moved[..., to_y, to_x] = values[..., from_y, from_x]
    return moved


def _overlap(by: int, size: int) -> tuple[slice, slice]:
    """(destination, source) along one axis."""
    return slice(max(0, by), size + min(0, by)), slice(max(0, -by), size + min(0, -by))


def roll(values: Tensor, by: tuple[int, int]) -> Tensor:
    """Move (c h w) by (dx, dy) cells; what leaves on one side comes in on the other, as in the published code."""
    return values.roll((by[1], by[0]), dims=(-2, -1))


def roll_to_centre(box: Bounds, canvas: Extent) -> tuple[int, int]:
    """(dx, dy) that the published code moves a box by; where a cell is left over it lies on the other side of ours."""
    return (
        canvas.width // 2 - (2 * box.x + box.width) // 2,
        canvas.height // 2 - (2 * box.y + box.height) // 2,
    )


def without_leak(weight: Tensor, drawn: Tensor, ground: Tensor, sensitivity: float) -> Tensor:
    """Give back the cells in which a region drew nothing but the ground it was shown.

    weight (1 h w), drawn (c h w): the region's clean prediction, ground (c h w): the clean ground. The published leak
    test, w * (2 sigmoid(d / sensitivity) - 1) with d the mean squared difference; it compares with the clean ground,
    where the published code takes a noised one and so hardly finds a leak. A sensitivity of 0 finds none.
    """
    if sensitivity == 0:
        return weight
    difference = (drawn - ground).square().mean(dim=-3, keepdim=True)
    return weight * (2 * torch.sigmoid(difference / sensitivity) - 1)
