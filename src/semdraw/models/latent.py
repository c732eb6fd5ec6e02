"""What all families over diffusers' classes have in common: an autoencoder, and prompts encoded once."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import OrderedDict
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from semdraw.models.base import Conditioning, ModelSpec, Rows
from semdraw.models.tiling import OVERLAP_CELLS, TILE_CELLS, in_tiles
from semdraw.models.tokens import Chunks, chunked, weigh

_PROMPTS_KEPT = 256


class LatentModel(ABC):
    """A family says how a prompt is encoded and how its network is called; `parts` are as `load_parts` gives them.

    `is_blank_zero`: the model was trained to be told nothing by zeros, not by an empty prompt.
    """

    is_blank_zero = False

    def __init__(self, spec: ModelSpec, parts: dict[str, Any], device: torch.device) -> None:
        self.spec = spec
        self.device = device
        self.parts = parts
        self._vae = parts["vae"]
        self._decoder = parts.get("decoder", self._vae)
        self._prompts: OrderedDict[str, Conditioning] = OrderedDict()
        self._filler: Tensor | None = None

    @abstractmethod
    def _encode(self, prompt: str) -> Conditioning:
        """What the text encoders make of a prompt: embeddings (1 n d), and pooled (1 e) where the family has them."""
        ...

    @abstractmethod
    def predict(self, rows: Rows) -> Tensor: ...

    @torch.inference_mode()
    def encode_prompt(self, prompt: str) -> Conditioning:
        if prompt not in self._prompts:
            self._prompts[prompt] = self._told(prompt)
            while len(self._prompts) > _PROMPTS_KEPT:
                self._prompts.popitem(last=False)
        self._prompts.move_to_end(prompt)
        return self._prompts[prompt]

    @torch.inference_mode()
    def encode_image(self, pixels: Tensor) -> Tensor:
        side, overlap = (cells * self.spec.cell_px for cells in (TILE_CELLS, OVERLAP_CELLS))
        if self.spec.is_low_memory:
            return in_tiles(pixels, self._encode_pixels, side=side, overlap=overlap)
        return self._encode_pixels(pixels)

    @torch.inference_mode()
    def decode(self, latents: Tensor) -> Tensor:
        if self.spec.is_low_memory:
            return in_tiles(latents, self._decode_cells, side=TILE_CELLS, overlap=OVERLAP_CELLS)
        return self._decode_cells(latents)

    def _encode_pixels(self, pixels: Tensor) -> Tensor:
        encoded = self._vae.encode(pixels[None].to(self.device, self._vae.dtype))
        latents = encoded.latents if hasattr(encoded, "latents") else encoded.latent_dist.mode()
        scale, shift = _scaling(self._vae)
        return (latents[0].float() - shift) * scale

    def _decode_cells(self, latents: Tensor) -> Tensor:
        scale, shift = _scaling(self._decoder)
        unscaled = latents[None] / scale + shift
        return self._decoder.decode(unscaled.to(self._decoder.dtype)).sample[0].float()

    def _told(self, prompt: str) -> Conditioning:
        """A prompt's encoding, with what it is lengthened by beside a longer one."""
        told = self._encode(prompt).to(self.device)
        if self._filler is None:
            self._filler = self._blank_chunk().to(self.device)
        if prompt or not self.is_blank_zero or told.pooled is None:
            return replace(told, filler=self._filler)
        nothing = (torch.zeros_like(each) for each in (told.embeds, told.pooled, self._filler))
        return Conditioning(*nothing)

    def _blank_chunk(self) -> Tensor:
        """(1 m d): one chunk of nothing but start, end and padding."""
        return self._encode("").embeds

    def chunks(self, prompt: str, *numbers: str) -> list[Chunks]:
        """The prompt in the tokens of several encoders, numbered "" or "_2", in as many chunks for each."""
        tokenizers = [self.parts[f"tokenizer{number}"] for number in numbers]
        found = [chunked(prompt, tokenizer) for tokenizer in tokenizers]
        longest = max(len(chunks) for chunks in found)
        return [
            chunks.padded(longest, chunked("", tokenizer))
            for chunks, tokenizer in zip(found, tokenizers, strict=True)
        ]

    def clip_states(self, chunks: Chunks, number: str = "") -> tuple[Tensor, Tensor]:
        """The last states but one (1 k*n d) of a CLIP text encoder, and its first output for the first chunk."""
        output = self.encoded(chunks, f"text_encoder{number}", output_hidden_states=True)
        states = weigh(output.hidden_states[-2].float(), chunks.weights)
        return states.reshape(1, -1, states.shape[-1]), output[0][:1].float()

    def encoded(self, chunks: Chunks, name: str, **more: Any) -> Any:
        """What a text encoder says, computed where it lies."""
        encoder = self.parts[name]
        return encoder(chunks.ids.to(encoder.device), **more)


def _scaling(autoencoder: Any) -> tuple[float, float]:
    """By how much its latents are scaled, and shifted before, for the network."""
    return autoencoder.config.scaling_factor, getattr(autoencoder.config, "shift_factor", None) or 0.0
