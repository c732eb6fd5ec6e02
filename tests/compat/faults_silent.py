"""What the published code gets wrong without a word, and what is right here."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec
import numpy as np
import pytest
import torch
from torch import Tensor

import semdraw.stream as stream_module
from semdraw.bootstrap import roll, without_leak
from semdraw.cli import canvas
from semdraw.cli.main import parser
from semdraw.compat import checkpoints, seed_everything
from semdraw.compat.checkpoints import Wanted, opened
from semdraw.compat.data import BackgroundObject
from semdraw.compat.util import get_panorama_views
from semdraw.compat.weights import weights_of
from semdraw.errors import CheckpointError
from semdraw.geometry import Bounds, Extent
from semdraw.methods import EXACT
from semdraw.models import families
from semdraw.models.base import Conditioning
from semdraw.models.registry import load_model
from semdraw.presets import preset
from semdraw.regions import Regions, compile_regions
from semdraw.rows import INCOMING, gather, launch, noise_field
from semdraw.scene import ImageBackground, Mask, Picture, Recipe, Scene
from semdraw.schedule import Prediction, Schedule, Training, build_schedule, lcm
from semdraw.starter import starter_scene
from semdraw.windows import View, tiled
from tests.compat.fault import Bench, Fault, Plant, many, replaced
from tests.compat.toys import SIDE, box, color_at, left_half, plain, right_half

LEFT, RIGHT = (16, 64), (SIDE - 16, 64)
CORNER = box(0, 0, 48, 48)


def scene_of(*regions: tuple[str, Tensor], background: Any = "", **recipe: Any) -> Scene:
    """Hard-edged regions (1 H W) on a canvas of the toy."""
    scene = Scene.from_masks(
        [(prompt, mask[0]) for prompt, mask in regions],
        extent=Extent(SIDE, SIDE),
        background=background,
        recipe=Recipe(**recipe),
    )
    for brush in scene.brushes:
        scene = scene.with_brush(_hard(brush))
    return scene


def _hard(brush: Any) -> Any:
    return msgspec.structs.replace(brush, softness_px=0.0)


def compiled(bench: Bench, *regions: tuple[str, Tensor], **settings: Any) -> Regions:
    return compile_regions(scene_of(*regions, **settings), bench.toy)


def fly(bench: Bench, regions: Regions, step: int) -> Any:
    """A flight that has come down to `step`."""
    flight = launch(regions, noise_field(regions, bench.toy))
    while flight.step < step:
        (flight,), _ = stream_module.advance([flight], regions, bench.toy)
    return flight


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


# ---- levels and steps ----
def flow_masks_are_graded_over_all_levels(bench: Bench) -> None:
    flow = build_schedule(_flow_training(), Recipe(sampler="flow_lcm", num_steps=5))
    assert float(flow.mask_level[0]) > 0.99
    assert float(flow.mask_level[-1]) == pytest.approx(0.701, abs=0.005)


def _flow_training() -> Training:
    return Training(prediction=Prediction.flow, shift=3.0)


_EXPLODING = property(lambda self: self.sigma[:-1] / torch.hypot(torch.ones(len(self)), self.sigma[:-1]))


def a_mask_that_reaches_its_level_takes_part(bench: Bench) -> None:
    """Also at a first level that is nothing but noise."""
    weights = weights_of(scene_of(("red", left_half()), mask_mode="discrete"), bench.toy)
    assert bool((weights[0, :, 0, :, :8] == 1).all())
    level = float(lcm(Training(), 4).mask_level[1])
    scene = scene_of(("red", left_half()), mask_mode="discrete")
    at_level = scene.with_brush(_strong(scene.brushes[0], level))
    assert bool((weights_of(at_level, bench.toy)[0, 1, 0, :, :8] == 1).all())


def _strong(brush: Any, strength: float) -> Any:
    return msgspec.structs.replace(brush, strength=strength)


def _beyond(masks: Tensor, schedule: Schedule, *_: Any) -> Tensor:
    return (masks[:, None] > schedule.mask_level.view(-1, 1, 1, 1)).float()


def listed_steps_are_indices_of_the_grid(bench: Bench) -> None:
    schedule = build_schedule(Training(), Recipe(step_indices=(0, 4, 12, 25, 37)))
    assert schedule.timestep.tolist() == [999, 919, 759, 499, 259]
    assert schedule.sigma[:-1].tolist() == pytest.approx([0.9977, 0.9942, 0.9735, 0.8499, 0.5840], abs=1e-4)


def _indices_as_timesteps(training: Training, recipe: Recipe) -> Schedule:
    signal = training.signal()[list(recipe.step_indices)]
    plain_ = lcm(training, len(recipe.step_indices))
    sigma = torch.cat([(1 - signal).sqrt().float(), torch.zeros(1)])
    return replace(plain_, timestep=torch.tensor(recipe.step_indices), sigma=sigma)


def lightning_runs_on_its_own_steps(bench: Bench) -> None:
    recipe = checkpoints.preset("sdxl-lightning").recipe
    assert build_schedule(Training(), recipe).timestep.tolist() == [999, 749, 499, 249]


def _published_preset(name: str) -> Any:
    return preset(f"{name}-published")


def a_panorama_denoises_on_its_own_levels(bench: Bench) -> None:
    picture = _panorama(bench, num_inference_steps=2)
    shown = np.asarray(picture)[64, ::16].astype(int)
    assert int(np.abs(shown - (242, 13, 13)).max()) < 6, "the red that the model means"


def _panorama(bench: Bench, **settings: Any) -> Any:
    smd = bench.pipeline(t_index_list=[0, 4, 12, 25, 37])
    return smd.sample_panorama("red", height=128, width=320, **settings)


def _mixed_levels(training: Training, recipe: Recipe) -> Schedule:
    schedule = build_schedule(training, recipe)
    other = build_schedule(training, Recipe(step_indices=(4, 37, 45)))
    return replace(schedule, alpha=other.alpha[[0, 1, -1]], sigma=other.sigma[[0, 1, -1]])


# ---- tiles and sizes ----
def a_short_axis_has_a_tile(bench: Bench) -> None:
    views, weights = get_panorama_views(24, 120, 64)
    assert views
    assert torch.allclose(weights.sum(dim=1), torch.ones(1, 24, 120))
    picture = bench.draw(bench.pipeline(), "red", masks=[left_half()], tile_size=512)
    assert color_at(picture, *LEFT) == "red"


def _as_published(area: Bounds, tile: int) -> tuple[View, ...]:
    """No tile where an axis is at most half a tile long, and a last one that is cut."""
    if not tile:
        return tiled(area, tile)
    stride, views = tile // 2, list[View]()
    for y in range(0, (area.height - tile + stride - 1) // stride * stride + 1, stride):
        for x in range(0, (area.width - tile + stride - 1) // stride * stride + 1, stride):
            window = Bounds(x, y, min(tile, area.width - x), min(tile, area.height - y))
            views.append(View(window, torch.ones(1, window.height, window.width), window))
    return tuple(views)


def every_tile_is_whole(bench: Bench) -> None:
    views, _ = get_panorama_views(100, 100, 64)
    assert {(bottom - top, right - left) for top, bottom, left, right in views} == {(64, 64)}


_TILES = replaced("semdraw.compat.util.tiled", _as_published)


def odd_sizes_come_back_as_asked(bench: Bench) -> None:
    smd = bench.tiny_pipeline("sd")
    seed_everything(4)
    picture = smd("a boat", masks=[box(8, 8, 56, 56, side=64)], height=75, width=90)
    assert picture.size == (90, 75)


# ---- masks ----
def whole_numbers_go_to_255(bench: Bench) -> None:
    """A mask of bytes means the same as one of fractions."""
    smd = bench.pipeline()
    fractions = torch.full((1, 1, SIDE, SIDE), 0.4)
    in_bytes = (fractions * 255).round().to(torch.uint8)
    weights = [smd.process_mask(mask, height=SIDE, width=SIDE)[0] for mask in (fractions, in_bytes)]
    assert torch.equal(*weights)
    assert not weights[0][0, 0].any()


def _never_normalised(value: Any) -> Mask:
    return Mask.from_array(np.where(np.asarray(value) > 0, 255, 0).astype(np.uint8))


def soft_edges_are_kept(bench: Bench) -> None:
    soft = torch.linspace(0, 1, SIDE).expand(1, 1, SIDE, SIDE)
    weights, *_ = bench.pipeline(mask_type="continuous").process_mask(soft, height=SIDE, width=SIDE)
    last = weights[0, -1, 0, 0]
    assert bool(((last > 0.1) & (last < 0.9)).any())


def _equal_colors(value: Any) -> Mask:
    return Mask.from_array(np.where(np.asarray(value) == 1, 255, 0).astype(np.uint8))


def single_layers_cover_each_other(bench: Bench) -> None:
    stream = bench.stream(bootstrap_steps=0, preprocess_mask_cover_alpha=0.1)
    stream.update_single_layer(prompt="red", mask=box(0, 0, SIDE, SIDE))
    stream.update_single_layer(prompt="blue", mask=right_half())
    picture = stream()
    assert (color_at(picture, *LEFT), color_at(picture, *RIGHT)) == ("red", "blue")
    assert np.asarray(picture)[64, SIDE - 16, 0] < 80, "little of what is covered"


def _uncovered(mask: Tensor, above: Tensor, cover: float) -> Tensor:
    return mask


# ---- prompts and guidance ----
def pooled_embeddings_follow_the_prompt_strength(bench: Bench) -> None:
    own, other = (Conditioning(torch.full((1, 2, 3), v), torch.full((1, 4), v)) for v in (1.0, 0.0))
    mixed = own.towards(other, torch.tensor([0.25]))
    assert mixed.pooled is not None
    assert mixed.embeds.unique().tolist() == mixed.pooled.unique().tolist() == [0.25]


def _pooled_left_out(self: Conditioning, other: Conditioning, share: Tensor) -> Conditioning:
    return Conditioning(torch.lerp(other.embeds, self.embeds, share.view(-1, 1, 1)), self.pooled)


def negatives_act_while_guidance_is_on(bench: Bench) -> None:
    def guided(negative: str) -> bytes:
        smd = bench.pipeline()
        return bench.draw(smd, "red", negative, masks=[left_half()], guidance_scale=1.2).tobytes()

    assert guided("green") != guided("")


def _nothing_to_lead_away_from(row: Any, regions: Regions) -> Conditioning:
    assert regions.ground.negative is not None
    return Conditioning(torch.zeros_like(regions.ground.negative.embeds))


def negatives_that_do_nothing_are_told(bench: Bench) -> None:
    scene = scene_of(("red", left_half()))
    brush = scene.brushes[0]
    told = compile_regions(scene.with_brush(msgspec.structs.replace(brush, negative="green")), bench.toy)
    assert [hint.problem for hint in told.hints] == ["negative_unused"]


def the_residual_is_kept(bench: Bench) -> None:
    """The negative prompt runs once, in the first step; later steps lead away from what it drew."""
    regions = compiled(
        bench, ("red", box(0, 0, SIDE, SIDE)), guidance="residual_once", guidance_scale=1.5, bootstrap_steps=0
    )
    flight = launch(regions, noise_field(regions, bench.toy))
    rows: list[int] = []
    while flight.step < len(regions.schedule):
        (flight,), ran = stream_module.advance([flight], regions, bench.toy)
        rows.append(ran)
    assert rows == [2, 1, 1, 1]


def _forgotten(*_: Any) -> None:
    return None


# ---- chance ----
def frames_repeat_by_their_seed(bench: Bench) -> None:
    def frames() -> list[bytes]:
        stream = bench.tiny_stream("sd", seed=3)
        stream.update_single_layer(prompt="a boat", mask=box(8, 8, 56, 56, side=64))
        return [stream(no_decode=True).numpy().tobytes() for _ in range(2)]

    assert frames() == frames()


def _unseeded(regions: Regions, model: Any, *, frame: int = 0) -> Any:
    shape = (model.spec.latent_channels, *regions.seeds.shape)
    return lambda _: torch.randn(shape, generator=_CHANCE)  # pyright: ignore


_CHANCE = torch.Generator()


# ---- what is accepted is used ----
def a_lora_key_is_used(bench: Bench) -> None:
    missing = Wanted(
        preset="sd15-lcm",
        method="exact",
        key=str(bench.folders["sd"]),
        device="cpu",
        dtype=torch.float16,
        lora="nowhere.safetensors",
    )
    with pytest.raises(CheckpointError, match=r"no LoRA nowhere\.safetensors"):
        opened(missing)


def _without_loras(what: Any, *, loras: Any = (), **named: Any) -> Any:
    return load_model(what, **named)


def bootstrap_steps_of_the_command_line_are_used(bench: Bench) -> None:
    options = parser().parse_args(["serve", "--bootstrap_steps", "3"])
    assert canvas.first_scene(options, starter_scene(Extent(128, 128))).recipe.bootstrap_steps == 3


def sd3_encodes_with_the_shift_that_it_decodes_with(bench: Bench) -> None:
    smd = bench.tiny_pipeline("sd3")
    vae = smd.model.parts["vae"]
    picture = torch.rand(1, 3, 64, 64)
    expected = (
        vae.encode(picture * 2 - 1).latent_dist.mode() - vae.config.shift_factor
    ) * vae.config.scaling_factor
    assert torch.allclose(smd.encode_imgs(picture), expected, atol=1e-4)


def _unshifted(self: Any, pixels: Tensor) -> Tensor:
    return (
        self.parts["vae"].encode(pixels[None]).latent_dist.mode()[0] * self.parts["vae"].config.scaling_factor
    )


def sdxl_decodes_in_full_precision(bench: Bench) -> None:
    assert [family.name for family in families.families() if family.vae_overflows] == ["sdxl"]


_IN_HALF = tuple(replace(family, vae_overflows=False) for family in families.BUILT_IN)


def _row(name: str, check: Any, where: str, value: Any, shows: Any = AssertionError) -> Fault:
    return Fault(name, check, replaced(f"semdraw.{where}", value), shows)


def _everywhere(name: str, value: Any) -> Plant:
    """In all modules that took the name."""
    homes = {"method_of": ("regions", "places", "grounds"), "build_schedule": ("regions",)}
    return many(*(replaced(f"semdraw.{home}.{name}", value) for home in homes[name]))


def _starter(_: Any, starter: Scene) -> Scene:
    return starter


def _rounded(_: Any, height: int, width: int) -> Extent:
    return Extent(width // 8 * 8, height // 8 * 8)


def _yes(*_: Any) -> bool:
    return True


_ALWAYS = property(lambda _: True)

SILENT = (
    _row("leak removal finds nothing", leaks_are_given_back, "stream.without_leak", _against_noise),
    _row("late steps are centred", late_steps_stay_in_place, "regions.Regions.is_bootstrap", _yes),
    _row("a shift wraps around", nothing_wraps_around, "rows.shift", _rolled),
    Fault(
        "what lies behind is noised twice",
        what_lies_behind_is_noised_once,
        _everywhere("method_of", _behind_noised_twice),
    ),
    Fault(
        "a background is noised again", a_known_background_comes_back, _everywhere("method_of", _rest_again)
    ),
    _row("a background ends in zeros", a_known_background_comes_back, "stream._rest", _rest_of_zeros),
    _row("bare canvas is grey", bare_canvas_is_white, "stream._rest", _rest_of_zeros),
    _row(
        "a new background leaves the layers",
        a_new_background_reaches_the_layers,
        "compat.held.Held.update_background",
        _kept_words,
    ),
    _row(
        "no change counts as flushed",
        no_change_leaves_a_flush_needed,
        "compat.held.Held.update_background",
        _flushed,
    ),
    _row(
        "white is encoded at every call", white_is_encoded_once, "compat.held.Held._compiled", _compiled_anew
    ),
    _row(
        "SD3 encodes without its shift",
        sd3_encodes_with_the_shift_that_it_decodes_with,
        "models.latent.LatentModel.encode_image",
        _unshifted,
    ),
    _row("SDXL's decoder overflows", sdxl_decodes_in_full_precision, "models.families.BUILT_IN", _IN_HALF),
    _row(
        "mask levels of another family",
        flow_masks_are_graded_over_all_levels,
        "schedule.Schedule.mask_level",
        _EXPLODING,
    ),
    _row(
        "a mask must exceed its level", a_mask_that_reaches_its_level_takes_part, "regions.quantize", _beyond
    ),
    _row(
        "indices are taken as timesteps",
        listed_steps_are_indices_of_the_grid,
        "schedule._picked",
        _indices_as_timesteps,
    ),
    _row(
        "Lightning runs on foreign steps",
        lightning_runs_on_its_own_steps,
        "compat.checkpoints.preset",
        _published_preset,
    ),
    _row(
        "a panorama mixes two step lists",
        a_panorama_denoises_on_its_own_levels,
        "regions.build_schedule",
        _mixed_levels,
    ),
    Fault("a short axis has no tile", a_short_axis_has_a_tile, _TILES),
    Fault("the last tile is cut", every_tile_is_whole, _TILES),
    _row("masks of bytes are not scaled", whole_numbers_go_to_255, "compat.masks.Mask.of", _never_normalised),
    _row("soft edges are lost", soft_edges_are_kept, "compat.masks.Mask.of", _equal_colors),
    _row("single layers do not cover", single_layers_cover_each_other, "regions.occlude", _uncovered),
    _row(
        "pooled embeddings ignore the strength",
        pooled_embeddings_follow_the_prompt_strength,
        "models.base.Conditioning.towards",
        _pooled_left_out,
    ),
    _row(
        "negative prompts do nothing",
        negatives_act_while_guidance_is_on,
        "prediction._negative",
        _nothing_to_lead_away_from,
    ),
    _row(
        "nobody says that they do nothing",
        negatives_that_do_nothing_are_told,
        "scene.Recipe.uses_negatives",
        _ALWAYS,
    ),
    _row("the residual is thrown away", the_residual_is_kept, "rows._reference", _forgotten),
    _row("frames are not seeded", frames_repeat_by_their_seed, "stream.noise_field", _unseeded),
    _row(
        "lora_key is ignored",
        a_lora_key_is_used,
        "compat.checkpoints.load_model",
        _without_loras,
        pytest.fail.Exception,
    ),
    _row(
        "--bootstrap_steps is ignored",
        bootstrap_steps_of_the_command_line_are_used,
        "cli.canvas.first_scene",
        _starter,
    ),
    _row(
        "sizes are rounded",
        odd_sizes_come_back_as_asked,
        "compat.pipeline.Pipeline._extent",
        _rounded,
    ),
)
