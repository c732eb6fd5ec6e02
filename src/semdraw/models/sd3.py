"""SD3 and SD3.5: flow matching by a transformer, told by two CLIP text encoders and, where there is one, by T5."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from semdraw.models.base import Conditioning, ModelSpec, Rows
from semdraw.models.checkpoint import Checkpoint
from semdraw.models.latent import LatentModel
from semdraw.models.parts import load_parts
from semdraw.models.tokens import cut_off, weigh

_T5_TOKENS = 256


class StableDiffusion3(LatentModel):
    """CLIP's states, padded to the width of T5's, come first in the sequence; without T5 its place is zero.

    T5 stands behind the first chunk of a long prompt and reads no further than its own 256 tokens. Order says nothing
    to the network, and what a prompt is lengthened with comes last.
    """

    def _encode(self, prompt: str) -> Conditioning:
        clip, pooled = self._clip(prompt)
        length = self.parts["tokenizer"].model_max_length
        return Conditioning(torch.cat([clip[:, :length], self._t5(prompt), clip[:, length:]], dim=1), pooled)

    def _blank_chunk(self) -> Tensor:
        return self._clip("")[0]

    def _clip(self, prompt: str) -> tuple[Tensor, Tensor]:
        """States (1 k*77 d) of both encoders, padded to the width of T5's, and pooled (1 e)."""
        chunks, chunks_2 = self.chunks(prompt, "", "_2")
        first, first_pooled = self.clip_states(chunks)
        second, second_pooled = self.clip_states(chunks_2, "_2")
        states = torch.cat([first, second], dim=-1)
        width = self.parts["transformer"].config.joint_attention_dim
        return F.pad(states, (0, width - states.shape[-1])), torch.cat([first_pooled, second_pooled], dim=-1)

    def _t5(self, prompt: str) -> Tensor:
        """(1 256 d)"""
        if "text_encoder_3" not in self.parts:
            width = self.parts["transformer"].config.joint_attention_dim
            return torch.zeros(1, _T5_TOKENS, width, device=self.parts["text_encoder"].device)
        tokens = cut_off(prompt, self.parts["tokenizer_3"], _T5_TOKENS)
        states = self.encoded(tokens, "text_encoder_3")[0].float()
        return weigh(states, tokens.weights)

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
