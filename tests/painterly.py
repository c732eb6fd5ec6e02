"""An example of a family that another package brings: its folder has an autoencoder and a network of its own.

Its package says in pyproject.toml:

    [project.entry-points."semdraw.families"]
    painterly = "painterly:FAMILY"

Here the network knows the answer already: every prompt is a shade of grey, the more letters the lighter.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from semdraw.models.families import Family

if TYPE_CHECKING:
    import torch

    from semdraw.models.base import DiffusionModel, ModelSpec
    from semdraw.models.checkpoint import Checkpoint

FAMILY = Family(
    name="painterly",
    loader="painterly:load",
    network="unet",
    parts={
        "unet": frozenset({("painterly", "Painter")}),
        "vae": frozenset({("diffusers", "AutoencoderKL"), ("diffusers", "AutoencoderTiny")}),
    },
)


def load(_: Checkpoint, spec: ModelSpec, device: torch.device) -> DiffusionModel:
    """Called when a model is loaded; only now torch is needed."""
    import torch
    import torch.nn.functional as F

    from semdraw.models.base import Conditioning, Rows

    levels = spec.training.signal().float()

    class Painter:
        def __init__(self) -> None:
            self.spec = spec
            self.device = device

        def encode_prompt(self, prompt: str) -> Conditioning:
            return Conditioning(torch.full((1, 1, 1), min(len(prompt), 20) / 10 - 1))

        def encode_image(self, pixels: torch.Tensor) -> torch.Tensor:
            return F.avg_pool2d(pixels, 8)[:1].repeat(4, 1, 1)

        def decode(self, latents: torch.Tensor) -> torch.Tensor:
            return F.interpolate(latents[None, :3], scale_factor=8)[0]

        def predict(self, rows: Rows) -> torch.Tensor:
            signal = levels[rows.timestep].view(-1, 1, 1, 1)
            clean = rows.conditioning.embeds.view(-1, 1, 1, 1)
            return (rows.latents - signal.sqrt() * clean) / (1 - signal).sqrt()

    return Painter()
