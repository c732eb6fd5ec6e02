"""How a published model key becomes a model: which weights, which LoRA, which decoder, whose recipe."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image

from semdraw.compat import (
    StableMultiDiffusion3Pipeline,
    StableMultiDiffusionKolorsPipeline,
    StableMultiDiffusionPipeline,
    StableMultiDiffusionSDXLPipeline,
    StreamMultiDiffusion,
)
from semdraw.compat import checkpoints as loading
from semdraw.compat.util import load_model
from semdraw.errors import CheckpointError, UsageError
from tests.compat.toys import plain, toy

__all__ = ["toy"]


pytestmark = pytest.mark.usefixtures("nothing_is_fetched")


@pytest.fixture
def slow_weights(checkpoints: dict[str, Path], tmp_path: Path) -> dict[str, Path]:
    """Folders whose own sampler takes many steps, as those of published models do."""
    schedulers = {"sd": "PNDMScheduler", "sdxl": "EulerDiscreteScheduler"}
    folders = {name: tmp_path / name for name in schedulers}
    for name, kind in schedulers.items():
        shutil.copytree(checkpoints[name], folders[name])
        path = folders[name] / "scheduler" / "scheduler_config.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | {"_class_name": kind}))
    return folders


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the loader was asked for; nothing is loaded."""
    asked: dict[str, Any] = {}

    def note(what: Any, **named: Any) -> None:
        asked.update(named, what=what)

    monkeypatch.setattr("semdraw.compat.checkpoints.load_model", note)
    return asked


def wanted(preset: str, key: Path | str | None, **more: Any) -> loading.Wanted:
    named: dict[str, Any] = {"method": "exact", "device": -1, "dtype": torch.float16, **more}
    return loading.Wanted(preset=preset, key=None if key is None else str(key), **named)


@pytest.mark.parametrize(
    ("kind", "repository"),
    [
        (StableMultiDiffusionPipeline, "stable-diffusion-v1-5"),
        (StableMultiDiffusionSDXLPipeline, "stable-diffusion-xl-base-1.0"),
        (StableMultiDiffusion3Pipeline, "stable-diffusion-3-medium-diffusers"),
    ],
)
def test_no_key_means_the_published_weights_and_offline_says_what_to_do(kind: Any, repository: str) -> None:
    with pytest.raises(CheckpointError, match=rf"{repository} .*Fetch it elsewhere and name its folder"):
        kind("cpu")


def test_weights_that_are_slow_want_the_published_lora_and_say_where_to_put_it(
    slow_weights: dict[str, Path], tmp_path: Path
) -> None:
    with pytest.raises(CheckpointError, match=r"Put it there as lcm-lora-sdv1-5.safetensors, .*lora_key=…"):
        loading.opened(wanted("sd15-lcm", slow_weights["sd"]))
    with pytest.raises(
        CheckpointError, match=f"checkpoints nor in {tmp_path / 'models'} nor in the hub's cache"
    ):
        loading.opened(wanted("sd15-lcm", slow_weights["sd"]))


def test_the_lora_is_found_in_a_model_folder(
    slow_weights: dict[str, Path], told: dict[str, Any], tmp_path: Path
) -> None:
    file = tmp_path / "models" / "lcm-lora-sdv1-5.safetensors"
    file.parent.mkdir()
    file.touch()
    _, recipe = loading.opened(wanted("sd15-lcm", slow_weights["sd"], lora_weight=0.7))
    assert [(lora.file, lora.scale) for lora in told["loras"]] == [(file, 0.7)]
    assert (recipe.sampler, recipe.step_indices) == ("lcm", (0, 4, 12, 25, 37))


def test_an_own_lora_takes_its_place_and_none_is_none(
    slow_weights: dict[str, Path], told: dict[str, Any]
) -> None:
    loading.opened(wanted("sd15-lcm", slow_weights["sd"], lora="mine.safetensors"))
    assert [lora.file for lora in told["loras"]] == [Path("mine.safetensors")]
    _, recipe = loading.opened(wanted("sd15-lcm", slow_weights["sd"], lora=""))
    assert told["loras"] == []
    assert recipe.sampler == "lcm"


def test_weights_that_are_quick_are_run_by_their_own_recipe(
    checkpoints: dict[str, Path], told: dict[str, Any]
) -> None:
    _, recipe = loading.opened(wanted("sdxl-lightning", checkpoints["sdxl"]))
    assert told["loras"] == []
    assert (recipe.sampler, recipe.num_steps) == ("lcm", 4)


def test_lightning_is_run_on_the_steps_that_it_was_made_for_unless_published_is_asked_for(
    slow_weights: dict[str, Path], told: dict[str, Any]
) -> None:
    _, recipe = loading.opened(wanted("sdxl-lightning", slow_weights["sdxl"], lora=""))
    assert (recipe.sampler, recipe.num_steps, recipe.step_indices) == ("euler_trailing", 4, ())
    _, recipe = loading.opened(wanted("sdxl-lightning", slow_weights["sdxl"], lora="", method="published"))
    assert recipe.step_indices == (0, 4, 12, 25, 37)


def test_half_precision_is_for_cards_and_others_are_passed_on(
    checkpoints: dict[str, Path], told: dict[str, Any]
) -> None:
    loading.opened(wanted("sd15-lcm", checkpoints["sd"]))
    assert told["dtype"] is None
    loading.opened(wanted("sd15-lcm", checkpoints["sd"], dtype=torch.bfloat16))
    assert told["dtype"] == torch.bfloat16


def test_a_tiny_decoder_is_taken_from_a_model_folder_and_missed_aloud(
    checkpoints: dict[str, Path], told: dict[str, Any], tmp_path: Path
) -> None:
    with pytest.warns(UserWarning, match="no tiny decoder madebyollin/taesd on this machine"):
        loading.opened(wanted("sd15-lcm", checkpoints["sd"], wants_tiny_decoder=True))
    assert told["decoder"] is None
    (tmp_path / "models" / "taesd").mkdir(parents=True)
    loading.opened(wanted("sd15-lcm", checkpoints["sd"], wants_tiny_decoder=True))
    assert told["decoder"] == str(tmp_path / "models" / "taesd")


def test_a_model_of_another_family_is_named(checkpoints: dict[str, Path]) -> None:
    with pytest.raises(CheckpointError, match=r"is of the family SDXL, this class is for SD1\.5"):
        StableMultiDiffusionPipeline("cpu", hf_key=str(checkpoints["sdxl"]))
    with pytest.raises(CheckpointError, match=r"is of the family SD1\.5, this class is for SDXL"):
        load_model(str(checkpoints["sd"]), "xl", "cpu", torch.float16)
    with pytest.raises(UsageError, match=r"sd_version is one of 1\.5, xl, 3, got '2'"):
        load_model(str(checkpoints["sd"]), "2", "cpu", torch.float16)


def test_a_pipeline_of_diffusers_can_be_handed_in(checkpoints: dict[str, Path]) -> None:
    from diffusers import StableDiffusionPipeline

    theirs = StableDiffusionPipeline.from_pretrained(checkpoints["sd"], safety_checker=None)
    smd = StableMultiDiffusionPipeline("cpu", hf_key=theirs)
    assert smd.sample("a boat", height=64, width=64)[0].size == (64, 64)


def test_kolors_is_not_served_and_says_so() -> None:
    with pytest.raises(UsageError, match="Kolors is not among the families"):
        StableMultiDiffusionKolorsPipeline("cpu")


@pytest.mark.usefixtures("toy")
@pytest.mark.parametrize("kind", [StableMultiDiffusionPipeline, StreamMultiDiffusion])
def test_a_captioner_is_asked_only_where_it_was_handed_in(kind: Any) -> None:
    def caption(_: Image.Image) -> str:
        return "a white wall"

    with pytest.raises(UsageError, match="captioner=a function of a picture"):
        kind("cpu").get_text_prompts(plain())
    assert kind("cpu", captioner=caption).get_text_prompts(plain()) == "a white wall"
