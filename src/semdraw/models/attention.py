"""One pass of a UNet under several prompts, each where it is visible: region-masked attention.

Cross-attention takes one softmax per prompt, as the network was trained, and blends what they say by visibility.
Self-attention may be bounded, so that look-alikes do not grow together: cells of one region then hardly look at those
of another, while both look at the ground, and it at them. Plain functions of tensors, for painting and for training.

Letters: b rows, p prompts (0 is the ground), n tokens, d width, h w latent cells, l cells of one level of the UNet.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from semdraw.cells import to_cells
from semdraw.errors import CheckpointError
from semdraw.models.base import Rows

Network = Any  # of diffusers, whose calls are untyped


def predict_rows(unet: Network, rows: Rows, **told: Any) -> Tensor:
    """What the UNet predicts (b c h w) for rows that are told one prompt each, or several."""
    latents = rows.latents.to(unet.dtype)
    if (shares := rows.shares) is None:
        embeds = rows.conditioning.embeds.to(unet.dtype)
        return unet(latents, rows.timestep, encoder_hidden_states=embeds, **told).sample.float()
    return predict_regions(
        unet,
        latents,
        rows.timestep,
        shares.prompts.to(unet.dtype),
        shares.weights,
        self_bias=shares.self_bias,
        base_share=shares.base_share,
        **told,
    ).float()


def predict_regions(
    unet: Network,
    latents: Tensor,
    timesteps: Tensor,
    prompt_embeds: Tensor,
    weights: Tensor,
    *,
    self_bias: float | Tensor = 0.0,
    base_share: float | Tensor = 0.0,
    **told: Any,
) -> Tensor:
    """What the UNet predicts (b c h w) for latents (b c h w) at timesteps (b), in one pass under p prompts.

    prompt_embeds (b p n d), the ground's first. weights (b p h w) in [0, 1]: how visible each prompt is in each cell;
    they sum to 1, and a prompt of weight 0 changes nothing. With p = 1 this is the plain prediction.
    self_bias: at least 0, may be infinite; by so much (in log attention) cells of different regions look away from
    each other, one number or one per row (b). base_share in [0, 1]: how much of cross-attention the ground's prompt
    gets in every cell, likewise. told: whatever else the network wants to know, such as added_cond_kwargs.
    """
    regions = RegionWeights.of(weights, self_bias=self_bias, base_share=base_share, dtype=latents.dtype)
    unet = getattr(
        unet, "_orig_mod", unet
    )  # a compiled network knows only the layers that it was compiled with
    with attending(unet):
        return unet(
            latents,
            timesteps,
            encoder_hidden_states=prompt_embeds.flatten(1, 2),
            cross_attention_kwargs={"regions": regions},
            **told,
        ).sample


@dataclass(frozen=True, slots=True, eq=False)
class RegionWeights:
    """How visible each prompt is, for every level of a UNet; pooled when a level first asks.

    finest (b p h w); away (b 1 1): the share of attention between different regions that bounding takes, 0 to 1, None
    where it takes none; base (b 1 1): the ground's share of all cross-attention, None where it has none of its own.
    dtype: what the network computes in.
    """

    finest: Tensor
    away: Tensor | None
    base: Tensor | None
    dtype: torch.dtype
    _levels: dict[int, Tensor] = field(default_factory=dict[int, Tensor])
    _biases: dict[int, Tensor] = field(default_factory=dict[int, Tensor])

    @classmethod
    def of(
        cls, weights: Tensor, *, self_bias: float | Tensor, base_share: float | Tensor, dtype: torch.dtype
    ) -> RegionWeights:
        bounded = torch.as_tensor(self_bias, dtype=torch.float32, device="cpu")
        base = torch.as_tensor(base_share, dtype=torch.float32, device="cpu")
        is_bounded = weights.shape[1] > 2 and bool((bounded > 0).any())
        is_based = weights.shape[1] > 1 and bool((base > 0).any())
        return cls(
            weights,
            _per_row(1 - torch.exp(-bounded), weights) if is_bounded else None,
            _per_row(base, weights) if is_based else None,
            dtype,
        )

    @property
    def num_prompts(self) -> int:
        return self.finest.shape[1]

    def at(self, num_cells: int) -> Tensor:
        """(b p l): visibility in the cells of a level."""
        if num_cells not in self._levels:
            self._levels[num_cells] = pooled(self.finest, _factor(self.finest, num_cells)).flatten(2)
        return self._levels[num_cells]

    def told(self, num_cells: int) -> Tensor:
        """(b p l): how much each prompt has to say in each cell of a level."""
        seen = self.at(num_cells)
        if self.base is None:
            return seen
        ground = F.one_hot(torch.tensor(0), self.num_prompts).to(seen).view(1, -1, 1)
        return torch.lerp(seen, ground.expand_as(seen), self.base)

    def bias(self, num_cells: int) -> Tensor | None:
        """(b 1 l l), added to log attention between the cells of a level; None where nothing is bounded."""
        if self.away is None:
            return None
        if num_cells not in self._biases:
            weights = self.at(num_cells).to(
                self.dtype
            )  # what it makes is large: one number for every two cells
            self._biases[num_cells] = self_bias_of(weights, self.away.to(self.dtype))[:, None]
        return self._biases[num_cells]


def pooled(weights: Tensor, factor: int) -> Tensor:
    """Visibility (b p h w) in cells that are `factor` times as wide: by area, and no thin stroke fades away.

    Strokes that are kept take from the ground, which has what regions leave; together they never exceed 1.
    """
    if factor == 1 or weights.shape[1] == 1:
        return weights[..., ::factor, ::factor]
    regions = to_cells(weights[:, 1:, None], factor)[:, :, 0]
    regions = regions / regions.sum(dim=1, keepdim=True).clamp(min=1)
    return torch.cat([1 - regions.sum(dim=1, keepdim=True), regions], dim=1)


def self_bias_of(weights: Tensor, away: Tensor) -> Tensor:
    """(b l l): what is added to log attention. weights (b p l), the ground's first; away (b 1 1) in [0, 1].

    Of two cells, `share` is how far they lie in different regions: sum over p, q > 0, p != q, of w_p(x) w_q(y).
    Attention between them is multiplied by 1 - away share. A cell always sees itself.
    """
    regions = weights[:, 1:]
    inside = regions.sum(dim=1)
    share = inside[:, :, None] * inside[:, None, :] - regions.transpose(1, 2) @ regions
    return torch.log1p(-away * share.clamp(0, 1))


class RegionProcessor:
    """Attention of one layer: in regions where the call names any, otherwise as `plain` does it."""

    def __init__(self, plain: Any) -> None:
        self.plain = plain

    def __call__(
        self,
        attn: Any,
        hidden_states: Tensor,
        encoder_hidden_states: Tensor | None = None,
        attention_mask: Tensor | None = None,
        temb: Tensor | None = None,
        regions: RegionWeights | None = None,
    ) -> Tensor:
        if regions is None or regions.num_prompts == 1:
            return self.plain(attn, hidden_states, encoder_hidden_states, attention_mask, temb)
        query = _heads(attn.to_q(hidden_states), attn.heads)
        states = hidden_states if encoder_hidden_states is None else encoder_hidden_states
        keys, values = (_heads(project(states), attn.heads) for project in (attn.to_k, attn.to_v))
        num_cells = hidden_states.shape[1]
        if encoder_hidden_states is None:
            bias = regions.bias(num_cells)
            seen = F.scaled_dot_product_attention(
                query,
                keys,
                values,
                attn_mask=None if bias is None else bias.to(query.dtype),
                scale=attn.scale,
            )
        else:
            seen = attend_prompts(query, keys, values, regions.told(num_cells), scale=attn.scale)
        out = seen.transpose(1, 2).flatten(2)
        return attn.to_out[1](attn.to_out[0](out))


def attend_prompts(query: Tensor, keys: Tensor, values: Tensor, weights: Tensor, *, scale: float) -> Tensor:
    """out(x) = sum_p w_p(x) Attn(q(x), K_p, V_p), one softmax per prompt.

    query (b heads l d), keys and values (b heads p*n d), weights (b p l) -> (b heads l d).
    """
    rows, num_prompts, _ = weights.shape
    keys, values = (
        each.unflatten(2, (num_prompts, -1)).transpose(1, 2).flatten(0, 1) for each in (keys, values)
    )
    asked = query[:, None].expand(-1, num_prompts, -1, -1, -1).flatten(0, 1)
    said = F.scaled_dot_product_attention(asked, keys, values, scale=scale).unflatten(0, (rows, num_prompts))
    return (weights[:, :, None, :, None].to(said.dtype) * said).sum(dim=1)


@contextmanager
def attending(unet: Network) -> Generator[None]:
    """Within the block the layers of a UNet can attend in regions; calls that name none are as ever. May be nested."""
    layers = _attention_layers(unet)
    before = [layer.processor for layer in layers]
    for layer, plain in zip(layers, before, strict=True):
        if not isinstance(plain, RegionProcessor):
            layer.set_processor(RegionProcessor(plain))
    try:
        yield
    finally:
        for layer, plain in zip(layers, before, strict=True):
            layer.set_processor(plain)


def _attention_layers(unet: nn.Module) -> list[Any]:
    from diffusers.models.attention_processor import Attention

    return [module for module in unet.modules() if isinstance(module, Attention)]


def _heads(values: Tensor, count: int) -> Tensor:
    """(b l heads*d) -> (b heads l d)."""
    return values.unflatten(2, (count, -1)).transpose(1, 2)


def _per_row(values: Tensor, like: Tensor) -> Tensor:
    """One number, or one per row (b), as (b 1 1) beside `like`."""
    return values.expand(len(like)).reshape(-1, 1, 1).to(like)


def _factor(finest: Tensor, num_cells: int) -> int:
    """How many times as wide the cells of a level are."""
    factor = round((finest.shape[-2] * finest.shape[-1] / num_cells) ** 0.5)
    if -(-finest.shape[-2] // factor) * -(-finest.shape[-1] // factor) != num_cells or any(
        side % factor for side in finest.shape[-2:]
    ):
        raise CheckpointError(
            f"a level of {num_cells} cells is no whole part of a canvas of {tuple(finest.shape[-2:])} cells; "
            "regions can share one pass only where every level halves the one before"
        )
    return factor
