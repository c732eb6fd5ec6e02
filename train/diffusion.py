"""The noise levels of Stable Diffusion, v-prediction, and where in time to train."""

from dataclasses import dataclass
from typing import Any

import torch
from diffusers import UNet2DConditionModel
from torch import Tensor

from semdraw.models.attention import predict_regions

NUM_TIMESTEPS = 1000
INFERENCE_TIMESTEPS = (999, 759, 499, 259)  # the four steps of LCM
NEAR = 60
BUCKETS = (0, 250, 500, 750, 1000)
BETA_START, BETA_END = 0.00085, 0.012
NOISE_SCHEDULE: dict[str, Any] = {
    "beta_start": BETA_START,
    "beta_end": BETA_END,
    "beta_schedule": "scaled_linear",
    "num_train_timesteps": NUM_TIMESTEPS,
    "prediction_type": "v_prediction",
}


@dataclass(frozen=True, slots=True)
class Levels:
    """Signal and noise amplitude at each timestep, (1000,): alpha^2 + sigma^2 = 1."""

    alpha: Tensor
    sigma: Tensor

    def at(self, timesteps: Tensor) -> tuple[Tensor, Tensor]:
        return self.alpha[timesteps].view(-1, 1, 1, 1), self.sigma[timesteps].view(-1, 1, 1, 1)


def stable_diffusion_levels(device: torch.device | str = "cpu") -> Levels:
    low, high = BETA_START**0.5, BETA_END**0.5
    betas = torch.linspace(low, high, NUM_TIMESTEPS, dtype=torch.float64) ** 2
    kept = (1 - betas).cumprod(0)
    return Levels(kept.sqrt().float().to(device), (1 - kept).sqrt().float().to(device))


def add_noise(levels: Levels, clean: Tensor, noise: Tensor, timesteps: Tensor) -> tuple[Tensor, Tensor]:
    """The noisy latents and the v that leads back: x = a clean + s noise, v = a noise - s clean."""
    alpha, sigma = levels.at(timesteps)
    return alpha * clean + sigma * noise, alpha * noise - sigma * clean


def clean_from(levels: Levels, noisy: Tensor, v: Tensor, timesteps: Tensor) -> Tensor:
    alpha, sigma = levels.at(timesteps)
    return alpha * noisy - sigma * v


def noise_from(levels: Levels, noisy: Tensor, v: Tensor, timesteps: Tensor) -> Tensor:
    alpha, sigma = levels.at(timesteps)
    return sigma * noisy + alpha * v


def draw_timesteps(random: torch.Generator, count: int, *, near: float, lowest: int = 0) -> Tensor:
    """Uniform from `lowest`, but for a share `near` within 60 of the timesteps where few-step samplers ask."""
    device = random.device
    uniform = torch.randint(lowest, NUM_TIMESTEPS, (count,), generator=random, device=device)
    centres = torch.tensor(INFERENCE_TIMESTEPS, device=device)
    centre = centres[torch.randint(len(centres), (count,), generator=random, device=device)]
    close = centre + torch.randint(-NEAR, NEAR + 1, (count,), generator=random, device=device)
    use = torch.rand(count, generator=random, device=device) < near
    return torch.where(use, close, uniform).clamp(0, NUM_TIMESTEPS - 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """Where each prompt of a picture is visible: weights (n p h w), the background's first, and as in `attention`
    self_bias (n,) and base_share (n,)."""

    weights: Tensor
    self_bias: Tensor
    base_share: Tensor


def predict(
    unet: UNet2DConditionModel,
    noisy: Tensor,
    timesteps: Tensor,
    prompt_embeds: Tensor,
    shown: Shown | None = None,
) -> Tensor:
    """v (n c h w) in fp32, computed in bf16. prompt_embeds (n l d), or (n p l d) where it is told what is shown."""
    noisy = noisy.contiguous(memory_format=torch.channels_last)
    with torch.autocast(noisy.device.type, torch.bfloat16):
        if shown is None:
            return unet(noisy, timesteps, prompt_embeds).sample.float()
        how = {"self_bias": shown.self_bias, "base_share": shown.base_share}
        return predict_regions(unet, noisy, timesteps, prompt_embeds, shown.weights, **how).float()


def bucket_names(timesteps: Tensor) -> list[str]:
    """ "t 250-500" for each timestep: losses are told apart by noise level."""
    index = torch.bucketize(timesteps.cpu(), torch.tensor(BUCKETS[1:-1]), right=True).tolist()
    return [f"t {BUCKETS[i]:03d}-{BUCKETS[i + 1]:03d}" for i in index]
