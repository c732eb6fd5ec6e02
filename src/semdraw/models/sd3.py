"""SD3 and SD3.5: flow matching by a transformer, told by two CLIP text encoders and, where there is one, by T5."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from semdraw.models.base import Conditioning, ModelSpec, Rows
from semdraw.models.checkpoint import Checkpoint
from semdraw.models.latent import LatentModel
from semdraw.models.parts import load_parts

_T5_TOKENS = 256


class StableDiffusion3(LatentModel):
    """CLIP's states, padded to the width of T5's, come first in the sequence; without T5 its place is zero."""

    def _encode(self, prompt: str) -> Conditioning:
        first, first_pooled = self.clip_states(prompt)
        second, second_pooled = self.clip_states(prompt, "_2")
        clip = torch.cat([first, second], dim=-1)
        t5 = self._t5_states(prompt)
        embeds = torch.cat([F.pad(clip, (0, t5.shape[-1] - clip.shape[-1])), t5], dim=-2)
        return Conditioning(embeds, torch.cat([first_pooled, second_pooled], dim=-1))

    def _t5_states(self, prompt: str) -> Tensor:
        """(1 256 d)"""
        if "text_encoder_3" not in self.parts:
            width = self.parts["transformer"].config.joint_attention_dim
            return torch.zeros(1, _T5_TOKENS, width, device=self.device)
        return self.parts["text_encoder_3"](self.token_ids(prompt, "tokenizer_3", _T5_TOKENS))[0].float()

    @torch.inference_mode()
    def predict(self, rows: Rows) -> Tensor:
        transformer = self.parts["transformer"]
        pooled = rows.conditioning.pooled
        assert pooled is not None, "SD3 is told a pooled embedding"
        return transformer(
            hidden_states=rows.latents.to(transformer.dtype),
            timestep=rows.timestep,
            encoder_hidden_states=rows.conditioning.embeds.to(transformer.dtype),
            pooled_projections=pooled.to(transformer.dtype),
        ).sample.float()


def load(checkpoint: Checkpoint, spec: ModelSpec, device: torch.device) -> StableDiffusion3:
    """Build the parts of a checked folder."""
    return StableDiffusion3(spec, load_parts(checkpoint, device), device)
