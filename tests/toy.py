"""A model that knows the answer: a prompt is a colour, and its clean prediction is that colour everywhere."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from semdraw.geometry import Extent
from semdraw.models.base import Conditioning, ModelSpec, Rows, Shares
from semdraw.scene import Recipe
from semdraw.schedule import Prediction, Training

COLORS = {
    "red": (0.9, -0.9, -0.9),
    "green": (-0.9, 0.9, -0.9),
    "blue": (-0.9, -0.9, 0.9),
    "white": (1.0, 1.0, 1.0),
}


class ToyModel:
    """Three latent channels that are RGB at an eighth of the size. `fault` is called before each network call."""

    def __init__(self, prediction: Prediction = Prediction.epsilon) -> None:
        self.spec = ModelSpec(
            name="toy",
            family="toy",
            extent=Extent(128, 128),
            extent_multiple=8,
            cell_px=8,
            latent_channels=3,
            training=Training(prediction=prediction),
            recipe=Recipe(sampler="flow_lcm" if prediction is Prediction.flow else "lcm"),
            vocabulary=frozenset(COLORS),
            attends_regions=True,
        )
        self.device = torch.device("cpu")
        self.calls: list[int] = []
        self.fault: Callable[[], None] = lambda: None
        self.spoil: Callable[[Tensor], Tensor] = lambda output: output
        self._signal = self.spec.training.signal()

    @property
    def rows(self) -> int:
        return sum(self.calls)

    def encode_prompt(self, prompt: str) -> Conditioning:
        return Conditioning(torch.tensor(COLORS.get(prompt, (0.0, 0.0, 0.0))).view(1, 1, 3))

    def encode_image(self, pixels: Tensor) -> Tensor:
        return F.avg_pool2d(pixels[None], 8)[0]

    def decode(self, latents: Tensor) -> Tensor:
        return F.interpolate(latents[None], scale_factor=8, mode="nearest")[0]

    def predict(self, rows: Rows) -> Tensor:
        self.calls.append(len(rows.latents))
        self.fault()
        alpha, sigma = self._levels(rows.timestep)
        clean = rows.conditioning.embeds.view(-1, 3, 1, 1) if rows.shares is None else _blend(rows.shares)
        noise = (rows.latents - alpha * clean) / sigma
        return self.spoil(
            {
                Prediction.epsilon: noise,
                Prediction.v: alpha * noise - sigma * clean,
                Prediction.flow: noise - clean,
            }[self.spec.training.prediction]
        )

    def _levels(self, timestep: Tensor) -> tuple[Tensor, Tensor]:
        """alpha and sigma (b 1 1 1)."""
        if self.spec.training.is_flow:
            sigma = timestep.view(-1, 1, 1, 1) / 1000
            return 1 - sigma, sigma
        signal = self._signal[timestep].float().view(-1, 1, 1, 1)
        return signal.sqrt(), (1 - signal).sqrt()


def _blend(shares: Shares) -> Tensor:
    """(b c h w): the colours of several prompts, each where it is visible, as attention would have it."""
    colors, base = shares.prompts[:, :, 0], shares.base_share.view(-1, 1, 1, 1)
    seen = torch.einsum("bphw,bpc->bchw", shares.weights, colors)
    return torch.lerp(seen, colors[:, 0, :, None, None].expand_as(seen), base)
