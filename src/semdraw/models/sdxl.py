"""SDXL: two text encoders side by side, the second one's pooled embedding, and the picture's size told to the UNet."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from semdraw.models.base import Conditioning, ModelSpec, Rows
from semdraw.models.checkpoint import Checkpoint
from semdraw.models.latent import LatentModel
from semdraw.models.parts import channels_last, load_parts


class StableDiffusionXL(LatentModel):
    """`is_blank_zero`: the model was trained to be told nothing by zeros, not by an empty prompt."""

    def __init__(
        self, spec: ModelSpec, parts: dict[str, Any], device: torch.device, *, is_blank_zero: bool
    ) -> None:
        super().__init__(spec, parts, device)
        self._is_blank_zero = is_blank_zero

    def _encode(self, prompt: str) -> Conditioning:
        first, _ = self.clip_states(prompt)
        second, pooled = self.clip_states(prompt, "_2")
        embeds = torch.cat([first, second], dim=-1)
        if not prompt and self._is_blank_zero:
            return Conditioning(torch.zeros_like(embeds), torch.zeros_like(pooled))
        return Conditioning(embeds, pooled)

    @torch.inference_mode()
    def predict(self, rows: Rows) -> Tensor:
        unet = self.parts["unet"]
        pooled = rows.conditioning.pooled
        assert pooled is not None, "SDXL is told a pooled embedding"
        told = {"text_embeds": pooled.to(unet.dtype), "time_ids": self._sizes(rows.latents).to(unet.dtype)}
        return unet(
            rows.latents.to(unet.dtype),
            rows.timestep,
            encoder_hidden_states=rows.conditioning.embeds.to(unet.dtype),
            added_cond_kwargs=told,
        ).sample.float()

    def _sizes(self, latents: Tensor) -> Tensor:
        """(b 6) per row: original size, corner of the crop, target size, in px and rows first; nothing is cropped."""
        height, width = (cells * self.spec.cell_px for cells in latents.shape[-2:])
        return latents.new_tensor([height, width, 0, 0, height, width]).expand(len(latents), 6)


def load(checkpoint: Checkpoint, spec: ModelSpec, device: torch.device) -> StableDiffusionXL:
    """Build the parts of a checked folder."""
    parts = load_parts(checkpoint, device)
    convolutional = {name: channels_last(parts[name]) for name in ("unet", "vae")}
    is_blank_zero = bool(checkpoint.configs["pipeline"].get("force_zeros_for_empty_prompt", True))
    return StableDiffusionXL(spec, parts | convolutional, device, is_blank_zero=is_blank_zero)
