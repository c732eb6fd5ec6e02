"""Claims about region-masked attention: what is not visible says nothing, and one prompt is the plain prediction."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import torch
from torch import Tensor

from semdraw.models.attention import (
    RegionWeights,
    attend_prompts,
    attending,
    pooled,
    predict_regions,
    self_bias_of,
)
from tests.tiny import unet_of

SIDE = 16


@pytest.fixture(scope="module")
def unet() -> Any:
    torch.manual_seed(3)
    return unet_of(cross_attention_dim=24).eval().requires_grad_(False)


def halves(num_prompts: int = 3) -> Tensor:
    """(1 p h w): the ground, then upright stripes of equal width, a quarter of the canvas being ground."""
    weights = torch.zeros(1, num_prompts, SIDE, SIDE)
    weights[:, 0, :, : SIDE // 4] = 1
    width = (SIDE - SIDE // 4) // (num_prompts - 1)
    for number in range(1, num_prompts):
        start = SIDE // 4 + (number - 1) * width
        weights[:, number, :, start : start + width] = 1
    return weights


def inputs(num_prompts: int, rows: int = 1) -> tuple[Tensor, Tensor, Tensor]:
    random = torch.Generator().manual_seed(1)
    latents = torch.randn(rows, 4, SIDE, SIDE, generator=random)
    embeds = torch.randn(rows, num_prompts, 7, 24, generator=random)
    return latents, torch.full((rows,), 499), embeds


def plain(unet: Any, latents: Tensor, timesteps: Tensor, embeds: Tensor) -> Tensor:
    return unet(latents, timesteps, encoder_hidden_states=embeds).sample


def test_one_prompt_is_the_plain_prediction_to_the_bit(unet: Any) -> None:
    latents, timesteps, embeds = inputs(1)
    found = predict_regions(unet, latents, timesteps, embeds, torch.ones(1, 1, SIDE, SIDE), self_bias=4.0)
    assert torch.equal(found, plain(unet, latents, timesteps, embeds[:, 0]))


@pytest.mark.parametrize("self_bias", [0.0, 4.0, math.inf])
def test_the_same_words_everywhere_are_one_prompt_where_nothing_is_bounded(
    unet: Any, self_bias: float
) -> None:
    latents, timesteps, embeds = inputs(3)
    embeds = embeds[:, :1].expand_as(embeds)
    found = predict_regions(unet, latents, timesteps, embeds, halves(), self_bias=self_bias)
    is_same = torch.allclose(found, plain(unet, latents, timesteps, embeds[:, 0]), atol=1e-5)
    assert is_same == (self_bias == 0)


@pytest.mark.parametrize("self_bias", [0.0, 4.0, math.inf])
def test_a_prompt_that_is_nowhere_visible_changes_nothing(unet: Any, self_bias: float) -> None:
    latents, timesteps, embeds = inputs(4)
    weights = torch.cat([halves(), torch.zeros(1, 1, SIDE, SIDE)], dim=1)
    more = predict_regions(unet, latents, timesteps, embeds, weights, self_bias=self_bias)
    less = predict_regions(unet, latents, timesteps, embeds[:, :3], halves(), self_bias=self_bias)
    assert torch.allclose(more, less, atol=1e-5)


@pytest.mark.parametrize("self_bias", [0.0, 4.0, math.inf])
def test_the_order_of_regions_changes_nothing(unet: Any, self_bias: float) -> None:
    latents, timesteps, embeds = inputs(4)
    order = [0, 3, 1, 2]
    one = predict_regions(unet, latents, timesteps, embeds, halves(4), self_bias=self_bias, base_share=0.2)
    other = predict_regions(
        unet, latents, timesteps, embeds[:, order], halves(4)[:, order], self_bias=self_bias, base_share=0.2
    )
    assert torch.allclose(one, other, atol=1e-5)


def test_rows_of_one_batch_do_not_meet(unet: Any) -> None:
    latents, timesteps, embeds = inputs(3, rows=2)
    weights = torch.cat([halves(), halves().flip(-1)])
    bias, base = torch.tensor([4.0, 0.0]), torch.tensor([0.0, 0.3])
    both = predict_regions(unet, latents, timesteps, embeds, weights, self_bias=bias, base_share=base)
    for row in range(2):
        part = slice(row, row + 1)
        alone = predict_regions(
            unet,
            latents[part],
            timesteps[part],
            embeds[part],
            weights[part],
            self_bias=float(bias[row]),
            base_share=float(base[row]),
        )
        assert torch.allclose(both[part], alone, atol=1e-5)


def test_a_base_share_of_one_leaves_the_word_to_the_ground(unet: Any) -> None:
    latents, timesteps, embeds = inputs(3)
    found = predict_regions(unet, latents, timesteps, embeds, halves(), base_share=1.0)
    assert torch.allclose(found, plain(unet, latents, timesteps, embeds[:, 0]), atol=1e-5)


def test_each_cell_hears_only_its_own_prompts() -> None:
    torch.manual_seed(2)
    query, keys, values = torch.randn(1, 2, 9, 4), torch.randn(1, 2, 10, 4), torch.randn(1, 2, 10, 4)
    weights = torch.rand(1, 2, 9)
    whole = attend_prompts(query, keys, values, weights, scale=0.5)
    alone = [
        (0.5 * query @ keys[:, :, part].mT).softmax(-1) @ values[:, :, part]
        for part in (slice(5), slice(5, 10))
    ]
    wanted = sum(weights[:, p, None, :, None] * alone[p] for p in range(2))
    assert torch.allclose(whole, torch.as_tensor(wanted), atol=1e-6)


def test_bounding_parts_regions_from_each_other_and_never_from_the_ground_or_themselves() -> None:
    weights = halves().flatten(2)
    bias = self_bias_of(weights, torch.ones(1, 1, 1))[0]
    owner = weights[0].argmax(dim=0)
    is_apart = (owner[:, None] != owner) & (owner[:, None] > 0) & (owner > 0)
    assert (bias[is_apart] == -math.inf).all()
    assert (bias[~is_apart] == 0).all()
    soft = self_bias_of(weights, torch.full((1, 1, 1), 1 - math.exp(-4)))[0]
    assert torch.allclose(soft[is_apart], torch.tensor(-4.0), atol=1e-4)


@pytest.mark.parametrize("factor", [2, 4, 8])
def test_visibility_sums_to_one_on_every_level_and_thin_strokes_stay(factor: int) -> None:
    weights = torch.zeros(1, 3, SIDE, SIDE)
    weights[:, 1, 5] = 1  # a stroke of one cell
    weights[:, 2, 8:, 8:] = 1
    weights[:, 0] = 1 - weights[:, 1:].sum(dim=1)
    found = pooled(weights, factor)
    assert torch.allclose(found.sum(dim=1), torch.ones(()), atol=1e-6)
    assert (found >= 0).all()
    assert (found[:, 1, 5 // factor] >= 0.5).all()
    assert found[0, 2, -1, -1] == 1 or factor == 8


def test_gradients_reach_the_network_through_all_prompts_but_the_unseen() -> None:
    torch.manual_seed(3)
    network = unet_of(cross_attention_dim=24)
    latents, timesteps, embeds = inputs(4)
    embeds.requires_grad_(True)
    weights = torch.cat([halves(), torch.zeros(1, 1, SIDE, SIDE)], dim=1)
    predict_regions(network, latents, timesteps, embeds, weights, self_bias=4.0).square().sum().backward()
    assert embeds.grad is not None
    assert [bool(each.any()) for each in embeds.grad[0]] == [True, True, True, False]
    assert all(parameter.grad is not None for parameter in network.parameters())


def test_half_precision_says_the_same_within_its_own_reach() -> None:
    torch.manual_seed(3)
    network = unet_of(cross_attention_dim=24).eval().requires_grad_(False)
    latents, timesteps, embeds = inputs(3)
    wanted = predict_regions(
        network, latents, timesteps, embeds, halves(), self_bias=math.inf, base_share=0.2
    )
    half = network.to(torch.bfloat16)
    found = predict_regions(
        half, latents.bfloat16(), timesteps, embeds.bfloat16(), halves(), self_bias=math.inf, base_share=0.2
    )
    assert found.dtype == torch.bfloat16
    assert torch.allclose(found.float(), wanted, atol=0.1)


def test_afterwards_the_network_is_as_it_was(unet: Any) -> None:
    before = dict(unet.attn_processors)
    with attending(unet), attending(unet):
        latents, timesteps, embeds = inputs(1)
        within = plain(unet, latents, timesteps, embeds[:, 0])
    assert unet.attn_processors == before
    assert torch.equal(within, plain(unet, latents, timesteps, embeds[:, 0]))


def test_a_compiled_network_attends_in_regions_as_it_did_before(unet: Any) -> None:
    def refuse(*_: Any) -> Any:
        raise AssertionError("regions are no reason to compile anything again")

    latents, timesteps, embeds = inputs(3)
    wanted = predict_regions(unet, latents, timesteps, embeds, halves(), self_bias=4.0)
    compiled = torch.compile(unet, backend=refuse)
    assert torch.equal(predict_regions(compiled, latents, timesteps, embeds, halves(), self_bias=4.0), wanted)


def test_nothing_is_bounded_or_mixed_that_need_not_be() -> None:
    made: Callable[..., RegionWeights] = partial(RegionWeights.of, dtype=torch.float32)
    assert made(halves(), self_bias=0.0, base_share=0.0).away is None
    assert made(halves(2), self_bias=4.0, base_share=0.0).away is None
    assert made(halves(), self_bias=4.0, base_share=0.0).bias(SIDE**2) is not None
