"""What the core asks of a model, and nothing more. An adapter knows nothing of masks, regions or streams."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

import torch
from torch import Tensor

from semdraw.geometry import Extent
from semdraw.scene import Recipe
from semdraw.schedule import Training


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSpec:
    """Facts of a loaded model. `extent`: the canvas it draws best; sides are multiples of `extent_multiple` px.

    largest_px: the longest side it can take, None if any. recipe: how it is usually run.
    window_px: the side of the window in which it draws one object best; 0: the whole canvas.
    tile_px: the side of the tiles that a larger canvas is drawn in; 0: it is never tiled.
    region_suffix: what is added to the prompt of a region, so that the network draws that one thing.
    vocabulary: the words that it was taught; empty where it knows words in general.
    is_low_memory: few rows run at a time, and pictures go through the autoencoder in tiles.
    attends_regions: one row may be told several prompts, each where it is visible.
    """

    name: str
    family: str
    extent: Extent
    extent_multiple: int
    cell_px: int
    latent_channels: int
    training: Training
    largest_px: int | None = None
    window_px: int = 0
    tile_px: int = 0
    region_suffix: str = ""
    weights_hash: str = ""
    recipe: Recipe = field(default_factory=Recipe)
    vocabulary: frozenset[str] = frozenset()
    is_low_memory: bool = False
    attends_regions: bool = False

    def working(self, canvas: Extent) -> Extent:
        """What is worked on for a canvas of any size, in px: it reaches over the right and lower edge if need be."""
        return canvas.padded_to(self.extent_multiple)

    def cells(self, canvas: Extent) -> Extent:
        """The latent cells that are worked on for a canvas of any size."""
        return self.working(canvas).cells(self.cell_px)


@dataclass(frozen=True, slots=True, eq=False)
class Conditioning:
    """All that the network is told of prompts: embeddings (b n d) and, for families that have them, pooled (b e).

    filler (1 m d): what rows are lengthened with beside longer ones, the empty prompt's; None: all are of one length.
    """

    embeds: Tensor
    pooled: Tensor | None = None
    filler: Tensor | None = None

    def __len__(self) -> int:
        return len(self.embeds)

    def to(self, device: torch.device) -> Conditioning:
        moved = (None if each is None else each.to(device) for each in (self.pooled, self.filler))
        return Conditioning(self.embeds.to(device), *moved)

    def towards(self, other: Conditioning, share: Tensor) -> Conditioning:
        """Interpolate: share 1 keeps this, 0 gives `other`; share (b)."""
        own, other = Conditioning.of_one_length([self, other])
        share = share.to(own.embeds)
        embeds = torch.lerp(other.embeds, own.embeds, share.view(-1, 1, 1))
        if own.pooled is None or other.pooled is None:
            return Conditioning(embeds, filler=own.filler)
        return Conditioning(embeds, torch.lerp(other.pooled, own.pooled, share.view(-1, 1)), own.filler)

    def lengthened(self, num_tokens: int) -> Conditioning:
        """With `num_tokens` per row; what is added says nothing."""
        missing = num_tokens - self.embeds.shape[1]
        if missing <= 0:
            return self
        assert self.filler is not None, (
            f"rows of {self.embeds.shape[1]} and {num_tokens} tokens need a filler"
        )
        times = -(-missing // self.filler.shape[1])
        more = self.filler.repeat(len(self), times, 1)[:, :missing]
        return replace(self, embeds=torch.cat([self.embeds, more.to(self.embeds)], dim=1))

    @staticmethod
    def of_one_length(parts: Sequence[Conditioning]) -> list[Conditioning]:
        """All as long as the longest of them."""
        longest = max((part.embeds.shape[1] for part in parts), default=0)
        return [part.lengthened(longest) for part in parts]

    @classmethod
    def stack(cls, parts: Sequence[Conditioning]) -> Conditioning:
        """All rows in one, each as long as the longest."""
        parts = cls.of_one_length(parts)
        pooled = [part.pooled for part in parts if part.pooled is not None]
        embeds = torch.cat([part.embeds for part in parts])
        return cls(embeds, torch.cat(pooled) if pooled else None, parts[0].filler)

    def __getitem__(self, rows: slice) -> Conditioning:
        pooled = None if self.pooled is None else self.pooled[rows]
        return Conditioning(self.embeds[rows], pooled, self.filler)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Shares:
    """Rows that are told several prompts each: prompts (b p n d), the ground's first.

    weights (b p h w) in [0, 1], summing to 1: how visible each is in each cell. self_bias (b): how far regions look
    away from each other; base_share (b): how much of what is said in every cell is the ground's
    (`models/attention.py`).
    """

    prompts: Tensor
    weights: Tensor
    self_bias: Tensor
    base_share: Tensor


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rows:
    """One batch for the network: latents (b c h w), timestep (b), conditioning (b n d).

    window (b 4): x and y of the corner of each row in what it is a part of, and the width and height of that, in px;
    None: every row is a whole picture. shares: where rows are told several prompts; conditioning then is a summary.
    """

    latents: Tensor
    timestep: Tensor
    conditioning: Conditioning
    window: Tensor | None = None
    shares: Shares | None = None


class DiffusionModel(Protocol):
    """A text-to-image model with a latent space. All results lie on its device, in float32."""

    @property
    def spec(self) -> ModelSpec: ...

    @property
    def device(self) -> torch.device: ...

    def encode_prompt(self, prompt: str) -> Conditioning:
        """(1 n d); remembered per prompt. An empty prompt is what guidance leads away from."""
        ...

    def encode_image(self, pixels: Tensor) -> Tensor:
        """Pixels (3 H W) in [-1, 1] -> clean latent (c h w)."""
        ...

    def decode(self, latents: Tensor) -> Tensor:
        """Clean latent (c h w) -> pixels (3 H W) in [-1, 1]."""
        ...

    def predict(self, rows: Rows) -> Tensor:
        """Raw network output (b c h w)."""
        ...
