"""Claims about presets on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from semdraw.cli.main import run
from semdraw.metadata import scene_from_picture
from semdraw.presets import PRESETS, preset


def test_models_lists_every_preset_with_weights_licence_and_memory(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["models"]) == 0
    lines = capsys.readouterr().out.partition("Presets")[2].splitlines()
    for known in PRESETS:
        (line,) = [line for line in lines if line.startswith(f"{known.name} ")]
        assert known.weights in line
        assert known.licence in line
        assert known.recipe.sampler in line
        assert (known.lora.repository if known.lora else "none") in line
        assert "GiB" in line


def test_models_are_listed_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["models", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert "picturebook" in [card["name"] for card in told["models"]]
    assert [each["name"] for each in told["presets"]] == [known.name for known in PRESETS]
    (sdxl,) = [each for each in told["presets"] if each["name"] == "sdxl-lightning-published"]
    assert sdxl["recipe"]["step_indices"] == [0, 4, 12, 25, 37]
    assert sdxl["weights_mib"] == preset("sdxl-lightning-published").weights_mib


def test_a_preset_is_shown_by_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["models", "show", "sd15-hyper-4"]) == 0
    said = capsys.readouterr().out
    for words in ("ddim_trailing in 4 steps", "Hyper-SD15-4steps-lora.safetensors", "deduced", "2.0 GiB"):
        assert words in said


def test_a_picture_is_painted_as_a_preset_says_and_options_overrule_it(
    model: Path, masks: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out.png"
    told = ["paint", "--model", str(model), "--preset", "sd15-hyper-4", "--region", "castle", masks[0]]
    assert run([*told, "--bootstrap-steps", "1", "-o", str(out)]) == 0
    assert "wants the LoRA ByteDance/Hyper-SD" in capsys.readouterr().err
    scene = scene_from_picture(out.read_bytes())
    assert (scene.recipe.sampler, scene.recipe.num_steps, scene.recipe.model) == ("ddim_trailing", 4, "tiny")
    assert scene.recipe.bootstrap_steps == 1
    assert run([*told, "--preset", "sd15-lcm", "--steps", "3", "-o", str(out)]) == 0
    recipe = scene_from_picture(out.read_bytes()).recipe
    assert (recipe.num_steps, recipe.step_indices) == (3, ()), "a number of steps replaces the list of them"
    assert run(["paint", "--preset", "picturebook", "--size", "64x64", "-o", str(out)]) == 0


def test_the_brushes_of_the_reference_are_hard(model: Path, masks: tuple[str, str], tmp_path: Path) -> None:
    out = tmp_path / "out.png"
    told = ["--preset", "multidiffusion-sd15", "--steps", "3", "--bootstrap-steps", "1"]
    regions = ["--region", "castle", masks[0]]
    assert run(["paint", "--model", str(model), *told, *regions, "-o", str(out)]) == 0
    scene = scene_from_picture(out.read_bytes())
    assert scene.brushes[0].softness_px == 0
    assert (scene.recipe.method, scene.recipe.guidance_scale) == ("multidiffusion", 7.5)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--preset", "magic"], "no preset 'magic'"),
        (["--preset", "sd15-lcm"], "--model PATH --lora pytorch_lora_weights.safetensors"),
        (["--preset", "sd3-flash", "--model", "MODEL"], "is for models of sd3; tiny is sd"),
    ],
)
def test_a_preset_that_cannot_be_met_is_refused_with_the_next_move(
    arguments: list[str], reason: str, model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = [str(model) if word == "MODEL" else word for word in arguments]
    assert run(["paint", *told, "-o", str(tmp_path / "out.png")]) == 2
    assert reason in capsys.readouterr().err
