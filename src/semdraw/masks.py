"""Painted pixels -> weight per step: who covers whom, soft edges, and masks that shrink while noise is high.

SemanticDraw (arXiv:2403.09055), mask quantisation. Shapes: p regions, t steps, H W pixels, h w latent cells.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from semdraw.methods import EXACT, Method
from semdraw.scene import MaskMode
from semdraw.schedule import Schedule

_FINEST_STD_PX = 12.0  # blurs from twice this on run on a copy that is smaller by a whole factor
REFERENCE_SIDE_PX = 512  # softness is given for a canvas of this size


def occlude(mask: Tensor, above: Tensor, cover: float) -> Tensor:
    """Dim what lies below: where there is any paint above, a mask keeps `cover` of its own. Both (1 H W) in [0, 1]."""
    return torch.where(above > 0, mask * cover, mask)


def blur(mask: Tensor, std_px: float, radius: int) -> Tensor:
    """Gaussian blur of a mask (1 H W) over `radius` pixels to each side; edges repeat."""
    return mask if std_px <= 0 else gaussian(mask[None], std_px, radius)[0]


def soften(mask: Tensor, std_px: float) -> Tensor:
    """Gaussian blur of a mask (1 H W); edges repeat. Wide blurs run on a smaller copy; a std of 0 changes nothing."""
    if std_px <= 0:
        return mask
    shrink = max(1, int(std_px / _FINEST_STD_PX))
    if shrink == 1:
        return gaussian(mask[None], std_px, math.ceil(3 * std_px))[0]
    size = [max(1, round(side / shrink)) for side in mask.shape[-2:]]
    small = gaussian(
        F.interpolate(mask[None], size, mode="area"), std_px / shrink, math.ceil(3 * std_px / shrink)
    )
    return F.interpolate(small, mask.shape[-2:], mode="bilinear")[0]


def gaussian(image: Tensor, std_px: float, radius: int) -> Tensor:
    """Gaussian blur of (b 1 H W) over `radius` pixels to each side, one axis after the other; std_px is above 0."""
    steps = torch.arange(-radius, radius + 1, dtype=image.dtype, device=image.device)
    taps = torch.exp(-0.5 * (steps / std_px) ** 2)
    taps = taps / taps.sum()
    wide = F.conv2d(F.pad(image, (radius, radius, 0, 0), mode="replicate"), taps.view(1, 1, 1, -1))
    return F.conv2d(F.pad(wide, (0, 0, radius, radius), mode="replicate"), taps.view(1, 1, -1, 1))


def mask_levels(schedule: Schedule, method: Method) -> Tensor:
    """(t) what a mask must reach, or exceed, to take part in a step."""
    if method.masks == "reach":
        return schedule.mask_level
    alpha, sigma = schedule.alpha[:-1], schedule.sigma[:-1]
    return sigma / torch.hypot(torch.ones_like(alpha) if method.levels == "exploding" else alpha, sigma)


def quantize(masks: Tensor, schedule: Schedule, mode: MaskMode, method: Method = EXACT) -> Tensor:
    """Turn soft masks into a weight per step, so that a region grows as noise fades.

    masks (p 1 H W) in [0, 1] -> (p t 1 H W). `discrete`: a step keeps what reaches its noise level; `continuous`: with
    a linear edge down to the next level; `semi_continuous`: discrete but for the last step. Hard masks are one for all
    steps, whatever the mode.
    """
    soft = masks[:, None]
    if method.masks == "half":
        return (soft >= 0.5).to(masks.dtype).repeat(1, len(schedule), 1, 1, 1)
    levels = mask_levels(schedule, method).to(masks).view(-1, 1, 1, 1)
    following = torch.cat([levels[1:], levels.new_zeros(1, 1, 1, 1)])
    hard = (soft >= levels if method.masks == "reach" else soft > levels).to(masks.dtype)
    ramp = ((soft - following) / (levels - following).clamp(min=1e-6)).clamp(0, 1)
    match mode:
        case "discrete":
            return hard
        case "continuous":
            return ramp
        case "semi_continuous":
            return torch.cat([hard[:, :-1], ramp[:, -1:]], dim=1)
