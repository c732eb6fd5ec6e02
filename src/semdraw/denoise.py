"""The rules of the paper as pure functions. Shapes: p regions, c channels, h w latent cells; leading axes are free."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from semdraw.schedule import Prediction

_MASK32 = 0xFFFFFFFF
TRACE = 0.05  # the share of signal from which on an input carries a trace of the picture


def split(
    latents: Tensor, output: Tensor, *, alpha: Tensor, sigma: Tensor, prediction: Prediction
) -> tuple[Tensor, Tensor]:
    """Read the clean picture and the noise out of a network's output.

    latents, output (b c h w); alpha, sigma (b 1 1 1), the level of each row. v-prediction: arXiv:2202.00512.
    """
    match prediction:
        case Prediction.epsilon:
            return (latents - sigma * output) / alpha, output
        case Prediction.v:
            return alpha * latents - sigma * output, sigma * latents + alpha * output
        case Prediction.flow:
            return latents - sigma * output, latents + alpha * output


def guide(conditional: Tensor, unconditional: Tensor, scale: float) -> Tensor:
    """Classifier-free guidance (arXiv:2207.12598); a scale of 1 is the conditional output itself."""
    return unconditional + scale * (conditional - unconditional)


def rescale(guided: Tensor, conditional: Tensor, share: float) -> Tensor:
    """Bring guided outputs (b c h w) back to the spread of the conditional ones (arXiv:2305.08891, section 3.4)."""
    wanted, spread = (each.std(dim=(1, 2, 3), keepdim=True) for each in (conditional, guided))
    return guided * (share * wanted / spread + 1 - share)


def reduce_regions(values: Tensor, weights: Tensor, *, rest: Tensor) -> Tensor:
    """Blend regions by weight: `rest` fills what none claims, overlaps share what all claim.

    values (p c h w), weights (p 1 h w) in [0, 1], rest (c h w) -> (c h w).
    """
    total = weights.sum(dim=0)
    return ((weights * values).sum(dim=0) + (1 - total).clamp(min=0) * rest) / total.clamp(min=1)


def average_regions(values: Tensor, weights: Tensor) -> Tensor:
    """Blend regions by weight where nothing lies behind them: cells that none claims are zero.

    values (p c h w), weights (p 1 h w) -> (c h w).
    """
    total = weights.sum(dim=0)
    return torch.where(total > 0, (weights * values).sum(dim=0) / total.clamp(min=1e-30), 0.0)


def guide_residual(
    clean: Tensor, reference: Tensor, latents: Tensor, *, alpha: Tensor, scale: float, delta: float
) -> Tensor:
    """Guidance without a second row (residual guidance, arXiv:2312.12491): the guided clean prediction.

    With noise_u = (latents - alpha reference) / sigma, the guided noise is delta noise_u + scale (noise - delta
    noise_u); here it is solved for the clean picture, so that nothing is divided by sigma. delta acts where the input
    carries a trace of the picture. clean, reference, latents (b c h w), alpha (b 1 1 1).
    """
    share = 1 + (delta - 1) * (alpha > TRACE).to(alpha)
    left_over = (1 - scale) * (1 - share) / alpha.clamp(min=TRACE)
    return scale * clean + (1 - scale) * share * reference + left_over * latents


def renoise(
    clean: Tensor, kept: Tensor, fresh: Tensor, *, alpha: Tensor, sigma: Tensor, eta: Tensor
) -> Tensor:
    """Go to a level: x' = alpha' clean + sigma' (eta fresh + sqrt(1 - eta^2) kept)."""
    return alpha * clean + sigma * (eta * fresh + (1 - eta**2).sqrt() * kept)


def level(schedule_column: Tensor, step: int, like: Tensor) -> Tensor:
    """One entry of a table, on the device and in the dtype of `like`."""
    return schedule_column[step].to(like)


def draw_noise(seeds: Tensor, *, channels: int, frame: int, step: int, moved: Tensor | None = None) -> Tensor:
    """Standard normal noise (c h w) as a function of place: a hash of (seed, frame, step, channel, x, y) per cell.

    seeds (h w) int64: the seed of the layer that is visible in each cell. moved (2 h w) int64: by how many cells, to
    the right and down, that layer was moved; what lies there takes its noise along. `step` counts levels: 0 is the
    first noise. Counter-based and computed in 32-bit integers on the CPU, then Box-Muller in float64 and rounded to
    float32, for every device.
    """
    height, width = seeds.shape
    x, y = torch.arange(width).view(1, 1, width), torch.arange(height).view(1, height, 1)
    if moved is not None:
        x, y = x - moved[:1], y - moved[1:]
    key = _mix(seeds.cpu().long()[None] ^ 0x9E3779B9)
    for word in (frame, step, torch.arange(channels).view(-1, 1, 1), y, x):
        key = _mix((key + 0x9E3779B9) ^ _mix(_as_words(word) + 0x7F4A7C15))
    radius = (_mix(key ^ 0x2545F491).double() + 0.5) / 2**32
    angle = _mix(key ^ 0x5851F42D).double() / 2**32
    return ((-2 * radius.log()).sqrt() * (2 * math.pi * angle).cos()).float()


def drift_noise(
    seeds: Tensor, *, channels: int, frame: float, step: int, moved: Tensor | None = None
) -> Tensor:
    """`draw_noise` at any frame (c h w): at whole ones it is theirs, on the way from one to the next it turns into it.

    On the arc between two independent fields, so that it stays standard normal.
    """
    whole = math.floor(frame)
    here = draw_noise(seeds, channels=channels, frame=whole, step=step, moved=moved)
    if frame == whole:
        return here
    angle = math.pi / 2 * (frame - whole)
    there = draw_noise(seeds, channels=channels, frame=whole + 1, step=step, moved=moved)
    return math.cos(angle) * here + math.sin(angle) * there


def _as_words(value: int | Tensor) -> Tensor:
    return torch.as_tensor(value, dtype=torch.int64) & _MASK32


def _mix(word: Tensor) -> Tensor:
    """A bijection of 32-bit words without visible structure (xor-shift-multiply, as in MurmurHash3's finaliser)."""
    word = word & _MASK32
    word = ((word ^ (word >> 16)) * 0x85EBCA6B) & _MASK32
    word = ((word ^ (word >> 13)) * 0xC2B2AE35) & _MASK32
    return word ^ (word >> 16)
