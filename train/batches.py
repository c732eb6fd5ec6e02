"""Batches from the latent caches: small tiles, large canvases, and canvases with regions, of about equal cost."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

import torch
from torch import Tensor
from transformers import CLIPTokenizer

from train.diffusion import Shown
from train.latents import cache_path, regions_path
from train.vocabulary import encode

Kind = Literal["small", "large", "regions"]
Shares = tuple[float, float, float]
SELF_BIASES = (0.0, 0.0, 4.0, float("inf"))  # regions shall be drawn well with bounded attention and without
BASED = 0.3  # share of region rows whose background's prompt is heard everywhere
MAX_BASE_SHARE = 0.3


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    clean: Tensor  # (n 4 h w)
    tokens: Tensor  # (unique captions, MAX_TOKENS)
    which: Tensor  # (n,) into tokens, or (n p) where prompts have their places
    shown: Shown | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cache:
    latents: Tensor  # (n 4 h w) float16
    tokens: Tensor  # (captions MAX_TOKENS)
    index: Tensor  # (n,) which caption, or (n p)
    weights: Tensor | None = None  # (n p h w) uint8

    def draw(self, random: torch.Generator, count: int) -> Batch:
        rows = torch.randint(len(self.latents), (count,), generator=random, device=random.device)
        captions, which = self.index[rows].unique(return_inverse=True)
        shown = None
        if self.weights is not None:
            shown = draw_shown(random, self.weights[rows])
            which = which[:, : shown.weights.shape[1]]
        return Batch(clean=self.latents[rows].float(), tokens=self.tokens[captions], which=which, shown=shown)


def draw_shown(random: torch.Generator, weights: Tensor) -> Shown:
    """Weights (n p h w) uint8 -> as many as any row has, with each row's own manner of attention."""
    used = int(weights.flatten(2).any(2).any(0).nonzero().max()) + 1
    weights = weights[:, :used].float()
    count, device = len(weights), weights.device

    def uniform() -> Tensor:
        return torch.rand(count, generator=random, device=device)

    biases = torch.tensor(SELF_BIASES, device=device)
    chosen = torch.randint(len(SELF_BIASES), (count,), generator=random, device=device)
    return Shown(
        weights=weights / weights.sum(1, keepdim=True),
        self_bias=biases[chosen],
        base_share=(uniform() < BASED) * MAX_BASE_SHARE * uniform(),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Data:
    small: Cache
    large: Cache
    regions: Cache
    batch: int

    def draw(self, random: torch.Generator, kind: Kind) -> Batch:
        """A batch of small tiles, or a quarter as many large canvases."""
        count = self.batch if kind == "small" else max(1, self.batch // 4)
        return getattr(self, kind).draw(random, count)


def choose_kind(random: torch.Generator, shares: Shares) -> Kind:
    return get_args(Kind)[int(torch.multinomial(torch.tensor(shares), 1, generator=random))]


def load_cache(path: Path, tokenizer: CLIPTokenizer, device: torch.device) -> Cache:
    kept = torch.load(path, map_location="cpu", weights_only=True)
    weights = kept.get("weights")
    return Cache(
        latents=kept["latents"].to(device),
        tokens=encode(tokenizer, kept["captions"]).to(device),
        index=kept["index"].to(device),
        weights=None if weights is None else weights.to(device),
    )


def load_data(state: Path, tokenizer: CLIPTokenizer, device: torch.device, batch: int) -> Data:
    paths = cache_path(state, 128), cache_path(state, 256), regions_path(state)
    small, large, regions = (load_cache(path, tokenizer, device) for path in paths)
    return Data(small=small, large=large, regions=regions, batch=batch)
