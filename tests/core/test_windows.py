"""A region may run in a window around its mask: cheaper, and the size that a small model draws best."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from semdraw.geometry import Bounds, Extent
from semdraw.models.base import Rows
from semdraw.regions import compile_regions
from semdraw.still import denoise_steps, generate
from semdraw.stream import StreamState, stream_step
from semdraw.windows import box_of, crop, paste, window_around
from tests.core.test_stream import EXTENT, LEFT, RIGHT, color_at, scene_of
from tests.toy import ToyModel

CANVAS = Extent(32, 24)


@given(st.integers(0, 31), st.integers(0, 23), st.integers(1, 32), st.integers(1, 24), st.integers(1, 40))
def test_a_window_holds_its_box_and_lies_on_the_canvas(
    x: int, y: int, width: int, height: int, side: int
) -> None:
    box = Bounds(x, y, min(width, 32 - x), min(height, 24 - y))
    window = window_around(box, CANVAS, side=side, multiple=4)
    assert window.is_within(CANVAS)
    assert window.x <= box.x
    assert window.y <= box.y
    assert box.x + box.width <= window.x + window.width
    assert box.y + box.height <= window.y + window.height
    assert window.width % 4 == 0 or window.width == CANVAS.width
    assert window.width >= min(side, CANVAS.width)


def test_side_zero_is_the_whole_canvas() -> None:
    assert window_around(Bounds(3, 3, 2, 2), CANVAS, side=0, multiple=4) == Bounds(0, 0, 32, 24)


def test_what_is_cropped_goes_back_to_its_place() -> None:
    values, window = torch.randn(3, 24, 32), Bounds(5, 7, 8, 12)
    back = paste(crop(values, window), window, values)
    assert torch.equal(crop(back, window), crop(values, window))
    assert back.count_nonzero() == 3 * 8 * 12
    assert box_of(back[0] != 0) == window


def sizes(model: ToyModel, window_px: int | None) -> list[tuple[int, ...]]:
    """The shapes of all rows that a picture sends to the network."""
    seen: list[tuple[int, ...]] = []
    predict = model.predict

    def watched(rows: Rows) -> torch.Tensor:
        seen.extend(tuple(row.shape[-2:]) for row in rows.latents)
        return predict(rows)

    model.predict = watched  # type: ignore[method-assign]
    generate(model, scene_of(window_px=window_px))
    return seen


def test_rows_in_windows_cost_their_own_area_and_the_background_the_canvas() -> None:
    assert sorted(set(sizes(ToyModel(), 64))) == [(8, 8), (9, 9), (16, 16)]
    assert set(sizes(ToyModel(), 0)) == {(16, 16)}


def test_a_recipe_that_does_not_say_takes_the_window_of_the_model() -> None:
    model = ToyModel()
    model.spec = replace(model.spec, window_px=64)
    assert (8, 8) in sizes(model, None)
    assert set(sizes(model, 0)) == {(16, 16)}


@pytest.mark.parametrize("bootstrap_steps", [0, 1, 2])
def test_each_region_is_painted_with_its_own_prompt_in_its_window(bootstrap_steps: int) -> None:
    picture = generate(ToyModel(), scene_of(window_px=64, bootstrap_steps=bootstrap_steps))
    assert color_at(picture, LEFT.x + 20, LEFT.y + 32) == pytest.approx((242, 13, 13), abs=6)
    assert color_at(picture, RIGHT.x + 24, RIGHT.y + 36) == pytest.approx((13, 13, 242), abs=6)
    assert color_at(picture, 56, 116) == pytest.approx((13, 242, 13), abs=6)


def test_the_stream_equals_generate_in_windows_too() -> None:
    model = ToyModel()
    model.spoil = lambda output: 0.9 * output
    regions = compile_regions(scene_of(window_px=64, softness_px=8.0), model)
    still = list(denoise_steps(regions, model))[-1].latents
    state, landed = StreamState(), None
    while landed is None:
        state, landed = stream_step(state, regions, model)
    torch.testing.assert_close(landed, still, atol=1e-4, rtol=0)
    assert regions.seeds.shape == EXTENT.cells(8).shape


def test_a_model_may_add_to_the_prompts_of_regions_but_not_to_the_background() -> None:
    model = ToyModel()
    model.spec = replace(model.spec, region_suffix="!")
    asked: list[str] = []
    encode = model.encode_prompt
    model.encode_prompt = lambda prompt: (asked.append(prompt), encode(prompt))[1]  # type: ignore[method-assign]
    compile_regions(scene_of(), model)
    assert sorted(asked) == ["blue!", "green", "red!"]
