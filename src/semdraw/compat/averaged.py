"""Several prompts told at once, as the published `sample` does: the mean of their encodings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from semdraw.models.base import Conditioning, DiffusionModel, ModelSpec, Rows


class Averaged:
    """A model that reads the lines of a prompt as prompts of their own, and is told the mean of them."""

    def __init__(self, model: DiffusionModel) -> None:
        self._model = model

    @staticmethod
    def joined(prompts: Sequence[str]) -> str:
        """Several prompts as one; each becomes a line."""
        return "\n".join(" ".join(prompt.split()) for prompt in prompts)

    @property
    def spec(self) -> ModelSpec:
        return self._model.spec

    @property
    def device(self) -> torch.device:
        return self._model.device

    def encode_prompt(self, prompt: str) -> Conditioning:
        parts = [self._model.encode_prompt(line) for line in prompt.split("\n")]
        if len(parts) == 1:
            return parts[0]
        told = Conditioning.stack(parts)
        pooled = None if told.pooled is None else told.pooled.mean(dim=0, keepdim=True)
        return Conditioning(told.embeds.mean(dim=0, keepdim=True), pooled, told.filler)

    def encode_image(self, pixels: Tensor) -> Tensor:
        return self._model.encode_image(pixels)

    def decode(self, latents: Tensor) -> Tensor:
        return self._model.decode(latents)

    def predict(self, rows: Rows) -> Tensor:
        return self._model.predict(rows)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._model, name)
