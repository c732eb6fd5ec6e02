"""Batches from the latent caches: small tiles and large canvases of about equal cost."""

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor
from transformers import CLIPTokenizer

from train.latents import cache_path
from train.vocabulary import encode


@dataclass(frozen=True, slots=True, kw_only=True)
class Cache:
    latents: Tensor  # (n 4 h w) float16
    tokens: Tensor  # (captions MAX_TOKENS)
    index: Tensor  # (n,) which caption

    def draw(self, random: torch.Generator, count: int) -> "Batch":
        rows = torch.randint(len(self.latents), (count,), generator=random, device=random.device)
        captions, which = self.index[rows].unique(return_inverse=True)
        return Batch(clean=self.latents[rows].float(), tokens=self.tokens[captions], which=which)


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    clean: Tensor  # (n 4 h w)
    tokens: Tensor  # (unique captions, MAX_TOKENS)
    which: Tensor  # (n,) into tokens


@dataclass(frozen=True, slots=True, kw_only=True)
class Data:
    small: Cache
    large: Cache
    batch: int

    def draw(self, random: torch.Generator, *, is_large: bool) -> Batch:
        """A batch of small tiles, or a quarter as many large canvases."""
        return (
            self.large.draw(random, max(1, self.batch // 4))
            if is_large
            else self.small.draw(random, self.batch)
        )


def load_cache(state: Path, size_px: int, tokenizer: CLIPTokenizer, device: torch.device) -> Cache:
    kept = torch.load(cache_path(state, size_px), map_location="cpu", weights_only=True)
    tokens = encode(tokenizer, kept["captions"])
    return Cache(latents=kept["latents"].to(device), tokens=tokens.to(device), index=kept["index"].to(device))


def load_data(state: Path, tokenizer: CLIPTokenizer, device: torch.device, batch: int) -> Data:
    small, large = (load_cache(state, size_px, tokenizer, device) for size_px in (128, 256))
    return Data(small=small, large=large, batch=batch)
