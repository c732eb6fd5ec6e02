"""Claims about the options of `semdraw paint` that say how regions become one picture, and for which model."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any, get_args

import pytest
from msgspec.structs import asdict, replace

from semdraw.cli.main import run
from semdraw.cli.recipes import add_recipe_options
from semdraw.files import save_project
from semdraw.metadata import scene_from_picture
from semdraw.scene import Guidance, ImageBackground, MaskMode, MethodName, PromptBackground, Recipe, Scene
from tests.scenes import two_regions

KNOBS: dict[str, tuple[str, Any]] = {
    "--method": ("multidiffusion", {"method": "multidiffusion"}),
    "--step-indices": ("0,12,30", {"step_indices": (0, 12, 30)}),
    "--mask-mode": ("discrete", {"mask_mode": "discrete"}),
    "--cover": ("0.5", {"cover": 0.5}),
    "--bootstrap-steps": ("3", {"bootstrap_steps": 3}),
    "--bootstrap-mix": ("1.5", {"bootstrap_mix": 1.5}),
    "--leak-sensitivity": ("2", {"leak_sensitivity": 2.0}),
    "--suffix": (", {background}", {"region_suffix": ", {background}"}),
    "--window": ("32", {"window_px": 32}),
    "--tile": ("0", {"tile_px": 0}),
    "--enlarge": ("2", {"enlarge": 2.0}),
    "--guidance-mode": ("residual_once", {"guidance": "residual_once"}),
    "--guidance-delta": ("0.5", {"guidance_delta": 0.5}),
}


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[Scene]:
    """The scenes that `paint` would draw; drawing itself is left out."""
    from semdraw.files import painted_areas

    scenes: list[Scene] = []

    def note(_: Any, scene: Scene) -> Any:
        scenes.append(scene)
        return painted_areas(scene)

    monkeypatch.setattr("semdraw.cli.paint.drawn", note)
    return scenes


def test_every_knob_of_the_method_is_an_option(
    model: Path, masks: tuple[str, str], tmp_path: Path, drawn: list[Scene]
) -> None:
    told = [word for option, (value, _) in KNOBS.items() for word in (option, value)]
    out = tmp_path / "out.png"
    asked = ["paint", "--model", str(model), "--region", "castle", masks[0], "-o", str(out)]
    assert run([*asked, *told, "--no-blend"]) == 0
    wanted: dict[str, Any] = {"blend": False}
    for _, field in KNOBS.values():
        wanted |= field
    recipe = asdict(drawn[0].recipe)
    assert {name: recipe[name] for name in wanted} == wanted
    options = {"model", "weights_hash", "sampler", "num_steps", "gamma", "guidance_scale", "grid_steps"}
    assert set(recipe) == {*wanted, *options}, "a new field wants an option, or a reason here"
    assert scene_from_picture(out.read_bytes()) == drawn[0]


@pytest.mark.parametrize(
    ("option", "kind"), [("--method", MethodName), ("--mask-mode", MaskMode), ("--guidance-mode", Guidance)]
)
def test_every_choice_of_a_recipe_may_be_made(option: str, kind: Any) -> None:
    parser = argparse.ArgumentParser()
    add_recipe_options(parser)
    (told,) = [action for action in parser._actions if option in action.option_strings]  # pyright: ignore[reportPrivateUsage]
    assert set(told.choices or ()) == set(get_args(kind))


def test_without_options_the_recipe_is_the_models_own(
    model: Path, masks: tuple[str, str], tmp_path: Path, drawn: list[Scene]
) -> None:
    asked = ["paint", "--model", str(model), "--region", "a", masks[0], "-o", str(tmp_path / "out.png")]
    assert run(asked) == 0
    own = Recipe(model="tiny", weights_hash=drawn[0].recipe.weights_hash)
    assert drawn[0].recipe == own


def test_negative_prompts_go_to_the_region_before_them_or_to_the_background(
    model: Path, masks: tuple[str, str], tmp_path: Path, drawn: list[Scene]
) -> None:
    told = [
        "--negative",
        "day",
        "--region",
        "castle",
        masks[0],
        "--negative",
        "ruin",
        "--region",
        "moon",
        masks[1],
    ]
    asked = ["paint", "--model", str(model), "--background", "night", "-o", str(tmp_path / "out.png")]
    brushes = ["--softness", "9", "--strength", "0.8", "--prompt-strength", "0.7"]
    assert run([*asked, *told, *brushes]) == 0
    assert [brush.negative for brush in drawn[0].brushes] == ["ruin", ""]
    assert drawn[0].canvas.background == PromptBackground(prompt="night", negative="day")
    for brush in drawn[0].brushes:
        assert (brush.softness_px, brush.strength, brush.prompt_strength) == (9.0, 0.8, 0.7)
    assert run([*asked, "--background-image", masks[0], "--background-negative", "fog"]) == 0
    behind = drawn[1].canvas.background
    assert isinstance(behind, ImageBackground)
    assert (behind.prompt, behind.negative) == ("night", "fog")


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        (
            ["--background-color", "#000000", "--background-negative", "fog"],
            "leave --background-negative out",
        ),
        (["--background-color", "#000000", "--negative", "fog"], "put --negative after a --region"),
        (["SCENE", "--negative", "fog"], "has its own regions"),
        (["SCENE", "--softness", "3"], "has its own regions"),
        (["--step-indices", "4,2"], "step_indices must rise"),
        (["--step-indices", "0,60"], "on a grid of 50"),
    ],
    ids=str,
)
def test_options_that_cannot_be_meant_are_refused(
    told: list[str], reason: str, model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    project = tmp_path / "work.semdraw"
    save_project(project, two_regions())
    given = [str(project) if word == "SCENE" else word for word in told]
    assert run(["paint", *given, "--model", str(model), "-o", str(tmp_path / "out.png")]) in (1, 2)
    assert reason in capsys.readouterr().err


# ---- the model of a scene ----
@pytest.fixture
def in_models(model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder whose ./checkpoints holds a model named `mine`."""
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "checkpoints" / "mine").symlink_to(model)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("verb", ["paint", "stream"])
def test_a_scene_is_drawn_with_its_own_model(
    verb: str, in_models: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe = Recipe(model="mine", weights_hash="0123456789abcdef")
    save_project(in_models / "work.semdraw", replace(two_regions(), recipe=recipe))
    out = {"paint": ["-o", "out.png"], "stream": ["--frames", "1", "-o", "out.webp"]}[verb]
    assert run([verb, "work.semdraw", *out]) == 0
    assert "drawn with other weights (0123456789abcdef)" in capsys.readouterr().err
    if verb == "paint":
        painted = scene_from_picture((in_models / "out.png").read_bytes())
        assert painted.recipe.model == "mine"
        assert run(["paint", "out.png", "-o", "again.png"]) == 0
        assert "other weights" not in capsys.readouterr().err


@pytest.mark.parametrize("verb", ["paint", "stream"])
@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("nowhere", "--model PATH, or paint it with another one: --model picturebook"),
        ("owner/name", "to paint with it, give --model owner/name"),
    ],
)
def test_a_scene_whose_model_is_not_here_is_refused_with_the_next_move(
    verb: str, name: str, reason: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    project = tmp_path / "work.semdraw"
    save_project(project, replace(two_regions(), recipe=Recipe(model=name)))
    out = {"paint": "out.png", "stream": "out.webp"}[verb]
    assert run([verb, str(project), "-o", str(tmp_path / out)]) in (1, 2)
    assert reason in capsys.readouterr().err
