"""Stable-Diffusion-type models: one CLIP text encoder, one UNet."""

from __future__ import annotations

import torch
from torch import Tensor

from semdraw.models.attention import predict_rows
from semdraw.models.base import Conditioning, ModelSpec, Rows
from semdraw.models.checkpoint import Checkpoint
from semdraw.models.latent import LatentModel
from semdraw.models.parts import channels_last, load_parts
from semdraw.models.tokens import weigh


class StableDiffusion(LatentModel):
    """One family for SD1.x, SD2.x and picturebook: what differs lies in their configs."""

    def _encode(self, prompt: str) -> Conditioning:
        (chunks,) = self.chunks(prompt, "")
        states = self.encoded(chunks, "text_encoder")[0].float()
        return Conditioning(weigh(states, chunks.weights).reshape(1, -1, states.shape[-1]))

    @torch.inference_mode()
    def predict(self, rows: Rows) -> Tensor:
        return predict_rows(self.parts["unet"], rows)


def load(checkpoint: Checkpoint, spec: ModelSpec, device: torch.device) -> StableDiffusion:
    """Build the parts of a checked folder."""
    parts = load_parts(checkpoint, device)
    convolutional = {name: channels_last(parts[name]) for name in ("unet", "vae")}
    return StableDiffusion(spec, parts | convolutional, device)
