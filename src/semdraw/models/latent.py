"""What all families over diffusers' classes have in common: an autoencoder, and prompts encoded once."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import OrderedDict
from typing import Any

import torch
from torch import Tensor

from semdraw.models.base import Conditioning, ModelSpec, Rows

_PROMPTS_KEPT = 256


class LatentModel(ABC):
    """A family says how a prompt is encoded and how its network is called; `parts` are as `load_parts` gives them."""

    def __init__(self, spec: ModelSpec, parts: dict[str, Any], device: torch.device) -> None:
        self.spec = spec
        self.device = device
        self.parts = parts
        self._vae = parts["vae"]
        self._scale: float = self._vae.config.scaling_factor
        self._shift: float = getattr(self._vae.config, "shift_factor", None) or 0.0
        self._prompts: OrderedDict[str, Conditioning] = OrderedDict()

    @abstractmethod
    def _encode(self, prompt: str) -> Conditioning: ...

    @abstractmethod
    def predict(self, rows: Rows) -> Tensor: ...

    @torch.inference_mode()
    def encode_prompt(self, prompt: str) -> Conditioning:
        if prompt not in self._prompts:
            self._prompts[prompt] = self._encode(prompt)
            while len(self._prompts) > _PROMPTS_KEPT:
                self._prompts.popitem(last=False)
        self._prompts.move_to_end(prompt)
        return self._prompts[prompt]

    @torch.inference_mode()
    def encode_image(self, pixels: Tensor) -> Tensor:
        encoded = self._vae.encode(pixels[None].to(self.device, self._vae.dtype))
        latents = encoded.latents if hasattr(encoded, "latents") else encoded.latent_dist.mode()
        return (latents[0].float() - self._shift) * self._scale

    @torch.inference_mode()
    def decode(self, latents: Tensor) -> Tensor:
        unscaled = latents[None] / self._scale + self._shift
        return self._vae.decode(unscaled.to(self._vae.dtype)).sample[0].float()

    def token_ids(self, prompt: str, tokenizer: str = "tokenizer", length: int | None = None) -> Tensor:
        """(1 n), padded and cut to `length`, or to what the tokenizer says."""
        tokenize = self.parts[tokenizer]
        tokens = tokenize(
            prompt,
            padding="max_length",
            truncation=True,
            max_length=length or tokenize.model_max_length,
            return_tensors="pt",
        )
        return tokens.input_ids.to(self.device)

    def clip_states(self, prompt: str, number: str = "") -> tuple[Tensor, Tensor]:
        """The last state but one (1 n d) of a CLIP text encoder, and its first output; `number` is "" or "_2"."""
        tokens = self.token_ids(prompt, f"tokenizer{number}")
        output = self.parts[f"text_encoder{number}"](tokens, output_hidden_states=True)
        return output.hidden_states[-2].float(), output[0].float()
