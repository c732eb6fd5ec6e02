"""Every published knob acts: each of these fails where its knob is ignored."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from msgspec.structs import replace

from semdraw.denoise import guide_residual
from semdraw.errors import SceneError
from semdraw.geometry import Bounds, Extent
from semdraw.models.base import Conditioning
from semdraw.rasters import Picture
from semdraw.regions import compile_regions
from semdraw.rows import gather, launch, noise_field
from semdraw.scene import (
    Background,
    Brush,
    Canvas,
    ColorBackground,
    ImageBackground,
    Layer,
    PromptBackground,
    Recipe,
    Scene,
)
from semdraw.still import denoise_steps, generate
from semdraw.stream import StreamState, advance, stream_step
from tests.scenes import box
from tests.toy import ToyModel

EXTENT = Extent(96, 96)
LOWER, UPPER = Bounds(8, 8, 48, 48), Bounds(40, 40, 48, 40)
PHOTO = Picture.from_array(np.random.default_rng(3).integers(0, 256, (96, 96, 3), dtype=np.uint8))
RED, GREEN, BLUE = (torch.tensor(rgb) for rgb in ((0.9, -0.9, -0.9), (-0.9, 0.9, -0.9), (-0.9, -0.9, 0.9)))


class TellingModel(ToyModel):
    """Tells which prompts it was asked for, and predicts a little less noise than there is."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []
        self.spoil = lambda output: 0.9 * output

    def encode_prompt(self, prompt: str) -> Conditioning:
        self.asked.append(prompt)
        return super().encode_prompt(prompt.removesuffix(" on sand"))


def scene_of(
    background: Background | None = None, brush: dict[str, Any] | None = None, **recipe: Any
) -> Scene:
    soft: dict[str, Any] = {"softness_px": 16.0} | (brush or {})
    brushes = (Brush(id="lower", prompt="red", **soft), Brush(id="upper", prompt="blue", **soft))
    layers = (
        Layer(brush_id="lower", mask=box(EXTENT, LOWER)),
        Layer(brush_id="upper", mask=box(EXTENT, UPPER)),
    )
    behind = ImageBackground(picture=PHOTO, prompt="green") if background is None else background
    canvas = Canvas(extent=EXTENT, layers=layers, background=behind)
    return Scene(canvas=canvas, brushes=brushes, recipe=Recipe(**recipe), seed=1)


@pytest.mark.parametrize(
    "recipe",
    [
        {"num_steps": 5},
        {"step_indices": (0, 4, 12, 25, 37)},
        {"step_indices": (0, 5, 9), "grid_steps": 10},
        {"mask_mode": "discrete"},
        {"mask_mode": "semi_continuous"},
        {"cover": 0.9},
        {"bootstrap_steps": 1},
        {"bootstrap_mix": 0.5},
        {"leak_sensitivity": 3.0},
        {"leak_sensitivity": 0.0},
        {"guidance_scale": 2.0},
        {"guidance_scale": 2.0, "guidance": "residual_self"},
        {"guidance_scale": 2.0, "guidance": "residual_self", "guidance_delta": 0.8},
        {"guidance_scale": 2.0, "guidance": "residual_once", "guidance_delta": 0.8},
        {"region_suffix": " on sand"},
        {"blend": False},
        {"method": "published"},
        {"method": "multidiffusion"},
    ],
    ids=str,
)
def test_a_knob_of_the_recipe_changes_the_picture(recipe: dict[str, Any]) -> None:
    model = TellingModel()
    if "region_suffix" in recipe:
        model.encode_prompt = lambda prompt: Conditioning(torch.full((1, 1, 3), 0.1 * len(prompt) - 1))
    assert generate(model, scene_of(**recipe)) != generate(model, scene_of())


@pytest.mark.parametrize(
    "brush", [{"softness_px": 4.0}, {"strength": 0.9}, {"prompt_strength": 0.7}, {"seed": 5}], ids=str
)
def test_a_knob_of_a_brush_changes_the_picture(brush: dict[str, Any]) -> None:
    assert generate(TellingModel(), scene_of(brush=brush)) != generate(TellingModel(), scene_of())


@pytest.mark.parametrize(
    "behind", [PromptBackground(prompt="green"), ImageBackground(picture=PHOTO, prompt="green")]
)
def test_prompt_strength_leads_to_the_words_of_any_background(behind: Background) -> None:
    regions = compile_regions(scene_of(behind, brush={"prompt_strength": 0.5}), ToyModel())
    told = regions.regions[0].conditioning.embeds.flatten()
    torch.testing.assert_close(told, (RED + GREEN) / 2)


def test_prompt_strength_leads_away_from_the_prompt_where_the_background_has_no_words() -> None:
    regions = compile_regions(scene_of(ColorBackground(), brush={"prompt_strength": 0.5}), ToyModel())
    torch.testing.assert_close(regions.regions[0].conditioning.embeds.flatten(), RED / 2)


def test_a_suffix_may_say_what_the_background_says() -> None:
    model = TellingModel()
    compile_regions(scene_of(region_suffix=", background is {background}"), model)
    assert {"red, background is green", "blue, background is green"} <= set(model.asked)


# ---- guidance and negative prompts ----
def clean_of_first_step(scene: Scene, brush_id: str = "lower") -> torch.Tensor:
    """(3): what the first step draws in the middle of a region."""
    model = ToyModel()
    regions = compile_regions(scene, model)
    (flight,), _ = advance([launch(regions, noise_field(regions, model))], regions, model)
    assert flight.clean is not None
    return flight.clean[:, 3, 3] if brush_id == "lower" else flight.clean[:, 0, 11]


def test_guidance_leads_away_from_the_negative_prompt_of_each_region() -> None:
    guided: dict[str, Any] = {"guidance_scale": 2.0, "bootstrap_steps": 0}
    nothing = clean_of_first_step(scene_of(**guided))
    torch.testing.assert_close(nothing, 2 * RED, atol=1e-3, rtol=0)
    away = clean_of_first_step(scene_of(brush={"negative": "blue"}, **guided))
    torch.testing.assert_close(away, 2 * RED - BLUE, atol=1e-3, rtol=0)


def test_guidance_leads_away_from_the_negative_prompt_of_the_background() -> None:
    behind = PromptBackground(prompt="green", negative="red")
    away = clean_of_first_step(scene_of(behind, guidance_scale=2.0, bootstrap_steps=0), "behind")
    torch.testing.assert_close(away, 2 * GREEN - RED, atol=1e-3, rtol=0)


def test_prompt_strength_moves_the_negative_prompt_too() -> None:
    behind = PromptBackground(prompt="green", negative="red")
    brush = {"negative": "blue", "prompt_strength": 0.5}
    regions = compile_regions(scene_of(behind, brush=brush, guidance_scale=2.0), ToyModel())
    negative = regions.regions[0].negative
    assert negative is not None
    torch.testing.assert_close(negative.embeds.flatten(), (BLUE + RED) / 2)


def unused(scene: Scene) -> list[str]:
    hints = compile_regions(scene, ToyModel()).hints
    return [hint.brush_id for hint in hints if hint.problem == "negative_unused"]


def test_a_painter_is_told_of_negative_prompts_that_do_nothing() -> None:
    behind = ImageBackground(picture=PHOTO, negative="red")
    scene = scene_of(behind, brush={"negative": "green"})
    assert unused(scene) == ["lower", "upper", ""]
    guided = replace(scene.recipe, guidance_scale=2.0)
    assert unused(replace(scene, recipe=guided)) == []
    assert unused(replace(scene, recipe=replace(guided, guidance="residual_self"))) == ["lower", "upper", ""]
    assert unused(scene_of()) == []


@pytest.mark.parametrize(("guidance", "rows"), [("full", 16), ("residual_once", 10), ("residual_self", 8)])
def test_residual_guidance_saves_the_second_row(guidance: str, rows: int) -> None:
    model = ToyModel()
    generate(model, scene_of(guidance_scale=2.0, guidance=guidance))
    assert model.rows == rows


@pytest.mark.parametrize(("scale", "delta"), [(1.0, 0.7), (2.0, 1.0), (3.0, 0.7)])
def test_residual_guidance_is_the_equation_of_the_noise(scale: float, delta: float) -> None:
    clean, reference, latents = torch.randn(3, 2, 4, 5, 5, dtype=torch.float64)
    alpha, sigma = torch.tensor(0.6, dtype=torch.float64), torch.tensor(0.8, dtype=torch.float64)
    away, towards = (latents - alpha * reference) / sigma, (latents - alpha * clean) / sigma
    noise = delta * away + scale * (towards - delta * away)
    found = guide_residual(clean, reference, latents, alpha=alpha, scale=scale, delta=delta)
    torch.testing.assert_close(found, (latents - sigma * noise) / alpha)


def test_residual_guidance_leads_away_from_the_picture_behind() -> None:
    behind = ColorBackground(color="#000000")
    recipe: dict[str, Any] = {"guidance_scale": 2.0, "guidance": "residual_self", "bootstrap_steps": 0}
    away = clean_of_first_step(scene_of(behind, **recipe))
    torch.testing.assert_close(away, 2 * RED + 1, atol=1e-3, rtol=0)


def test_residual_guidance_asks_the_negative_prompt_once() -> None:
    recipe: dict[str, Any] = {"guidance_scale": 2.0, "bootstrap_steps": 0, "brush": {"negative": "blue"}}
    once, full = (scene_of(guidance=guidance, **recipe) for guidance in ("residual_once", "full"))
    model = ToyModel()  # its prediction for a prompt is the same at every step, so once is enough
    found, wanted = (
        list(denoise_steps(compile_regions(scene, model), model))[-1].latents for scene in (once, full)
    )
    torch.testing.assert_close(found, wanted, atol=1e-3, rtol=0)


@pytest.mark.parametrize("bootstrap_steps", [0, 2])
def test_residual_guidance_asks_the_negative_prompt_once_in_every_tile(bootstrap_steps: int) -> None:
    extent = Extent(256, 160)
    layer = Layer(brush_id="wide", mask=box(extent, Bounds(24, 40, 200, 64)))
    behind = PromptBackground(prompt="green", negative="red")
    brush = Brush(id="wide", prompt="red", negative="blue", softness_px=40)
    recipe = Recipe(
        guidance_scale=2.0, bootstrap_steps=bootstrap_steps, tile_px=128, step_indices=(12, 25, 37, 45)
    )
    scene = Scene(
        canvas=Canvas(extent=extent, layers=(layer,), background=behind), brushes=(brush,), recipe=recipe
    )
    model = ToyModel()
    found, wanted = (
        list(
            denoise_steps(
                compile_regions(replace(scene, recipe=replace(recipe, guidance=guidance)), model), model
            )
        )
        for guidance in ("residual_once", "full")
    )
    torch.testing.assert_close(found[-1].latents, wanted[-1].latents, atol=1e-3, rtol=0)
    assert sum(step.rows for step in found) < sum(step.rows for step in wanted)


def test_residual_guidance_by_the_picture_needs_one() -> None:
    worded = scene_of(PromptBackground(prompt="sea"), guidance_scale=2.0, guidance="residual_self")
    with pytest.raises(SceneError, match=r"here there is none; give the scene one, or take 'residual_once'"):
        generate(ToyModel(), worded)


# ---- bootstrapping ----
@pytest.mark.parametrize(("mix", "shares"), [(0.0, [0, 0]), (1.0, [1, 0]), (1.3, [1, 0.3]), (9.0, [1, 1])])
def test_bootstrap_mix_shows_a_region_on_white_and_then_on_what_lies_behind(
    mix: float, shares: list[float]
) -> None:
    model = ToyModel()
    regions = compile_regions(scene_of(bootstrap_steps=2, bootstrap_mix=mix), model)
    flight = launch(regions, noise_field(regions, model))
    behind = model.encode_image(torch.from_numpy(PHOTO.array.copy()).permute(2, 0, 1) / 127.5 - 1)
    for step, share in enumerate(shares):
        row = next(row for row in gather([flight], regions) if row.brush_id == "lower")
        assert row.by != (0, 0)
        alpha, sigma = regions.schedule.alpha[step], regions.schedule.sigma[step]
        ground = alpha * (share * 1.0 + (1 - share) * behind) + sigma * flight.noise
        x, y = row.by  # the first cell is not the region's, and this is where it was moved
        torch.testing.assert_close(row.latents[:, y, x], ground[:, 0, 0])
        (flight,), _ = advance([flight], regions, model)


def test_steps_from_further_down_start_from_the_background() -> None:
    model = ToyModel()
    regions = compile_regions(scene_of(step_indices=(12, 25, 37)), model)
    flight = launch(regions, noise_field(regions, model))
    assert regions.rest is not None
    wanted = regions.schedule.alpha[0] * regions.rest + regions.schedule.sigma[0] * flight.noise
    torch.testing.assert_close(flight.latents, wanted)


def test_a_region_that_never_acts_is_kept_between_two_compilations() -> None:
    scene = scene_of(brush={"strength": 0.0})
    first = compile_regions(scene, ToyModel())
    assert first.regions == ()
    again = compile_regions(
        scene.with_brush(replace(scene.brush("lower"), prompt="green")), ToyModel(), first
    )
    assert again.regions == ()


@pytest.mark.parametrize(
    "recipe",
    [
        {"method": "published", "bootstrap_mix": 1.3},
        {"method": "multidiffusion"},
        {"guidance_scale": 2.0, "guidance": "residual_once", "guidance_delta": 0.9},
        {"guidance_scale": 2.0, "guidance": "residual_self"},
        {"step_indices": (4, 12, 37)},
    ],
    ids=str,
)
@pytest.mark.parametrize(
    "behind", [PromptBackground(prompt="green"), ImageBackground(picture=PHOTO)], ids=["words", "photo"]
)
def test_a_stream_gives_what_generate_gives(recipe: dict[str, Any], behind: Background) -> None:
    if recipe.get("guidance") == "residual_self" and isinstance(behind, PromptBackground):
        return
    model = TellingModel()
    regions = compile_regions(scene_of(behind, **recipe), model)
    still = list(denoise_steps(regions, model))[-1].latents
    state, landed = StreamState(), None
    for _ in range(len(regions.schedule) + 1):
        state, landed = stream_step(state, regions, model)
    assert landed is not None
    torch.testing.assert_close(landed, still, atol=1e-4, rtol=0)


@pytest.mark.parametrize("steps", [(3, 1), (2, 2), (0, 50)])
def test_a_list_of_steps_that_makes_no_sense_is_refused(steps: tuple[int, ...]) -> None:
    with pytest.raises(SceneError, match="step_indices"):
        generate(ToyModel(), scene_of(step_indices=steps))


@pytest.mark.parametrize(
    ("recipe", "wanted"),
    [
        ({"method": "best"}, r"Recipe with method = 'best': invalid enum value"),
        ({"guidance": "self"}, r"guidance = 'self'"),
        ({"guidance_scale": 0.0}, r"guidance_scale = 0.0: expected `float` >= 1.0"),
        ({"guidance_delta": 3.0}, r"guidance_delta = 3.0: expected `float` <= 2.0"),
        ({"bootstrap_mix": -1.0}, r"bootstrap_mix = -1.0: expected `float` >= 0.0"),
        ({"leak_sensitivity": float("inf")}, r"leak_sensitivity = inf: expected `float` <= 10.0"),
        ({"bootstrap_steps": 51}, r"bootstrap_steps = 51: expected `int` <= 50"),
        ({"step_indices": (0, 1000)}, r"step_indices = \(0, 1000\): expected `int` <= 999"),
        ({"grid_steps": 0}, r"grid_steps = 0: expected `int` >= 1"),
        ({"region_suffix": "x" * 2001}, r"expected `str` of length <= 2000"),
        ({"tile_px": -8}, r"tile_px = -8: expected `int` >= 0"),
        ({"blend": "no"}, r"blend = 'no': expected `bool`"),
        ({"brush": {"negative": 7}}, r"Brush with negative = 7: expected `str`"),
        ({"brush": {"prompt_strength": 1.5}}, r"prompt_strength = 1.5: expected `float` <= 1.0"),
    ],
    ids=str,
)
def test_a_value_out_of_bounds_is_named_with_what_is_wanted(recipe: dict[str, Any], wanted: str) -> None:
    with pytest.raises(SceneError, match=wanted):
        generate(ToyModel(), scene_of(**recipe))
