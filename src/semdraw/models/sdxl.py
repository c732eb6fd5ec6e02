"""SDXL: two text encoders side by side, the second one's pooled embedding, and the picture's size told to the UNet."""

from __future__ import annotations

import torch
from torch import Tensor

from semdraw.models.attention import predict_rows
from semdraw.models.base import Conditioning, ModelSpec, Rows
from semdraw.models.checkpoint import Checkpoint
from semdraw.models.latent import LatentModel
from semdraw.models.parts import channels_last, load_parts


class StableDiffusionXL(LatentModel):
    """Told by the states of both encoders side by side and by the pooled embedding of the larger one."""

    def _encode(self, prompt: str) -> Conditioning:
        chunks, chunks_2 = self.chunks(prompt, "", "_2")
        first, _ = self.clip_states(chunks)
        second, pooled = self.clip_states(chunks_2, "_2")
        return Conditioning(torch.cat([first, second], dim=-1), pooled)

    @torch.inference_mode()
    def predict(self, rows: Rows) -> Tensor:
        unet = self.parts["unet"]
        pooled = rows.conditioning.pooled
        assert pooled is not None, "SDXL is told a pooled embedding"
        told = {"text_embeds": pooled.to(unet.dtype), "time_ids": self._sizes(rows).to(unet.dtype)}
        return predict_rows(unet, rows, added_cond_kwargs=told)

    def _sizes(self, rows: Rows) -> Tensor:
        """(b 6) per row: size of the original, corner of the crop, size aimed at, in px and height first.

        A tile is told the size of the whole picture, twice, and where its corner lies in it.
        """
        height, width = (cells * self.spec.cell_px for cells in rows.latents.shape[-2:])
        whole = rows.latents.new_tensor([0, 0, width, height]).expand(len(rows.latents), 4)
        x, y, width, height = (whole if rows.window is None else rows.window).unbind(dim=-1)
        return torch.stack([height, width, y, x, height, width], dim=-1)


def load(checkpoint: Checkpoint, spec: ModelSpec, device: torch.device) -> StableDiffusionXL:
    """Build the parts of a checked folder."""
    parts = load_parts(checkpoint, device)
    convolutional = {name: channels_last(parts[name]) for name in ("unet", "vae")}
    model = StableDiffusionXL(spec, parts | convolutional, device)
    model.is_blank_zero = bool(checkpoint.configs["pipeline"].get("force_zeros_for_empty_prompt", True))
    return model
