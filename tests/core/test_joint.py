"""Claims about regions in one pass: after the bound steps one row draws them all, each where it is visible."""

from __future__ import annotations

import dataclasses

import pytest
import torch
from msgspec.structs import replace

from semdraw.errors import SceneError
from semdraw.freezing import freeze
from semdraw.geometry import Bounds, Extent
from semdraw.joint import EVERYONE
from semdraw.methods import Joint
from semdraw.regions import compile_regions
from semdraw.rows import gather
from semdraw.samplers import fitted, followed, suiting
from semdraw.scene import Brush, ColorBackground, Layer, PromptBackground, Recipe, Sampler, Scene
from semdraw.still import denoise_steps, generate
from semdraw.stream import StreamState, launch, noise_field, stream_step
from tests.core.test_stream import BLUE, EXTENT, GREEN, LEFT, RED, RIGHT, color_at, scene_of
from tests.scenes import box
from tests.toy import ToyModel

SAMPLERS = suiting(is_flow=False)


def joint(**more: object) -> Scene:
    return scene_of(method="joint", **{"bootstrap_steps": 1} | more)  # type: ignore[arg-type]


def mixed_with_ground(color: tuple[int, ...]) -> tuple[float, ...]:
    """A colour, and what the ground has to say everywhere."""
    share = Joint().base_share
    return tuple((1 - share) * own + share * ground for own, ground in zip(color, GREEN, strict=True))


def rows_by_step(scene: Scene) -> list[int]:
    regions = compile_regions(scene, ToyModel())
    counts = [progress.rows for progress in denoise_steps(regions, ToyModel())]
    return [after - before for before, after in zip([0, *counts], counts, strict=False)]


@pytest.mark.parametrize("sampler", SAMPLERS)
@pytest.mark.parametrize("bootstrap_steps", [0, 1, 4])
def test_each_region_is_painted_with_its_own_prompt(sampler: Sampler, bootstrap_steps: int) -> None:
    picture = generate(ToyModel(), joint(sampler=sampler, bootstrap_steps=bootstrap_steps))
    for place, color in ((LEFT, RED), (RIGHT, BLUE), (Bounds(56, 116, 2, 2), GREEN)):
        found = color_at(picture, place.x + place.width // 2, place.y + place.height // 2)
        mixed = mixed_with_ground(color)
        assert found == pytest.approx(color if bootstrap_steps == 4 else mixed, abs=8)


def test_bound_steps_take_a_row_for_each_region_and_later_ones_a_single_row() -> None:
    assert rows_by_step(joint()) == [3, 1, 1, 1]
    assert rows_by_step(joint(bootstrap_steps=2)) == [3, 3, 1, 1]
    assert rows_by_step(joint(bootstrap_steps=0)) == [1, 1, 1, 1]
    assert rows_by_step(joint(guidance_scale=2.0)) == [6, 2, 2, 2]


def test_without_regions_it_is_the_exact_picture() -> None:
    bare = scene_of().with_canvas(layers=())
    bare = replace(bare, brushes=())
    assert generate(ToyModel(), bare) == generate(ToyModel(), replace(bare, recipe=Recipe(method="joint")))


@pytest.mark.parametrize("sampler", ["lcm", "euler_trailing", "tcd"])
def test_the_stream_after_t_steps_equals_generate(sampler: Sampler) -> None:
    scene = joint(sampler=sampler, num_steps=4, guidance_scale=1.5)
    model = ToyModel()
    regions = compile_regions(scene, model)
    *_, last = denoise_steps(regions, model)
    state, landed = StreamState(), None
    for _ in range(6):
        state, landed = stream_step(state, regions, model)
    assert landed is not None
    assert torch.allclose(landed, last.latents, atol=1e-4)


def overlapping(order: tuple[str, str]) -> Scene:
    scene = joint()
    masks = {"left": Bounds(8, 16, 80, 96), "right": Bounds(40, 16, 80, 96)}
    layers = tuple(Layer(brush_id=name, mask=box(EXTENT, masks[name])) for name in order)
    brushes = tuple(scene.brush(name) for name in order)
    return replace(scene.with_canvas(layers=layers), brushes=brushes)


@pytest.mark.parametrize(("order", "top"), [(("left", "right"), BLUE), (("right", "left"), RED)])
def test_where_regions_overlap_the_upper_one_is_seen(order: tuple[str, str], top: tuple[int, ...]) -> None:
    mixed = mixed_with_ground(top)
    assert color_at(generate(ToyModel(), overlapping(order)), 64, 64) == pytest.approx(mixed, abs=8)


def test_a_region_that_lies_wholly_under_another_is_told_and_has_no_rows() -> None:
    scene = overlapping(("left", "right"))
    above = replace(scene.layer("right"), mask=box(EXTENT, Bounds(0, 0, 128, 128)))
    regions = compile_regions(scene.with_layer(above), ToyModel())
    assert [region.brush_id for region in regions.regions] == ["right"]
    assert [(hint.brush_id, hint.problem) for hint in regions.hints] == [("left", "hidden")]


def test_a_frozen_region_keeps_its_pixels_whatever_the_one_pass_draws() -> None:
    scene = joint()
    picture = generate(ToyModel(), scene)
    kept = freeze(scene, "left", picture)
    changed = kept.with_brush(replace(scene.brush("right"), prompt="white"))
    again = generate(ToyModel(), replace(changed, seed=5))
    inside = LEFT.slices
    assert (again.array[inside] == picture.array[inside]).all()
    assert color_at(again, 96, 76) != color_at(picture, 96, 76)


def test_a_brush_that_acts_late_has_no_say_before() -> None:
    scene = joint()
    late = scene.with_brush(replace(scene.brush("left"), acts_from=0.5))
    everyone = compile_regions(late, ToyModel()).everyone
    assert everyone is not None
    assert everyone.shares is not None
    assert [bool(step[1].any()) for step in everyone.shares] == [False, False, True, True]


def test_visibility_sums_to_one_at_every_step() -> None:
    scene = overlapping(("left", "right"))
    soft = tuple(replace(brush, softness_px=20.0, strength=0.7) for brush in scene.brushes)
    everyone = compile_regions(replace(scene, brushes=soft), ToyModel()).everyone
    assert everyone is not None
    assert everyone.shares is not None
    assert (everyone.shares >= 0).all()
    torch.testing.assert_close(everyone.shares.sum(dim=1), torch.ones(4, 16, 16))


def test_the_order_of_layers_apart_changes_nothing() -> None:
    scene = joint()
    swapped = scene.with_canvas(layers=scene.canvas.layers[::-1])
    assert generate(ToyModel(), swapped) == generate(ToyModel(), scene)


def test_a_known_background_keeps_its_bytes_where_nothing_is_painted() -> None:
    picture = generate(ToyModel(), joint(background=ColorBackground(color="#204060")))
    assert (picture.array[120:, :] == (0x20, 0x40, 0x60)).all()
    assert color_at(picture, 28, 48) == pytest.approx(RED, abs=8)


def test_a_small_region_on_a_known_background_runs_in_a_window() -> None:
    scene = joint(background=ColorBackground(), window_px=64)
    scene = scene.with_brush(replace(scene.brush("right"), prompt=""))
    regions = compile_regions(scene, ToyModel())
    flight = dataclasses.replace(launch(regions, noise_field(regions, ToyModel())), step=1)
    assert [(row.brush_id, tuple(row.latents.shape)) for row in gather([flight], regions)] == [
        (EVERYONE, (3, 8, 8))
    ]


def test_a_large_canvas_is_drawn_in_tiles_that_sum_up() -> None:
    scene = joint(tile_px=64)
    assert rows_by_step(scene)[-1] == 9
    whole, tiled = (generate(ToyModel(), each).array.astype(int) for each in (joint(), scene))
    assert abs(whole - tiled).max() <= 12


@pytest.mark.parametrize("guidance", ["full", "residual_once"])
def test_each_region_is_led_away_from_its_own_negative_prompt(guidance: str) -> None:
    def painted(negative: str) -> Scene:
        scene = joint(guidance_scale=1.3, guidance=guidance, guidance_delta=0.0)
        return scene.with_brush(replace(scene.brush("left"), negative=negative))

    plain, led = (generate(ToyModel(), painted(negative)) for negative in ("", "green"))
    at = LEFT.x + LEFT.width // 2, LEFT.y + LEFT.height // 2
    assert color_at(led, *at) != color_at(plain, *at)
    assert color_at(led, 96, 76) == pytest.approx(color_at(plain, 96, 76), abs=2)


def test_residual_guidance_leads_away_from_the_picture_behind() -> None:
    scene = joint(background=ColorBackground(), guidance="residual_self", guidance_scale=1.3)
    assert rows_by_step(scene) == [2, 1, 1, 1]


def test_parts_that_did_not_change_are_taken_over() -> None:
    first = overlapping(("left", "right"))
    edited = first.with_brush(replace(first.brush("left"), prompt="white"))
    model = ToyModel()
    anew, reused = (
        compile_regions(edited, model),
        compile_regions(edited, model, compile_regions(first, model)),
    )
    assert anew.everyone is not None
    assert reused.everyone is not None
    assert torch.equal(anew.everyone.shares, reused.everyone.shares)  # type: ignore[arg-type]
    *_, one = denoise_steps(anew, model)
    *_, other = denoise_steps(reused, model)
    assert torch.equal(one.latents, other.latents)


def test_a_model_whose_rows_take_one_prompt_each_is_refused_in_words() -> None:
    model = ToyModel()
    model.spec = dataclasses.replace(model.spec, attends_regions=False)
    with pytest.raises(SceneError, match="take method 'exact'"):
        generate(model, joint())


def test_a_model_of_another_kind_paints_by_the_exact_method() -> None:
    flow = Recipe(sampler="flow_lcm")
    assert fitted(Recipe(method="joint"), flow).method == "exact"
    assert fitted(Recipe(method="published"), flow).method == "published"
    assert fitted(Recipe(method="joint"), Recipe(sampler="tcd")).method == "joint"


def test_the_method_follows_a_change_of_models_unless_the_painter_chose_it() -> None:
    former, own = Recipe(), Recipe(method="joint", bootstrap_steps=1)
    assert followed(Recipe(num_steps=8), former, own) == Recipe(
        num_steps=8, method="joint", bootstrap_steps=1
    )
    assert followed(Recipe(bootstrap_steps=0), former, own) == Recipe(bootstrap_steps=0)
    assert followed(own, own, former) == former


def test_bounds_loosen_from_step_to_step_and_the_last_step_has_none() -> None:
    bounds = Joint(self_bias=(8.0, 4.0, 2.0, 1.0))
    assert [bounds.self_bias_at(step, 4) for step in range(4)] == [8, 4, 2, 0]
    assert [bounds.self_bias_at(step, 8) for step in range(8)] == [8, 8, 4, 4, 2, 2, 1, 0]
    assert [bounds.self_bias_at(step, 2) for step in range(2)] == [8, 0]
    assert bounds.self_bias_at(0, 1) == 0


def test_other_seeds_and_other_words_reach_only_their_own_cells_of_the_toy() -> None:
    scene = joint()
    other = scene.with_brush(Brush(id="left", prompt="white", softness_px=0))
    before, after = (generate(ToyModel(), each).array for each in (scene, other))
    assert (before[:, 80:] == after[:, 80:]).all()
    assert (before[24:72, 16:40] != after[24:72, 16:40]).any()


def test_a_background_without_words_has_no_say_in_the_regions() -> None:
    picture = generate(ToyModel(), joint(background=PromptBackground()))
    assert color_at(picture, 28, 48) == pytest.approx(RED, abs=8)
    assert picture.extent == Extent(128, 128)
    assert RIGHT.width
