"""Presets are values that hold what they say, and each of them paints."""

from __future__ import annotations

import json
import re
from importlib import import_module
from pathlib import Path
from typing import Any, get_args

import pytest
import torch
from msgspec.structs import replace

from semdraw.errors import UsageError
from semdraw.models.base import DiffusionModel
from semdraw.models.registry import load_model
from semdraw.presets import PARAMETERS, PRESETS, Preset, Source, preset
from semdraw.scene import Recipe, Scene
from semdraw.schedule import build_schedule
from semdraw.still import generate
from tests.scenes import two_regions
from tests.tiny import write_checkpoint

FOLDER = Path(__file__).parent.parent / "src" / "semdraw" / "models" / "configs"
NAMES = [known.name for known in PRESETS]


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, DiffusionModel]:
    """One tiny model of each family."""
    folder = tmp_path_factory.mktemp("families")
    return {
        family: load_model(str(write_checkpoint(folder / family, family=family)), device="cpu")
        for family in ("sd", "sdxl", "sd3")
    }


SHORTENED = ("multidiffusion-sdxl", "multidiffusion-sd3")  # one of fifty steps in full will do


def scene_of(known: Preset) -> Scene:
    scene = two_regions()
    brushes = tuple(replace(brush, softness_px=known.softness_px) for brush in scene.brushes)
    return replace(scene, recipe=known.recipe, brushes=brushes)


@pytest.mark.parametrize("name", NAMES)
def test_every_preset_paints_with_a_model_of_its_family(name: str, models: dict[str, DiffusionModel]) -> None:
    known = preset(name)
    scene = scene_of(known)
    if name in SHORTENED:
        shorter = replace(known.recipe, step_indices=(0, 10, 20, 30, 40), bootstrap_steps=2)
        scene = replace(scene, recipe=shorter)
    picture = generate(models[known.family], scene)
    assert picture.array.std() > 0
    unlike = replace(scene, recipe=replace(scene.recipe, num_steps=2, step_indices=()))
    assert picture != generate(models[known.family], unlike)


TIMESTEPS = {
    "picturebook": [999, 759, 499, 259],
    "sd15-lcm": [999, 919, 759, 499, 259],
    "sd15-lcm-published": [999, 919, 759, 499, 259],
    "sd15-hyper-4": [999, 749, 499, 249],
    "sd15-hyper-1": [999],
    "sdxl-lightning": [999, 749, 499, 249],
    "sdxl-lightning-published": [999, 919, 759, 499, 259],
    "sd3-flash": [1000, 971, 903, 743, 496],
    "sd3-flash-published": [1000, 971, 903, 743, 496],
}


@pytest.mark.parametrize("name", NAMES)
def test_the_timesteps_are_the_published_ones(name: str, models: dict[str, DiffusionModel]) -> None:
    known = preset(name)
    schedule = build_schedule(models[known.family].spec.training, known.recipe)
    if name in TIMESTEPS:
        assert schedule.timestep.tolist() == pytest.approx(TIMESTEPS[name], abs=1)
    else:
        assert len(schedule) == 50
        assert not schedule.eta.any()


@pytest.mark.parametrize("name", [name for name in NAMES if name.startswith("multidiffusion")])
def test_the_reference_is_guided_hard_edged_and_undistilled(name: str) -> None:
    known = preset(name)
    recipe = known.recipe
    assert (recipe.method, recipe.mask_mode, known.softness_px) == ("multidiffusion", "discrete", 0)
    assert (recipe.num_steps, recipe.guidance_scale) == (50, 7.0 if known.family == "sd3" else 7.5)
    assert known.lora is None


def test_a_preset_says_where_its_numbers_come_from() -> None:
    assert {known.source for known in PRESETS} == set(get_args(Source))
    for known in PRESETS:
        assert ("deduced" in known.note or "not published" in known.note) <= (known.source == "deduced")
        assert (known.source == "own") == (known.row == "none")
        assert known.licence
        assert known.note
    assert len(set(NAMES)) == len(NAMES)


CONFIGS = {
    "sd1": "stable-diffusion-v1-5",
    "sdxl": "stable-diffusion-xl-base",
    "sd3_medium": "stable-diffusion-3-medium",
}


@pytest.mark.parametrize("config", CONFIGS)
def test_the_memory_of_a_preset_is_counted_from_the_networks_themselves(config: str) -> None:
    (told,) = [parts for weights, parts in PARAMETERS.items() if CONFIGS[config] in weights]
    counted = {name: parameters(config, name) for name in told}
    assert counted == told


def parameters(config: str, part: str) -> int:
    """How many a network has, built without weights."""
    entry = json.loads((FOLDER / f"{config}.json").read_text())["parts"][part]
    from transformers import CLIPTextConfig

    told: dict[str, Any] = json.loads((FOLDER / "parts" / f"{entry['config']}.json").read_text())
    library, kind = entry["build"]
    builder = getattr(import_module(library), kind)
    with torch.device("meta"):
        network = builder.from_config(told) if library == "diffusers" else builder(CLIPTextConfig(**told))
    return sum(parameter.numel() for parameter in network.parameters())


def test_the_page_of_presets_says_what_the_presets_say() -> None:
    page = (Path(__file__).parent.parent / "docs" / "presets.md").read_text(encoding="utf-8")
    for known in PRESETS:
        (row,) = re.findall(rf"^\| `{known.name}` \|.*\| (?:published|deduced|own) \|$", page, flags=re.M)
        for cell in (f"`{known.recipe.sampler}`, {known.recipe.step_count}", known.row, known.source):
            assert f"| {cell} |" in row
        if known.weights_mib is not None:
            assert f"| {known.weights_mib / 1024:.1f} |" in row
            assert f"| {known.weights} | {known.licence} |" in page
        if known.lora is not None:
            assert re.search(
                rf"^\| {known.lora.repository} \| {re.escape(known.lora.licence)}", page, flags=re.M
            )


def test_an_unknown_preset_is_answered_with_those_there_are() -> None:
    with pytest.raises(UsageError, match=r"no preset 'magic'.*sd15-lcm.*multidiffusion-sd3"):
        preset("magic")


def test_presets_are_found_on_the_package() -> None:
    import semdraw

    assert semdraw.preset("sd15-lcm").recipe in [known.recipe for known in semdraw.PRESETS]
    assert preset("picturebook").recipe == Recipe()
