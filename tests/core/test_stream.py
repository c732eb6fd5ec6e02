"""Claims about the sampler, on a model that knows the answer."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from msgspec.structs import replace

from semdraw.errors import EngineError
from semdraw.geometry import Bounds, Extent
from semdraw.rasters import Mask, Picture
from semdraw.regions import compile_regions
from semdraw.samplers import suiting
from semdraw.scene import (
    Background,
    Brush,
    Canvas,
    ColorBackground,
    ImageBackground,
    Layer,
    PromptBackground,
    Recipe,
    Sampler,
    Scene,
)
from semdraw.schedule import Prediction
from semdraw.still import denoise_steps, generate
from semdraw.stream import StreamState, launch, noise_field, stream_step
from tests.scenes import box
from tests.toy import ToyModel

EXTENT = Extent(128, 128)
LEFT, RIGHT = Bounds(8, 16, 40, 64), Bounds(72, 40, 48, 72)
PREDICTIONS = [
    (sampler, prediction)
    for is_flow, predictions in ((False, [Prediction.epsilon, Prediction.v]), (True, [Prediction.flow]))
    for sampler in suiting(is_flow)
    for prediction in predictions
]
RED, BLUE, GREEN = (242, 13, 13), (13, 13, 242), (13, 242, 13)


def scene_of(
    *, background: Background | None = None, softness_px: float = 0.0, seed: int = 1, **recipe: object
) -> Scene:
    brushes = (
        Brush(id="left", prompt="red", softness_px=softness_px),
        Brush(id="right", prompt="blue", softness_px=softness_px),
    )
    layers = (
        Layer(brush_id="left", mask=box(EXTENT, LEFT)),
        Layer(brush_id="right", mask=box(EXTENT, RIGHT)),
    )
    canvas = Canvas(extent=EXTENT, layers=layers, background=background or PromptBackground(prompt="green"))
    return Scene(canvas=canvas, brushes=brushes, recipe=Recipe(**recipe), seed=seed)  # type: ignore[arg-type]


def color_at(picture: Picture, x: int, y: int) -> tuple[int, ...]:
    """Mean of three by three latent cells around a place, as far as they lie on the canvas."""
    patch = picture.array[max(0, y - 12) : y + 12, max(0, x - 12) : x + 12]
    return tuple(int(value) for value in patch.reshape(-1, 3).mean(axis=0))


@pytest.mark.parametrize("bootstrap_steps", [0, 1, 2])
@pytest.mark.parametrize(("sampler", "prediction"), PREDICTIONS)
def test_each_region_is_painted_with_its_own_prompt(
    sampler: Sampler, bootstrap_steps: int, prediction: Prediction
) -> None:
    scene = scene_of(sampler=sampler, bootstrap_steps=bootstrap_steps)
    picture = generate(ToyModel(prediction), scene)
    for place, color in ((LEFT, RED), (RIGHT, BLUE), (Bounds(56, 116, 2, 2), GREEN)):
        found = color_at(picture, place.x + place.width // 2, place.y + place.height // 2)
        assert found == pytest.approx(color, abs=6), (sampler, place)


@pytest.mark.parametrize("bootstrap_steps", [0, 1])
@pytest.mark.parametrize(("sampler", "prediction"), PREDICTIONS)
def test_the_stream_after_t_steps_equals_generate(
    sampler: Sampler, prediction: Prediction, bootstrap_steps: int
) -> None:
    model = ToyModel(prediction)
    regions = compile_regions(
        scene_of(sampler=sampler, bootstrap_steps=bootstrap_steps, softness_px=8.0), model
    )
    still = list(denoise_steps(regions, model))[-1].latents
    state = StreamState()
    landed: list[torch.Tensor] = []
    for _ in range(len(regions.schedule) + 2):
        state, latents = stream_step(state, regions, model)
        landed += [] if latents is None else [latents]
    assert len(landed) == 3
    for latents in landed:
        torch.testing.assert_close(latents, still, atol=1e-4, rtol=0)


def test_a_varied_stream_draws_new_noise_for_every_frame() -> None:
    model = ToyModel()
    model.spoil = lambda output: 0.9 * output  # an imperfect model lets the noise show
    regions = compile_regions(scene_of(), model)
    state, frames = StreamState(), []
    for _ in range(6):
        state, latents = stream_step(state, regions, model, is_varied=True)
        frames += [] if latents is None else [latents]
    assert state.frame == 6
    assert not torch.allclose(frames[0], frames[1])


def test_the_same_scene_gives_the_same_bytes_and_another_seed_does_not() -> None:
    model = ToyModel()
    model.spoil = lambda output: 0.9 * output
    assert generate(model, scene_of()) == generate(model, scene_of())
    assert generate(model, scene_of()) != generate(model, scene_of(seed=2))


def test_exchanging_two_layers_that_do_not_touch_changes_nothing() -> None:
    model = ToyModel()
    model.spoil = lambda output: 0.9 * output
    scene = scene_of(softness_px=4.0)
    exchanged = scene.with_canvas(layers=scene.canvas.layers[::-1])
    assert generate(model, scene) == generate(model, exchanged)


def test_the_upper_layer_wins_where_layers_overlap() -> None:
    overlap = box(EXTENT, Bounds(32, 32, 64, 64))
    scene = scene_of(cover=0.0)
    upper = scene.with_layer(Layer(brush_id="left", mask=overlap)).with_layer(
        Layer(brush_id="right", mask=overlap)
    )
    assert color_at(generate(ToyModel(), upper), 64, 64) == pytest.approx(BLUE, abs=6)
    lower = upper.with_canvas(layers=upper.canvas.layers[::-1])
    assert color_at(generate(ToyModel(), lower), 64, 64) == pytest.approx(RED, abs=6)


def test_a_region_that_draws_only_the_plain_ground_leaves_its_cells_to_the_background() -> None:
    scene = scene_of(sampler="euler_trailing", num_steps=1, bootstrap_steps=1)
    white = scene.with_brush(Brush(id="left", prompt="white", softness_px=0))
    picture = generate(ToyModel(), white)
    assert color_at(picture, 28, 48) == pytest.approx(GREEN, abs=6)
    assert color_at(picture, 96, 76) == pytest.approx(BLUE, abs=6)


def photo() -> Picture:
    return Picture.from_array(np.random.default_rng(3).integers(0, 256, (128, 128, 3), dtype=np.uint8))


@pytest.mark.parametrize("background", [ColorBackground(color="#123456"), ImageBackground(picture=photo())])
@pytest.mark.parametrize(("sampler", "prediction"), PREDICTIONS)
def test_pixels_far_from_every_mask_equal_a_known_background_to_the_byte(
    background: Background, sampler: Sampler, prediction: Prediction
) -> None:
    softness_px = 16.0  # at 512 px, so 4 px here; a Gaussian ends after three of them
    scene = scene_of(background=background, sampler=sampler, softness_px=softness_px)
    picture = generate(ToyModel(prediction), scene)
    bare = Canvas(extent=EXTENT, background=background)
    wanted = generate(ToyModel(prediction), Scene(canvas=bare, recipe=scene.recipe))
    far = np.ones(EXTENT.shape, bool)
    for place in (LEFT, RIGHT):
        far[
            max(0, place.y - 13) : place.y + place.height + 13,
            max(0, place.x - 13) : place.x + place.width + 13,
        ] = 0
    assert far.sum() > 1000
    assert (picture.array[far] == wanted.array[far]).all()
    if isinstance(background, ImageBackground):
        assert wanted == background.picture


def test_an_empty_background_prompt_means_white() -> None:
    picture = generate(
        ToyModel(), Scene(canvas=Canvas(extent=EXTENT, background=PromptBackground(prompt="  ")))
    )
    assert (picture.array == 255).all()


def test_brushes_without_words_and_layers_without_paint_cost_no_row() -> None:
    model = ToyModel()
    scene = scene_of().with_brush(Brush(id="left", prompt=" "))
    scene = scene.with_layer(Layer(brush_id="right", mask=Mask.blank(EXTENT)))
    rows = [progress.rows for progress in denoise_steps(compile_regions(scene, model), model)]
    assert rows == [1, 2, 3, 4]  # the background alone


def test_a_hidden_layer_is_as_if_it_were_not_there() -> None:
    model = ToyModel()
    scene = scene_of()
    hidden = scene.with_layer(replace(scene.layer("left"), visible=False))
    assert color_at(generate(model, hidden), 28, 48) == pytest.approx(GREEN, abs=6)


def test_a_step_runs_one_row_for_each_region_that_acts_and_one_for_the_background() -> None:
    model = ToyModel()
    generate(model, scene_of())
    assert model.calls == [3, 3, 3, 3]


def test_guidance_doubles_the_work_only_when_it_is_on() -> None:
    model = ToyModel()
    generate(model, scene_of(guidance_scale=2.0))
    assert model.rows == 2 * 12


def test_numbers_that_are_not_finite_are_an_error_and_no_picture() -> None:
    model = ToyModel()
    model.spoil = lambda output: output * float("nan")
    with pytest.raises(EngineError, match="not finite"):
        generate(model, scene_of())


def test_a_smaller_prompt_strength_moves_a_region_towards_the_background() -> None:
    scene = scene_of()
    half = scene.with_brush(replace(scene.brush("left"), prompt_strength=0.5))
    red, green, _ = color_at(generate(ToyModel(), half), 28, 48)
    assert red == pytest.approx(green, abs=4)


def test_unchanged_parts_are_taken_from_the_previous_compilation() -> None:
    model = ToyModel()
    scene = scene_of()
    first = compile_regions(scene, model)
    second = compile_regions(scene.with_brush(Brush(id="left", prompt="green", softness_px=0)), model, first)
    assert second.ground is first.ground
    assert second.regions[0].weights is first.regions[0].weights
    assert not torch.equal(second.regions[0].conditioning.embeds, first.regions[0].conditioning.embeds)
    painted = scene.with_layer(Layer(brush_id="left", mask=box(EXTENT, RIGHT)))
    assert compile_regions(painted, model, first).regions[0].weights is not first.regions[0].weights


@pytest.mark.parametrize(
    ("brush", "mask", "problem"),
    [
        (Brush(id="left", prompt=""), box(EXTENT, LEFT), "no_prompt"),
        (Brush(id="left", prompt="red", softness_px=40), box(EXTENT, Bounds(10, 10, 6, 6)), "too_small"),
        (Brush(id="left", prompt="red", softness_px=0), box(EXTENT, RIGHT), "hidden"),
        (Brush(id="left", prompt="red xylophone"), box(EXTENT, LEFT), "unknown_words"),
    ],
)
def test_a_painter_is_told_why_a_region_does_not_show(brush: Brush, mask: Mask, problem: str) -> None:
    scene = scene_of(cover=0.0).with_brush(brush).with_layer(Layer(brush_id="left", mask=mask))
    hints = compile_regions(scene, ToyModel()).hints
    assert [(hint.brush_id, hint.problem) for hint in hints] == [("left", problem)]


def test_the_first_noise_has_the_scale_of_the_sampler() -> None:
    model = ToyModel()
    for sampler, scale in (("lcm", 1.0), ("euler_trailing", 0.99767)):
        regions = compile_regions(scene_of(sampler=sampler), model)
        flight = launch(regions, noise_field(regions, model))
        torch.testing.assert_close(flight.latents, scale * flight.noise, atol=1e-4, rtol=0)


def test_a_call_holds_no_more_cells_than_it_may(monkeypatch: pytest.MonkeyPatch) -> None:
    model, chunked = ToyModel(), ToyModel()
    whole = generate(model, scene_of())
    monkeypatch.setattr("semdraw.stream._CELLS_PER_CALL", 2 * 16 * 16)
    assert generate(chunked, scene_of()) == whole
    assert chunked.calls == [2, 1] * 4
