"""The published helpers."""

from __future__ import annotations

import random
import threading

import numpy as np
import pytest
import torch
from PIL import Image

from semdraw.compat import preprocess_prompt, preprocess_prompts, print_prompts
from semdraw.compat.arguments import numbers, texts
from semdraw.compat.ipython_util import dispt
from semdraw.compat.util import (
    Streamer,
    blend,
    gaussian_lowpass,
    get_panorama_views,
    seed_everything,
    shift_to_mask_bbox_center,
)
from semdraw.errors import UsageError
from semdraw.masks import soften
from semdraw.models.device import device_name


@pytest.mark.parametrize(
    ("given", "name"),
    [
        (0, "cuda:0"),
        (3, "cuda:3"),
        (-1, "cpu"),
        ("-1", "cpu"),
        ("1", "cuda:1"),
        ("cuda:1", "cuda:1"),
        (torch.device("cpu"), "cpu"),
        ("mps", "mps"),
        (None, None),
    ],
)
def test_a_device_may_be_a_number_a_name_or_torchs_own(given: object, name: str | None) -> None:
    assert device_name(given) == name


def test_one_value_stands_for_all_and_a_wrong_count_is_told() -> None:
    assert texts("a", 3, "prompts") == ["a", "a", "a"] == texts(["a"], 3, "prompts")
    assert numbers(torch.tensor(0.5), 2, "stds", default=1) == [0.5, 0.5]
    assert numbers(torch.tensor([0.5, 1.0]), 2, "stds", default=1) == [0.5, 1.0]
    assert numbers(None, 2, "stds", default=1) == [1.0, 1.0]
    with pytest.raises(UsageError, match="stds is one value for all or one each of 3, got 2"):
        numbers([1, 2], 3, "stds", default=1)


def test_seed_everything_repeats_every_source_of_chance() -> None:
    def drawn() -> tuple[float, float, float]:
        seed_everything(7)
        return random.random(), float(np.random.rand()), float(torch.rand(()))

    assert drawn() == drawn()


def test_a_blur_keeps_what_is_plain_and_spreads_what_is_not() -> None:
    dot = torch.zeros(2, 1, 33, 33)
    dot[:, :, 16, 16] = 1
    blurred = gaussian_lowpass(dot, torch.tensor([2.0, 4.0]))
    assert torch.allclose(gaussian_lowpass(torch.full((1, 3, 9, 9), 0.3), 2.5), torch.full((1, 3, 9, 9), 0.3))
    assert blurred[0, 0, 16, 16] == pytest.approx(1 / (2 * torch.pi * 4), rel=0.02)
    assert blurred[1, 0, 16, 16] == pytest.approx(1 / (2 * torch.pi * 16), rel=0.02)
    assert torch.equal(gaussian_lowpass(dot, 0.0), dot)


def test_cutoff_and_scale_say_the_same_as_a_std() -> None:
    noise = torch.rand(1, 1, 16, 16)
    by_std = gaussian_lowpass(noise, 0.5 / (torch.pi * 0.1))
    assert torch.allclose(gaussian_lowpass(noise, cutoff=0.1), by_std)
    assert torch.allclose(gaussian_lowpass(noise, scale=5.0), by_std)
    with pytest.raises(UsageError, match="std, cutoff and scale"):
        gaussian_lowpass(noise)


def test_blend_takes_dark_pixels_of_a_picture_and_ones_of_a_tensor_as_the_mask() -> None:
    red, blue = Image.new("RGB", (8, 8), "red"), Image.new("RGB", (8, 8), "blue")
    dark_left = Image.new("L", (8, 8), 255)
    dark_left.paste(0, (0, 0, 4, 8))
    ones_left = torch.zeros(1, 8, 8)
    ones_left[..., :4] = 1
    for mask in (dark_left, ones_left):
        picture = blend(red, blue, mask)
        assert picture.getpixel((0, 0)) == (255, 0, 0)
        assert picture.getpixel((7, 0)) == (0, 0, 255)
    soft = blend(red, blue, ones_left, std=1.0).getpixel((4, 4))
    assert isinstance(soft, tuple)
    assert 0 < soft[0] < 255


@pytest.mark.parametrize(
    "size", [(48, 240), (64, 256), (100, 100), (20, 200), (64, 65), (1, 300)], ids=lambda size: f"{size}"
)
def test_panorama_views_cover_every_canvas_with_whole_windows_whose_weights_sum_to_one(
    size: tuple[int, int],
) -> None:
    views, weights = get_panorama_views(*size, window_size=64)
    assert weights.shape == (1, len(views), *size)
    assert torch.allclose(weights.sum(dim=1), torch.ones(1, *size), atol=1e-5)
    for (top, bottom, left, right), weight in zip(views, weights[0], strict=True):
        assert (bottom - top, right - left) == (min(64, size[0]), min(64, size[1]))
        outside = weight.clone()
        outside[top:bottom, left:right] = 0
        assert not outside.any()


def test_a_shift_centres_a_mask_and_brings_it_back_without_wrapping() -> None:
    mask = torch.zeros(2, 1, 16, 16)
    mask[0, :, 1:5, 9:15] = 1
    picture = torch.rand(2, 3, 16, 16)
    centred = shift_to_mask_bbox_center(mask, mask, reverse=True)
    assert centred[0, 0, 6:10, 5:11].all()
    assert centred[0].sum() == mask[0].sum()
    there = shift_to_mask_bbox_center(picture, mask, reverse=True)
    back = shift_to_mask_bbox_center(there, mask)
    assert torch.equal(back[0][:, 1:5, 9:15], picture[0][:, 1:5, 9:15])
    assert not there[0][:, :4].any(), "what comes in is empty"
    assert torch.equal(there[1], picture[1]), "an empty mask moves nothing"


def test_a_streamer_calls_ahead_and_hands_on_what_was_raised() -> None:
    gate, calls = threading.Event(), iter(range(10))

    def slow() -> int:
        number = next(calls)
        if number == 1:
            assert gate.wait(10)
        if number == 2:
            raise ValueError("number two")
        return number

    streamer = Streamer(slow)
    assert streamer() == 0
    assert streamer() == 0, "the second is not ready, the first is shown again"
    gate.set()
    streamer.future.exception(10)
    assert streamer() == 1
    streamer.future.exception(10)
    with pytest.raises(ValueError, match="number two"):
        streamer()
    assert streamer.throughput > 0
    streamer.close()


def test_a_prompt_gets_the_words_of_quality_then_style() -> None:
    prompts, negatives = preprocess_prompts(["a dog", ""], ["cats", ""], style_name="Pixel art")
    assert prompts[0].startswith("a dog, best quality")
    assert "pixel art" in prompts[0].split("best quality")[1]
    assert prompts[1] == "", "nothing is put around nothing"
    assert negatives[0].endswith("cats")
    assert preprocess_prompt("a {dog}", style_name="(None)") == ("a {dog}", "")


def test_an_unknown_style_is_told_with_those_there_are() -> None:
    with pytest.raises(UsageError, match=r"no style 'Baroque'; there are .*Manga"):
        preprocess_prompts(["a dog"], style_name="Baroque")


def test_print_prompts_numbers_what_it_shows(capsys: pytest.CaptureFixture[str]) -> None:
    print_prompts(["sea", "boat"], "fog", has_background=True)
    said = capsys.readouterr().out
    assert said == "Background Prompt: sea\nPrompt1: boat\nBackground Negative Prompt: fog\n"


@pytest.mark.parametrize(
    ("shape", "size"),
    [({}, (3 * 8, 8)), ({"row": 3}, (8, 3 * 8)), ({"row": -1, "col": 2}, (2 * 8, 2 * 8))],
    ids=["row", "column", "grid"],
)
def test_dispt_puts_pictures_side_by_side(shape: dict[str, int], size: tuple[int, int]) -> None:
    grid = dispt([torch.rand(8, 8), torch.rand(3, 8, 8), torch.rand(1, 3, 8, 8)], **shape)
    assert grid is not None
    assert grid.size == size


def test_a_blur_of_the_helpers_is_that_of_the_masks() -> None:
    mask = torch.rand(1, 40, 24)
    assert torch.equal(gaussian_lowpass(mask[None], 2.5)[0], soften(mask, 2.5))
