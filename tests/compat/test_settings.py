"""What an argument says is done, or said not to be."""

from __future__ import annotations

import warnings
from typing import Any

import pytest
import torch
from PIL import Image

from semdraw.compat import StableMultiDiffusionSDXLPipeline, StreamMultiDiffusionSDXL
from semdraw.compat.util import to_tensor
from semdraw.scene import Recipe
from tests.compat.toys import SIDE, box, left_half, plain, toy
from tests.toy import ToyModel

__all__ = ["toy"]


def drawn(recipe: Recipe, guidance_rescale: float) -> Image.Image:
    smd = StableMultiDiffusionSDXLPipeline("cpu", method=recipe.method)
    smd.recipe = recipe
    return smd("red", masks=[left_half()], height=SIDE, width=SIDE, guidance_rescale=guidance_rescale)


@pytest.mark.parametrize(
    ("recipe", "asked", "told"),
    [
        (Recipe(), 0.5, "method 'exact' does not rescale"),
        (
            Recipe(method="published", sampler="euler_trailing"),
            0.0,
            r"'published' rescales guided predictions by 0\.7",
        ),
        (Recipe(method="published"), 0.5, "method 'published' does not rescale"),
    ],
)
def test_a_share_of_rescaling_that_is_not_the_method_s_is_told_with_its_own(
    toy: ToyModel, recipe: Recipe, asked: float, told: str
) -> None:
    with pytest.warns(UserWarning, match=rf"guidance_rescale={asked} changes nothing here: .*{told}"):
        drawn(recipe, asked)


@pytest.mark.parametrize(
    ("recipe", "asked"),
    [(Recipe(), 0.0), (Recipe(), 0.7), (Recipe(method="published", sampler="euler_trailing"), 0.7)],
)
def test_the_default_and_what_is_done_anyway_are_not_told(
    toy: ToyModel, recipe: Recipe, asked: float
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        drawn(recipe, asked)


@pytest.mark.parametrize(("number", "steps"), [(50, 4), (8, 8)])
def test_a_stream_without_a_list_takes_as_many_steps_as_it_is_told(
    toy: ToyModel, number: int, steps: int
) -> None:
    stream = StreamMultiDiffusionSDXL("cpu", width=SIDE, height=SIDE, num_inference_steps=number)
    weights, *_ = stream.process_mask(left_half())
    assert weights.shape[1] == steps


def test_a_list_of_the_recipe_lies_on_the_grid_that_a_stream_is_told(
    toy: ToyModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = Recipe(step_indices=(0, 4, 12))

    def opened(_: Any) -> Any:
        return toy, recipe

    monkeypatch.setattr("semdraw.compat.streams.opened", opened)
    stream = StreamMultiDiffusionSDXL("cpu", width=SIDE, height=SIDE, num_inference_steps=20)
    assert (stream.recipe.step_indices, stream.recipe.grid_steps) == ((0, 4, 12), 20)


@pytest.mark.parametrize(
    ("method", "alpha", "left"), [("published", 0.0, 1), ("exact", 0.0, 1), ("exact", 0.25, 0.25)]
)
def test_the_blurred_masks_are_those_that_the_weights_are_made_of(
    toy: ToyModel, method: Any, alpha: float, left: float
) -> None:
    """A cover of 0 covers nothing."""
    smd = StableMultiDiffusionSDXLPipeline("cpu", method=method, mask_type="continuous", default_mask_std=0.0)
    masks = torch.stack([box(0, 0, SIDE, SIDE), left_half()])
    weights, blurred, _ = smd.process_mask(masks, height=SIDE, width=SIDE, preprocess_mask_cover_alpha=alpha)
    assert blurred[0, 0, 0, 0] == pytest.approx(left)
    assert (weights[0, 0, 0, 0, 0] > 0) == (left == 1)
    assert weights[0, 0, 0, 0, -1] > 0, "what nothing covers takes part"


def test_the_latent_of_a_background_is_never_that_of_the_picture_before(toy: ToyModel) -> None:
    stream = StreamMultiDiffusionSDXL("cpu", width=SIDE, height=SIDE)
    for color in ("red", "blue"):
        stream.update_background(plain(color))
        assert stream.background.latent is None
        stream.update_single_layer(0, prompt="green", mask=left_half())
        stream()
        held = stream.background
        assert held.latent is not None
        assert torch.allclose(held.latent, stream.encode_imgs(to_tensor(held.image)[None]))
    stream.update_background(prompt="sea")
    assert stream.background.latent is not None, "the picture is the same"
