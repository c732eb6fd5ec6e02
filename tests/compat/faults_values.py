"""What the published code reads wrongly without a word: levels, tiles, masks, prompts, settings."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec
import numpy as np
import pytest
import torch
from torch import Tensor

import semdraw.stream as stream_module
from semdraw.cli import canvas
from semdraw.cli.main import parser
from semdraw.compat import checkpoints, seed_everything
from semdraw.compat.checkpoints import Wanted, opened
from semdraw.compat.util import get_panorama_views
from semdraw.compat.weights import weights_of
from semdraw.errors import CheckpointError
from semdraw.geometry import Bounds, Extent
from semdraw.models import families
from semdraw.models.base import Conditioning
from semdraw.models.registry import load_model
from semdraw.presets import preset
from semdraw.rasters import Mask
from semdraw.regions import Regions, compile_regions
from semdraw.rows import launch, noise_field
from semdraw.scene import Recipe, Scene
from semdraw.schedule import Prediction, Schedule, Training, build_schedule, lcm
from semdraw.starter import starter_scene
from semdraw.windows import View, tiled
from tests.compat.fault import Bench, Fault, replaced, row
from tests.compat.toy_scenes import compiled, scene_of
from tests.compat.toys import SIDE, box, color_at, left_half, right_half

LEFT, RIGHT = (16, 64), (SIDE - 16, 64)
CORNER = box(0, 0, 48, 48)


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


def _starter(_: Any, starter: Scene) -> Scene:
    return starter


def _rounded(_: Any, height: int, width: int) -> Extent:
    return Extent(width // 8 * 8, height // 8 * 8)


_ALWAYS = property(lambda _: True)

VALUES = (
    row(
        "SD3 encodes without its shift",
        sd3_encodes_with_the_shift_that_it_decodes_with,
        "models.latent.LatentModel.encode_image",
        _unshifted,
    ),
    row("SDXL's decoder overflows", sdxl_decodes_in_full_precision, "models.families.BUILT_IN", _IN_HALF),
    row(
        "mask levels of another family",
        flow_masks_are_graded_over_all_levels,
        "schedule.Schedule.mask_level",
        _EXPLODING,
    ),
    row("a mask must exceed its level", a_mask_that_reaches_its_level_takes_part, "masks.quantize", _beyond),
    row(
        "indices are taken as timesteps",
        listed_steps_are_indices_of_the_grid,
        "schedule._picked",
        _indices_as_timesteps,
    ),
    row(
        "Lightning runs on foreign steps",
        lightning_runs_on_its_own_steps,
        "compat.checkpoints.preset",
        _published_preset,
    ),
    row(
        "a panorama mixes two step lists",
        a_panorama_denoises_on_its_own_levels,
        "schedule.build_schedule",
        _mixed_levels,
    ),
    Fault("a short axis has no tile", a_short_axis_has_a_tile, _TILES),
    Fault("the last tile is cut", every_tile_is_whole, _TILES),
    row("masks of bytes are not scaled", whole_numbers_go_to_255, "compat.masks.Mask.of", _never_normalised),
    row("soft edges are lost", soft_edges_are_kept, "compat.masks.Mask.of", _equal_colors),
    row("single layers do not cover", single_layers_cover_each_other, "masks.occlude", _uncovered),
    row(
        "pooled embeddings ignore the strength",
        pooled_embeddings_follow_the_prompt_strength,
        "models.base.Conditioning.towards",
        _pooled_left_out,
    ),
    row(
        "negative prompts do nothing",
        negatives_act_while_guidance_is_on,
        "prediction._negative",
        _nothing_to_lead_away_from,
    ),
    row(
        "nobody says that they do nothing",
        negatives_that_do_nothing_are_told,
        "scene.Recipe.uses_negatives",
        _ALWAYS,
    ),
    row("the residual is thrown away", the_residual_is_kept, "rows._reference", _forgotten),
    row(
        "lora_key is ignored",
        a_lora_key_is_used,
        "compat.checkpoints.load_model",
        _without_loras,
        pytest.fail.Exception,
    ),
    row(
        "--bootstrap_steps is ignored",
        bootstrap_steps_of_the_command_line_are_used,
        "cli.canvas.first_scene",
        _starter,
    ),
    row(
        "sizes are rounded",
        odd_sizes_come_back_as_asked,
        "compat.pipeline.Pipeline._extent",
        _rounded,
    ),
)
