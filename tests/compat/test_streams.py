"""The rules of the streams: what waits, what wins, what a layer keeps."""

from __future__ import annotations

import threading
from typing import Any

import pytest
import torch
from PIL import Image

from semdraw.compat import BackgroundObject, LayerObject, StreamMultiDiffusion
from semdraw.compat.requests import Requests
from semdraw.errors import UsageError
from tests.compat.toys import SIDE, box, color_at, left_half, plain, right_half, toy
from tests.toy import ToyModel

__all__ = ["toy"]


def stream_of(**settings: Any) -> StreamMultiDiffusion:
    """A stream with a white background and hard masks."""
    stream = StreamMultiDiffusion(
        "cpu", width=SIDE, height=SIDE, default_mask_std=0.0, default_prompt_strength=1.0, **settings
    )
    stream.update_background(plain())
    return stream


def two_layers(**settings: Any) -> StreamMultiDiffusion:
    stream = stream_of(**settings)
    stream.update_layers(["red", "blue"], masks=torch.stack([left_half(), right_half()]))
    return stream


def colors(picture: Image.Image) -> tuple[str, str]:
    return color_at(picture, 16, 64), color_at(picture, SIDE - 16, 64)


def test_a_stream_that_is_not_ready_says_what_is_missing(toy: ToyModel) -> None:
    stream = StreamMultiDiffusion("cpu", width=SIDE, height=SIDE)
    with pytest.warns(UserWarning, match="background_registered and layers_ready"):
        assert stream() is None
    with pytest.warns(UserWarning, match="update_background first"):
        stream.update_single_layer(prompt="red", mask=left_half())
    assert stream.num_layers == 0
    stream.update_background(plain())
    assert stream.has_background
    assert not stream.is_ready
    stream.update_single_layer(prompt="red", mask=left_half())
    assert stream.is_ready_except_flush
    assert stream.is_flush_needed
    assert isinstance(stream(), Image.Image)
    assert stream.is_ready


def test_layers_are_drawn_where_their_masks_are(toy: ToyModel) -> None:
    assert colors(two_layers()()) == ("red", "blue")


def test_a_stream_may_begin_with_a_layer_that_is_the_background(toy: ToyModel) -> None:
    stream = stream_of(bootstrap_steps=2, bootstrap_mix_steps=1.5)
    object_ = box(32, 32, 96, 96)
    stream.update_single_layer(idx=0, prompt="blue", mask=object_ == 0, mask_std=0.0, mask_strength=1.0)
    stream.update_single_layer(idx=1, prompt="red", mask=object_, mask_std=0.0, mask_strength=1.0)
    picture = stream()
    assert color_at(picture, 64, 64) == "red"
    assert {color_at(picture, 8, 8), color_at(picture, 120, 120)} == {"blue"}


def test_pictures_of_a_stream_differ_and_begin_again_with_the_seed(model_stream: Any) -> None:
    first, second = model_stream.latents(), model_stream.latents()
    assert not torch.equal(first, second)
    model_stream.stream.reset_seed()
    assert torch.equal(model_stream.latents(), first)
    model_stream.stream.reset_seed(seed=5)
    assert not torch.equal(model_stream.latents(), first)
    model_stream.stream.reset_seed(torch.Generator().manual_seed(2024))
    assert torch.equal(model_stream.latents(), first)


def test_a_layer_without_a_mask_is_blank_until_it_gets_one(toy: ToyModel) -> None:
    stream = stream_of()
    stream.update_single_layer(prompt="red")
    stream.update_single_layer(prompt="blue", mask=right_half())
    assert colors(stream()) == ("white", "blue")
    stream.update_single_layer(0, mask=left_half())
    assert colors(stream()) == ("red", "blue")


def test_an_index_beyond_the_layers_appends_and_needs_a_prompt(toy: ToyModel) -> None:
    stream = two_layers()
    with pytest.warns(UserWarning, match="a new layer needs a prompt"):
        stream.update_single_layer(idx=7, mask=left_half())
    stream.update_single_layer(idx=-1, prompt="green", mask=left_half())
    assert stream.num_layers == 3
    assert colors(stream()) == ("green", "blue")


def test_an_edit_keeps_what_it_does_not_mention(toy: ToyModel) -> None:
    stream = two_layers()
    stream.update_single_layer(0, prompt="green", mask_strength=0.999)
    (first, _) = stream.layers
    assert (first.prompt, first.strength, first.std_px) == ("green", 0.999, 0.0)
    assert colors(stream()) == ("green", "blue")


def test_fewer_masks_than_prompts_are_filled_up_and_more_are_left_out(toy: ToyModel) -> None:
    stream = stream_of()
    with pytest.warns(UserWarning, match="1 masks for 2 prompts: blank ones are added"):
        stream.update_layers(["red", "blue"], masks=left_half())
    assert colors(stream()) == ("red", "white")
    with pytest.warns(UserWarning, match="2 masks for 1 prompts: the last ones are left out"):
        stream.update_layers("red", masks=[left_half(), right_half()])
    assert colors(stream()) == ("red", "white")


def test_new_masks_act_without_a_flush(toy: ToyModel) -> None:
    stream = two_layers()
    stream()
    before = sum(toy.calls)
    stream.update_masks(torch.stack([right_half(), left_half()]))
    assert not stream.is_flush_needed
    assert colors(stream()) == ("blue", "red")
    assert len(toy.calls) > 0
    assert sum(toy.calls) > before


def test_a_suffix_follows_the_background_whatever_it_becomes(toy: ToyModel) -> None:
    stream = stream_of()
    stream.update_background(prompt="sea")
    stream.update_single_layer(prompt="boat", suffix=" on the ", mask=left_half())
    assert stream.prompts == ["boat on the sea"]
    stream.update_background(prompt="lake")
    assert stream.prompts == ["boat on the lake"]
    assert stream.is_flush_needed


def test_no_change_of_the_background_leaves_a_flush_that_is_needed(toy: ToyModel) -> None:
    stream = two_layers()
    assert stream.is_flush_needed
    assert not stream.update_background()
    assert stream.is_flush_needed


def test_words_alone_make_a_background(toy: ToyModel) -> None:
    stream = StreamMultiDiffusion("cpu", width=SIDE, height=SIDE, default_mask_std=0.0)
    assert stream.update_background(prompt="green")
    stream.update_single_layer(prompt="red", mask=left_half(), prompt_strength=1.0)
    assert colors(stream()) == ("red", "green")


def test_requests_wait_until_the_next_picture(toy: ToyModel) -> None:
    stream = two_layers()
    assert colors(stream()) == ("red", "blue")
    stream.update(idx=0, prompt="green")
    assert stream.is_dirty
    assert stream.prompts[0] == "red"
    assert colors(stream()) == ("green", "blue")
    assert not stream.is_dirty


def test_a_queue_alone_can_set_up_a_stream(toy: ToyModel) -> None:
    stream = StreamMultiDiffusion("cpu", width=SIDE, height=SIDE, default_mask_std=0.0)
    stream.update(background=plain(), idx=0, prompt="red", mask=left_half())
    assert colors(stream()) == ("red", "white")


def test_the_newest_request_for_a_layer_wins_and_keeps_what_it_leaves_open() -> None:
    queue = Requests(capacity=8)
    mask = left_half()
    queue.put_layer(LayerObject(idx=0, prompt="red", mask=mask, mask_std=2.0))
    queue.put_layer(LayerObject(idx=1, prompt="blue"))
    queue.put_layer(LayerObject(idx=0, prompt="green", mask_std=4.0))
    _, (other, newest) = queue.take()
    assert (other.idx, other.prompt) == (1, "blue")
    assert (newest.prompt, newest.mask_std) == ("green", 4.0)
    assert newest.mask is mask
    assert queue.is_empty


def test_two_requests_for_new_layers_are_two_layers(toy: ToyModel) -> None:
    stream = stream_of()
    stream.update(prompt="red", mask=left_half())
    stream.update(prompt="blue", mask=right_half())
    assert colors(stream()) == ("red", "blue")


def test_a_later_prompt_does_not_lose_a_picture_that_waits() -> None:
    queue = Requests(capacity=8)
    queue.put_background(BackgroundObject(image=plain()))
    queue.put_background(BackgroundObject(prompt="sea"))
    background, _ = queue.take()
    assert background is not None
    assert background.prompt == "sea"
    assert background.image is not None


def test_a_suffix_alone_is_a_request() -> None:
    assert not LayerObject(idx=0, suffix=", at sea").is_empty
    assert LayerObject(idx=0).is_empty


def test_a_full_queue_says_what_it_drops() -> None:
    queue = Requests(capacity=1)
    queue.put_layer(LayerObject(idx=0, prompt="red"))
    with pytest.warns(UserWarning, match="1 requests wait already; left out: LayerObject.*blue"):
        queue.put_layer(LayerObject(idx=1, prompt="blue"))
    queue.put_layer(LayerObject(idx=0, prompt="green"))
    _, layers = queue.take()
    assert [layer.prompt for layer in layers] == ["green"]


def test_register_all_sets_up_everything(toy: ToyModel) -> None:
    stream = StreamMultiDiffusion("cpu", width=SIDE, height=SIDE)
    stream.register_all(["red", "blue"], [left_half(), right_half()], plain(), mask_stds=0.0)
    assert colors(stream()) == ("red", "blue")


def test_a_new_state_is_an_empty_stream(toy: ToyModel) -> None:
    stream = two_layers()
    stream()
    stream.reset_state()
    assert (stream.num_layers, stream.has_background, stream.is_ready) == (0, False, False)


def test_masks_in_pictures_are_dark_where_painted_and_never_cut(toy: ToyModel) -> None:
    stream = stream_of()
    grey = Image.new("L", (SIDE, SIDE), 255)
    grey.paste(0, (0, 0, SIDE // 2, SIDE))
    grey.paste(204, (SIDE // 2, 0, SIDE, SIDE))
    weights, strengths, stds, original = stream.process_mask(grey)
    assert original[0, 0, 0, 0] == 1
    assert original[0, 0, 0, -1] == pytest.approx(0.2, abs=0.01)
    assert (strengths.tolist(), stds.tolist()) == ([1.0], [0.0])
    assert weights.shape == (1, 4, 1, SIDE // 8, SIDE // 8)


@pytest.mark.parametrize("cfg_type", ["none", "full", "self", "initialize"])
def test_every_kind_of_guidance_draws(toy: ToyModel, cfg_type: str) -> None:
    stream = two_layers(cfg_type=cfg_type, guidance_scale=1.5)
    stream.update_single_layer(0, negative_prompt="green")
    stream.update_single_layer(2, prompt="green", mask=box(48, 48, 80, 80))
    assert colors(stream()) == ("red", "blue")


def test_unknown_settings_are_told_with_the_known_ones(toy: ToyModel) -> None:
    with pytest.raises(UsageError, match="cfg_type is none, full, self, initialize; got 'half'"):
        stream_of(cfg_type="half")
    with pytest.raises(UsageError, match=r"sd_version is 1\.5 here, got 'xl'"):
        stream_of(sd_version="xl")
    with pytest.warns(UserWarning, match="frame_buffer_size=2 changes nothing"):
        stream_of(frame_buffer_size=2)


def test_edits_may_come_from_another_thread(toy: ToyModel) -> None:
    stream = two_layers()
    done = threading.Event()

    def edit() -> None:
        for number in range(20):
            stream.update_masks(
                torch.stack([left_half(), right_half()] if number % 2 else [right_half()] * 2)
            )
            stream.update_single_layer(0, prompt="green" if number % 3 else "red")
            stream.update(idx=1, prompt="blue")
        done.set()

    painter = threading.Thread(target=edit)
    painter.start()
    while not done.is_set():
        assert isinstance(stream(), Image.Image)
    painter.join()


class Drawing:
    """A stream on a tiny network, whose pictures depend on their noise."""

    def __init__(self, folder: str) -> None:
        self.stream = StreamMultiDiffusion("cpu", hf_key=folder, width=64, height=64, use_tiny_vae=False)
        self.stream.update_background(plain(side=64))
        self.stream.update_single_layer(prompt="a dog", mask=box(8, 8, 56, 56, side=64), mask_std=0.0)

    def latents(self) -> torch.Tensor:
        return self.stream(no_decode=True)


@pytest.fixture(scope="session")
def model_stream(checkpoints: dict[str, Any]) -> Drawing:
    return Drawing(str(checkpoints["sd"]))
