"""What is larger than the tile of a model is drawn in tiles: half overlapping, never cut, their seams invisible."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from semdraw.geometry import Bounds, Extent
from semdraw.models.base import DiffusionModel, Rows
from semdraw.models.registry import load_model
from semdraw.regions import Regions, compile_regions
from semdraw.scene import (
    Background,
    Brush,
    Canvas,
    ColorBackground,
    Layer,
    PromptBackground,
    Recipe,
    Sampler,
    Scene,
)
from semdraw.still import denoise_steps, generate
from semdraw.stream import StreamState, stream_step
from semdraw.windows import crop, paste, tiled
from tests.core.test_stream import scene_of
from tests.scenes import box
from tests.tiny import FamilyName, write_checkpoint
from tests.toy import ToyModel

WIDE = Extent(1920, 768)


@settings(max_examples=40)
@given(st.integers(1, 150), st.integers(1, 90), st.integers(6, 64))
def test_tiles_lie_inside_overlap_by_half_and_their_shares_sum_to_one(
    width: int, height: int, tile: int
) -> None:
    area = Bounds(3, 5, width, height)
    views = tiled(area, tile)
    total = torch.zeros(1, height + 5, width + 3)
    for view in views:
        assert (view.window.width, view.window.height) == (min(tile, width), min(tile, height))
        share = torch.ones(1, view.window.height, view.window.width) if view.share is None else view.share
        total += paste(share, view.window, total)
        assert (view.told.x, view.told.y) == (view.window.x - 3, view.window.y - 5)
        assert view.told[2:] == (width, height)
    torch.testing.assert_close(crop(total, area), torch.ones(1, height, width), atol=1e-6, rtol=0)
    lefts = sorted({view.window.x for view in views})
    assert all(after - before <= tile // 2 for before, after in pairwise(lefts))


def test_an_area_no_larger_than_a_tile_is_one_view_without_a_share() -> None:
    for tile in (0, 32, 40):
        (view,) = tiled(Bounds(0, 0, 32, 20), tile)
        assert view.share is None
        assert view.window == view.told == Bounds(0, 0, 32, 20)


class Watched(ToyModel):
    """Keeps all rows that it was asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[Rows] = []

    def predict(self, rows: Rows) -> Tensor:
        self.asked.append(rows)
        return super().predict(rows)


def sky(extent: Extent, **recipe: object) -> Scene:
    """A background in words and nothing else."""
    background = PromptBackground(prompt="green")
    return Scene(canvas=Canvas(extent=extent, background=background), recipe=Recipe(**recipe))  # type: ignore[arg-type]


def test_the_same_answer_in_every_tile_leaves_no_seam() -> None:
    model = ToyModel()
    regions = compile_regions(sky(Extent(352, 208), tile_px=96), model)
    clean = list(denoise_steps(regions, model))[-1].clean
    wanted = model.encode_prompt("green").embeds.view(3, 1, 1).expand_as(clean)
    torch.testing.assert_close(clean, wanted, atol=1e-6, rtol=0)


def test_the_tiles_of_one_step_run_together_and_are_told_where_they_lie() -> None:
    model = Watched()
    generate(model, sky(Extent(160, 96), tile_px=96))
    assert model.calls == [3, 3, 3, 3]  # 0, 48, and 64 where 96 would stick out
    window = model.asked[0].window
    assert window is not None
    assert window.tolist() == [[0, 0, 160, 96], [48, 0, 160, 96], [64, 0, 160, 96]]


@pytest.mark.parametrize(("tile_px", "rows"), [(None, 1), (0, 1), (128, 1), (96, 4)])
def test_a_recipe_may_set_the_tile_or_forbid_it(tile_px: int | None, rows: int) -> None:
    model = ToyModel()
    generate(model, sky(Extent(128, 128), tile_px=tile_px, num_steps=1))
    assert model.calls == [rows]


def test_a_model_may_have_a_tile_of_its_own_that_a_small_canvas_does_not_notice() -> None:
    model, own = ToyModel(), ToyModel()
    own.spec = replace(own.spec, tile_px=128)
    model.spoil = own.spoil = lambda output: 0.9 * output
    assert generate(own, scene_of()) == generate(model, scene_of())
    assert own.calls == model.calls
    generate(own, sky(Extent(256, 128), num_steps=1))
    assert own.calls[-1] == 3


def test_a_small_region_on_a_large_canvas_is_one_row_and_tiles_without_it_are_left_out() -> None:
    extent = Extent(512, 128)
    model = Watched()
    masks = {"small": Bounds(300, 30, 60, 60), "large": Bounds(0, 0, 250, 128)}
    scene = Scene(
        canvas=Canvas(
            extent=extent,
            layers=tuple(Layer(brush_id=name, mask=box(extent, bounds)) for name, bounds in masks.items()),
            background=PromptBackground(prompt="green"),
        ),
        brushes=tuple(Brush(id=name, prompt="red", softness_px=0) for name in masks),
        recipe=Recipe(tile_px=128, num_steps=1, bootstrap_steps=0),
    )
    generate(model, scene)
    (rows,) = model.asked
    assert rows.window is not None
    told = Counter(tuple(row) for row in rows.window.tolist())
    # the background from 128 on: what lies before is covered; the large region in three tiles, the small one in one
    background = {(x, 0, 512, 128): 1 for x in (128, 192, 256, 320, 384)}
    assert told == background | {(x, 0, 256, 128): 1 for x in (0, 64, 128)} | {(0, 0, 128, 128): 1}


def nine_prompts(background: Background, sampler: Sampler) -> Scene:
    """Nine regions on 768x1920 px: a ribbon along the bottom that needs many tiles, and eight that need one."""
    boxes = [
        Bounds(0, 600, 1920, 168),
        *(Bounds(40 + 230 * n, 90 + 50 * (n % 5), 170, 150) for n in range(8)),
    ]
    layers = tuple(Layer(brush_id=f"b{n}", mask=box(WIDE, bounds)) for n, bounds in enumerate(boxes))
    brushes = tuple(Brush(id=f"b{n}", prompt=f"thing {n}", softness_px=0) for n in range(9))
    canvas = Canvas(extent=WIDE, layers=layers, background=background)
    return Scene(canvas=canvas, brushes=brushes, recipe=Recipe(sampler=sampler, num_steps=2, tile_px=192))


def check_that_the_stream_equals_the_still(regions: Regions, model: DiffusionModel, *, rows: int) -> None:
    *_, still = denoise_steps(regions, model)
    assert (still.latents.shape[-2:], still.rows) == ((96, 240), 2 * rows)
    assert bool(torch.isfinite(still.latents).all())
    state, landed = StreamState(), None
    while landed is None:
        state, landed = stream_step(state, regions, model)
    torch.testing.assert_close(landed, still.latents, atol=1e-4, rtol=0)


@pytest.mark.parametrize("family", ["sd", "sdxl", "sd3"])
def test_a_canvas_of_768_x_1920_with_nine_prompts_streams_as_it_is_drawn(
    family: FamilyName, tmp_path: Path
) -> None:
    tiny = "kl" if family == "sd3" else "tiny"
    model = load_model(
        str(write_checkpoint(tmp_path / family, family=family, autoencoder=tiny)), device="cpu"
    )
    assert model.spec.tile_px == {"sd": 768, "sdxl": 1024, "sd3": 1024}[family]
    scene = nine_prompts(ColorBackground(color="#445566"), "flow_lcm" if family == "sd3" else "lcm")
    check_that_the_stream_equals_the_still(compile_regions(scene, model), model, rows=19 + 8)


def test_a_background_in_words_is_tiled_too() -> None:
    model = ToyModel()
    model.spoil = lambda output: 0.9 * output
    regions = compile_regions(nine_prompts(PromptBackground(prompt="green"), "lcm"), model)
    check_that_the_stream_equals_the_still(regions, model, rows=19 + 8 + 19 * 7)


def test_sdxl_is_told_the_size_of_the_canvas_and_the_corner_of_the_tile(tmp_path: Path) -> None:
    model = load_model(str(write_checkpoint(tmp_path, family="sdxl", autoencoder="tiny")), device="cpu")
    told: list[list[float]] = []

    def listen(_: object, __: object, given: dict[str, Any]) -> None:
        told.extend(given["added_cond_kwargs"]["time_ids"].tolist())

    model.parts["unet"].register_forward_pre_hook(listen, with_kwargs=True)  # type: ignore[attr-defined]
    generate(model, sky(Extent(160, 96), tile_px=0, num_steps=1))
    assert told == [[96, 160, 0, 0, 96, 160]]
    told.clear()
    generate(model, sky(Extent(160, 96), tile_px=96, num_steps=1))
    assert told == [[96, 160, 0, x, 96, 160] for x in (0, 48, 64)]


def test_what_sdxl_is_told_changes_what_it_draws(tmp_path: Path) -> None:
    model = load_model(str(write_checkpoint(tmp_path, family="sdxl", autoencoder="tiny")), device="cpu")
    latents = torch.from_numpy(np.random.default_rng(1).normal(size=(1, 4, 8, 8)).astype(np.float32))
    prompt, timestep = model.encode_prompt("a tree"), torch.tensor([500])
    whole, told, part = (
        model.predict(Rows(latents=latents, timestep=timestep, conditioning=prompt, window=window))
        for window in (None, torch.tensor([[0, 0, 64, 64]]), torch.tensor([[48, 0, 160, 96]]))
    )
    assert torch.equal(whole, told)
    assert not torch.allclose(whole, part)
