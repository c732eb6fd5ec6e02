"""Several prompts told at once: their mean, whatever their lengths are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from semdraw.compat import StableMultiDiffusionPipeline
from semdraw.compat.averaged import Averaged

LONG, SHORT = "a boat on the sea in the rain " * 8, "a lamp"

pytestmark = pytest.mark.usefixtures("loaded_once")


@pytest.fixture
def smd(checkpoints: dict[str, Path]) -> StableMultiDiffusionPipeline:
    return StableMultiDiffusionPipeline("cpu", hf_key=str(checkpoints["sd"]))


@pytest.mark.parametrize(
    ("prompts", "negatives"),
    [([LONG, SHORT], ["fog", "rain"]), ([SHORT, "a boat"], LONG)],
    ids=["long prompts", "long negative"],
)
@pytest.mark.parametrize("draw", ["sample", "sample_panorama"])
def test_several_prompts_draw_whatever_the_lengths_of_prompts_and_negatives(
    smd: Any, prompts: list[str], negatives: Any, draw: str
) -> None:
    settings = {"height": 64, "width": 96, "num_inference_steps": 1, "guidance_scale": 2.0}
    drawn = getattr(smd, draw)(prompts, negatives, **settings)
    picture = drawn[0] if isinstance(drawn, list) else drawn
    assert picture.size == (96, 64)


def test_the_mean_of_several_prompts_is_told_and_can_be_lengthened(smd: Any) -> None:
    model = Averaged(smd.model)
    mean = model.encode_prompt(Averaged.joined(["a boat", SHORT]))
    one, other = (smd.model.encode_prompt(prompt).embeds for prompt in ("a boat", SHORT))
    assert torch.allclose(mean.embeds, (one + other) / 2)
    tokens = mean.embeds.shape[1]
    assert torch.equal(mean.lengthened(3 * tokens).embeds[:, :tokens], mean.embeds)


def test_embeddings_of_prompts_of_different_lengths_are_of_one_length(smd: Any) -> None:
    _, embeds = smd.get_text_embeds([LONG, SHORT])
    assert len(embeds) == 2
    assert embeds.shape[1] == smd.model.encode_prompt(LONG).embeds.shape[1]
