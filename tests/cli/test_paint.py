"""Claims about `semdraw paint`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace
from numpy.typing import NDArray
from PIL import Image

from semdraw.cli.main import run
from semdraw.exports import scene_from_file
from semdraw.files import save_project
from semdraw.geometry import Extent
from semdraw.metadata import scene_from_picture
from semdraw.scene import ColorBackground, ImageBackground, PromptBackground, Recipe
from tests.scenes import two_regions


def pixels(path: Path) -> NDArray[np.uint8]:
    return np.asarray(Image.open(path).convert("RGB"))


def test_masks_and_prompts_become_a_picture_that_carries_its_scene(
    model: Path, masks: tuple[str, str], tmp_path: Path
) -> None:
    out = tmp_path / "out.png"
    regions = ["--region", "rocket", masks[0], "--region", "full moon", masks[1]]
    options = ["--size", "64x64", "--background", "night sky", "--seed", "7", "--steps", "3"]
    assert run(["paint", "--model", str(model), *options, *regions, "-o", str(out)]) == 0
    assert pixels(out).shape == (64, 64, 3)
    scene = scene_from_picture(out.read_bytes())
    assert [brush.prompt for brush in scene.brushes] == ["rocket", "full moon"]
    assert [brush.id for brush in scene.brushes] == ["region-1", "region-2"]
    assert [int((layer.mask.array == 255).sum()) for layer in scene.canvas.layers] == [2048, 2048]
    assert scene.canvas.background == PromptBackground(prompt="night sky")
    assert (scene.seed, scene.recipe.num_steps, scene.recipe.model) == (7, 3, "tiny")
    assert scene.recipe.weights_hash


def test_a_picture_painted_again_from_its_own_metadata_is_the_same(
    model: Path, masks: tuple[str, str], tmp_path: Path
) -> None:
    first, second = tmp_path / "one.png", tmp_path / "two.png"
    assert run(["paint", "--model", str(model), "--region", "castle", masks[0], "-o", str(first)]) == 0
    assert run(["paint", str(first), "--model", str(model), "-o", str(second)]) == 0
    assert (pixels(first) == pixels(second)).all()
    assert scene_from_picture(first.read_bytes()) == scene_from_picture(second.read_bytes())


def test_a_project_file_is_painted_and_options_overrule_its_recipe(model: Path, tmp_path: Path) -> None:
    project, out = tmp_path / "work.semdraw", tmp_path / "out.png"
    save_project(project, two_regions())
    options = ["--sampler", "ddim", "--seed", "9", "--bootstrap-steps", "0"]
    assert run(["paint", str(project), "--model", str(model), *options, "-o", str(out)]) == 0
    scene = scene_from_picture(out.read_bytes())
    assert scene.canvas == two_regions().canvas
    assert (scene.recipe.sampler, scene.recipe.num_steps, scene.recipe.bootstrap_steps) == ("ddim", 20, 0)
    assert scene.seed == 9


def test_a_negative_prompt_that_does_nothing_is_told(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    project, out = tmp_path / "work.semdraw", tmp_path / "out.png"
    scene = two_regions()
    save_project(project, scene.with_brush(replace(scene.brush("moon"), negative="clouds")))
    arguments = ["paint", str(project), "--model", str(model), "-o", str(out)]
    assert run(arguments) == 0
    assert "semdraw: moon has a negative prompt" in capsys.readouterr().err
    assert run([*arguments, "--guidance", "2"]) == 0
    assert "negative" not in capsys.readouterr().err


@pytest.mark.parametrize("kind", ["color", "image"])
def test_backgrounds_are_colours_and_pictures_too(model: Path, tmp_path: Path, kind: str) -> None:
    out = tmp_path / "out.png"
    Image.new("RGB", (80, 80), (10, 20, 30)).save(tmp_path / "back.png")
    option = {"color": "#0A141E", "image": str(tmp_path / "back.png")}[kind]
    assert run(["paint", "--model", str(model), f"--background-{kind}", option, "-o", str(out)]) == 0
    background = scene_from_picture(out.read_bytes()).canvas.background
    assert isinstance(background, {"color": ColorBackground, "image": ImageBackground}[kind])
    assert (pixels(out) == (10, 20, 30)).all(), "where nothing is painted, the background stays to the byte"


def test_a_transparent_mask_counts_where_it_is_white_and_opaque(model: Path, tmp_path: Path) -> None:
    rgba = np.zeros((64, 64, 4), np.uint8)
    rgba[:, :32] = 255
    rgba[:16, :, :3] = 255
    Image.fromarray(rgba).save(tmp_path / "mask.png")
    out = tmp_path / "out.png"
    assert (
        run(["paint", "--model", str(model), "--region", "a", str(tmp_path / "mask.png"), "-o", str(out)])
        == 0
    )
    mask = scene_from_picture(out.read_bytes()).canvas.layers[0].mask.array
    assert (mask[:, :32] == 255).all()
    assert not mask[:, 32:].any()


def test_a_mask_of_twice_the_size_is_fitted(model: Path, tmp_path: Path, masks: tuple[str, str]) -> None:
    Image.open(masks[0]).resize((128, 128), Image.Resampling.NEAREST).save(tmp_path / "large.png")
    out = tmp_path / "out.png"
    assert (
        run(["paint", "--model", str(model), "--region", "a", str(tmp_path / "large.png"), "-o", str(out)])
        == 0
    )
    assert (scene_from_picture(out.read_bytes()).canvas.layers[0].mask.array[:, :32] == 255).all()


@pytest.mark.parametrize(
    ("size", "color", "reason"),
    [((64, 32), 255, "has the shape of the canvas"), ((64, 64), 0, "black all over")],
    ids=["another shape", "black"],
)
def test_a_mask_that_cannot_be_meant_is_refused(
    model: Path,
    tmp_path: Path,
    size: tuple[int, int],
    color: int,
    reason: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    Image.new("L", size, color).save(tmp_path / "mask.png")
    out = tmp_path / "out.png"
    assert (
        run(["paint", "--model", str(model), "--region", "a", str(tmp_path / "mask.png"), "-o", str(out)])
        == 1
    )
    assert reason in capsys.readouterr().err
    assert not out.exists()


def test_a_failure_leaves_the_earlier_picture_alone(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out.png"
    out.write_bytes(b"earlier")
    assert run(["paint", "--model", str(model), "--sampler", "flow", "-o", str(out)]) == 1

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    assert run(["paint", "--model", str(model), "-o", str(out)]) == 1
    assert out.read_bytes() == b"earlier"


def test_a_prompt_beyond_the_limit_is_refused(model: Path, tmp_path: Path) -> None:
    out = str(tmp_path / "out.png")
    assert run(["paint", "--model", str(model), "--background", "x" * 2001, "-o", out]) == 2


def test_a_scene_for_another_kind_of_model_is_painted_with_this_models_sampler(
    model: Path, tmp_path: Path
) -> None:
    project, out = tmp_path / "work.semdraw", tmp_path / "out.png"
    save_project(project, replace(two_regions(), recipe=Recipe(sampler="flow", num_steps=28)))
    assert run(["paint", str(project), "--model", str(model), "-o", str(out)]) == 0
    scene = scene_from_picture(out.read_bytes())
    assert (scene.recipe.sampler, scene.recipe.num_steps) == ("lcm", 4)
    assert [brush.id for brush in scene.brushes] == ["castle", "moon"]


def test_the_starter_scene_is_a_scene_like_any_other() -> None:
    from semdraw.geometry import Extent
    from semdraw.scene import checked
    from semdraw.starter import starter_scene

    scene = checked(starter_scene(Extent(256, 256)))
    assert all(not layer.mask.is_blank for layer in scene.canvas.layers)
    assert replace(scene) == starter_scene(Extent(256, 256))


def test_sampler_gamma_and_guidance_are_part_of_the_picture(
    model: Path, masks: tuple[str, str], tmp_path: Path
) -> None:
    out = tmp_path / "out.png"
    options = ["--sampler", "tcd", "--gamma", "0.5", "--guidance", "2.5", "--steps", "2"]
    regions = ["--region", "castle", masks[0]]
    assert run(["paint", "--model", str(model), *options, *regions, "-o", str(out)]) == 0
    recipe = scene_from_picture(out.read_bytes()).recipe
    assert (recipe.sampler, recipe.gamma, recipe.guidance_scale, recipe.num_steps) == ("tcd", 0.5, 2.5, 2)


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--sampler", "flow"], "does not suit this model"),
        (["--lora", "nowhere.safetensors:0.5"], "no LoRA nowhere.safetensors"),
    ],
)
def test_what_does_not_suit_the_model_is_said(
    model: Path, tmp_path: Path, options: list[str], reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["paint", "--model", str(model), *options, "-o", str(tmp_path / "out.png")]) == 1
    assert reason in capsys.readouterr().err


@pytest.mark.parametrize("ending", ["webp", "jpg", "ora", "psd", "semdraw"])
def test_the_ending_of_the_name_decides_the_kind_of_file(ending: str, model: Path, tmp_path: Path) -> None:
    out = tmp_path / f"picture.{ending}"
    options = ["--size", "64x64", "--background", "night sky", "--steps", "1"]
    assert run(["paint", "--model", str(model), *options, "-o", str(out)]) == 0
    if ending == "psd":
        assert out.read_bytes().startswith(b"8BPS")
    else:
        assert scene_from_file(out.read_bytes()).canvas.extent == Extent(64, 64)
