"""What the published code draws wrongly without a word: first steps, backgrounds, chance."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

import semdraw.stream as stream_module
from semdraw.bootstrap import roll, without_leak
from semdraw.compat.data import BackgroundObject
from semdraw.methods import EXACT
from semdraw.rasters import Picture
from semdraw.regions import Regions, compile_regions
from semdraw.rows import INCOMING, gather
from semdraw.scene import ImageBackground
from tests.compat.fault import Bench, row
from tests.compat.toy_scenes import compiled, fly
from tests.compat.toys import SIDE, box, color_at, left_half, plain

LEFT, RIGHT = (16, 64), (SIDE - 16, 64)
CORNER = box(0, 0, 48, 48)


# ---- bootstrapping ----
def leaks_are_given_back(bench: Bench) -> None:
    """A region that draws nothing but the ground it was shown keeps none of it."""
    smd = bench.pipeline(default_bootstrap_steps=4, default_boostrap_mix_steps=4)
    picture = bench.draw(smd, "white", masks=[left_half()], background=plain("red"), do_blend=False)
    assert color_at(picture, *LEFT) == "red"


def _against_noise(weight: Tensor, drawn: Tensor, ground: Tensor, sensitivity: float) -> Tensor:
    return without_leak(weight, drawn, ground + 1.5, sensitivity)


def late_steps_stay_in_place(bench: Bench) -> None:
    regions = compiled(bench, ("red", CORNER), bootstrap_steps=1)
    last = len(regions.schedule) - 1
    assert [row.by for row in gather([fly(bench, regions, last)], regions)] == [(0, 0)]
    assert regions.regions[0].places[0].centring[last] != (0, 0), "it would have somewhere to go"


def nothing_wraps_around(bench: Bench) -> None:
    """Cells that come in while a region is centred are ground under noise of their own."""
    regions = compiled(bench, ("red", CORNER), bootstrap_steps=2)
    flight = fly(bench, regions, 0)
    (row,) = gather([flight], regions)
    alpha, sigma = regions.schedule.alpha[0], regions.schedule.sigma[0]
    incoming = alpha * regions.ground.plain + sigma * flight.field(INCOMING)
    assert row.by[0] > 0
    assert torch.allclose(row.latents[..., : row.by[0]], incoming[..., : row.by[0]])


def _rolled(values: Tensor, by: tuple[int, int], *, fill: Tensor) -> Tensor:
    return roll(values, by)


def what_lies_behind_is_noised_once(bench: Bench) -> None:
    regions = compiled(bench, ("red", CORNER), background="blue", bootstrap_steps=2, bootstrap_mix=0.0)
    flight = fly(bench, regions, 1)
    row = next(row for row in gather([flight], regions) if row.region is not None)
    seen = stream_module.shift(row.latents, (-row.by[0], -row.by[1]), fill=flight.latents)
    assert torch.allclose(seen, flight.latents)


def _behind_noised_twice(_: Any) -> Any:
    return replace(EXACT, is_behind_noised_twice=True)


# ---- what lies behind ----
def a_known_background_comes_back(bench: Bench) -> None:
    """Its latents, not its pixels: nothing is blended over them."""
    recipe = {"bootstrap_steps": 2, "blend": False}
    background = ImageBackground(picture=_navy())
    regions = compiled(bench, ("red", left_half()), background=background, **recipe)
    half = SIDE // 16
    for step in (2, len(regions.schedule)):
        clean = fly(bench, regions, step).clean
        assert torch.allclose(clean[..., half:], regions.ground.rest[..., half:], atol=1e-4)  # pyright: ignore


def _navy() -> Any:
    return Picture.from_array(np.asarray(plain("navy")))


def _rest_again(_: Any) -> Any:
    return replace(EXACT, rest="again")


def _rest_of_zeros(*told: Any) -> tuple[Tensor, Tensor]:
    zeros = torch.zeros_like(told[0].latents)
    return zeros, zeros


def bare_canvas_is_white(bench: Bench) -> None:
    assert (
        color_at(bench.draw(bench.pipeline(), "red", masks=[left_half()], do_blend=False), *RIGHT) == "white"
    )


def a_new_background_reaches_the_layers(bench: Bench) -> None:
    """Prompt strength leads towards the background's words, whatever they are at the time."""
    stream = bench.stream(default_prompt_strength=0.4)
    stream.update_background(prompt="green")
    stream.update_single_layer(prompt="red", mask=left_half())
    assert color_at(stream(), *LEFT) == "green"
    stream.update_background(prompt="blue")
    assert color_at(stream(), *LEFT) == "blue"


def _kept_words(self: Any, image: Any = None, prompt: Any = None, negative_prompt: Any = None) -> bool:
    if self._background.prompt:
        return True
    held = BackgroundObject(image or self._background.image, prompt or "", "")
    self._background, self._is_current, self._is_flushed = held, False, False
    return True


def no_change_leaves_a_flush_needed(bench: Bench) -> None:
    stream = bench.stream()
    stream.update_single_layer(prompt="red", mask=left_half())
    stream.update_background()
    assert stream.is_flush_needed


def _flushed(self: Any, *_: Any, **__: Any) -> bool:
    if self._background.is_empty:
        self._background = BackgroundObject(plain(), "", "")
    self._is_flushed = True
    return False


def white_is_encoded_once(bench: Bench) -> None:
    stream = bench.stream()
    stream.update_single_layer(prompt="red", mask=left_half())
    counted: list[int] = []
    encode = bench.toy.encode_image
    bench.toy.encode_image = lambda pixels: counted.append(1) or encode(pixels)  # pyright: ignore
    try:
        for _ in range(3):
            stream()
    finally:
        bench.toy.encode_image = encode
    assert len(counted) == 2, "the background and the ground"


def _compiled_anew(self: Any) -> Any:
    self._regions = compile_regions(self._scene(), self.model)
    return self._regions


# ---- chance ----
def frames_repeat_by_their_seed(bench: Bench) -> None:
    def frames() -> list[bytes]:
        stream = bench.tiny_stream("sd", seed=3)
        stream.update_single_layer(prompt="a boat", mask=box(8, 8, 56, 56, side=64))
        return [stream(no_decode=True).numpy().tobytes() for _ in range(2)]

    assert frames() == frames()


def _unseeded(regions: Regions, model: Any, **_: Any) -> Any:
    shape = (model.spec.latent_channels, *regions.seeds.shape)
    return lambda _: torch.randn(shape, generator=_CHANCE)  # pyright: ignore


_CHANCE = torch.Generator()


def _yes(*_: Any) -> bool:
    return True


DRAWING = (
    row("leak removal finds nothing", leaks_are_given_back, "bootstrap.without_leak", _against_noise),
    row("late steps are centred", late_steps_stay_in_place, "regions.Regions.is_bootstrap", _yes),
    row("a shift wraps around", nothing_wraps_around, "bootstrap.shift", _rolled),
    row(
        "what lies behind is noised twice",
        what_lies_behind_is_noised_once,
        "methods.method_of",
        _behind_noised_twice,
    ),
    row("a background is noised again", a_known_background_comes_back, "methods.method_of", _rest_again),
    row("a background ends in zeros", a_known_background_comes_back, "stream._rest", _rest_of_zeros),
    row("bare canvas is grey", bare_canvas_is_white, "stream._rest", _rest_of_zeros),
    row(
        "a new background leaves the layers",
        a_new_background_reaches_the_layers,
        "compat.held.Held.update_background",
        _kept_words,
    ),
    row(
        "no change counts as flushed",
        no_change_leaves_a_flush_needed,
        "compat.held.Held.update_background",
        _flushed,
    ),
    row(
        "white is encoded at every call", white_is_encoded_once, "compat.held.Held._compiled", _compiled_anew
    ),
    row("frames are not seeded", frames_repeat_by_their_seed, "rows.noise_field", _unseeded),
)
