"""Claims about the first canvas of `semdraw serve`, in the words of the published demos."""

from __future__ import annotations

import argparse
import threading
from pathlib import Path
from typing import Any

import pytest

from semdraw.cli.canvas import first_scene
from semdraw.cli.main import parser
from semdraw.cli.serve import _announce, server_of  # pyright: ignore[reportPrivateUsage]
from semdraw.errors import SceneError, SemdrawError
from semdraw.geometry import Extent
from semdraw.presets import preset
from semdraw.samplers import FACTS
from semdraw.scene import Scene
from semdraw.server.guard import Access
from semdraw.starter import starter_scene

OWN = Extent(256, 256)


def options_of(*words: str) -> argparse.Namespace:
    return parser().parse_args(["serve", *words])


def scene_for(*words: str) -> Scene:
    return first_scene(options_of(*words), starter_scene(OWN))


def test_nothing_said_is_the_starter() -> None:
    assert scene_for() == starter_scene(OWN)


@pytest.mark.parametrize("words", [["-H", "192", "-W", "320"], ["--height", "192", "--width", "320"]])
def test_height_and_width_size_the_first_canvas(words: list[str]) -> None:
    scene = scene_for(*words)
    assert scene.canvas.extent == Extent(320, 192)
    assert all(layer.mask.extent == Extent(320, 192) for layer in scene.canvas.layers)


def test_one_side_alone_leaves_the_other() -> None:
    assert scene_for("-W", "512").canvas.extent == Extent(512, 256)


def test_dashes_and_underscores_say_the_same() -> None:
    published = scene_for("--bootstrap_steps", "3", "--bootstrap_mix_steps", "1.5", "--guidance_scale", "0")
    ours = scene_for("--bootstrap-steps", "3", "--bootstrap-mix-steps", "1.5", "--guidance-scale", "1")
    assert published == ours
    assert (ours.recipe.bootstrap_steps, ours.recipe.bootstrap_mix, ours.recipe.guidance_scale) == (3, 1.5, 1)


def test_a_seed_is_taken_and_minus_one_is_another_each_time() -> None:
    assert scene_for("--seed", "7").seed == 7
    assert len({scene_for("--seed", "-1").seed for _ in range(8)}) > 1


@pytest.mark.parametrize(
    ("given", "device"), [("0", "cuda:0"), ("2", "cuda:2"), ("-1", "cpu"), ("cpu", "cpu"), ("mps", "mps")]
)
def test_a_device_may_be_a_number(given: str, device: str) -> None:
    assert options_of("--device", given).device == device


@pytest.mark.parametrize("name", ["--run_time", "--run-time", "--display_row", "--display-col"])
def test_what_has_nothing_to_act_on_says_what_there_is_instead(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        options_of(name, "2")
    assert end.value.code == 2
    assert "not needed: the page" in capsys.readouterr().err


def test_a_canvas_that_is_too_large_is_refused_by_name() -> None:
    with pytest.raises(SceneError, match="sides of 1 to 4096 px and at most"):
        scene_for("-H", "4096", "-W", "4096")


def begun_with(monkeypatch: pytest.MonkeyPatch, *words: str) -> Scene:
    """The first canvas of a server of this call."""
    studios: list[Any] = []
    monkeypatch.setattr("semdraw.server.app.create_app", lambda studio, *_: studios.append(studio))  # pyright: ignore
    server_of(options_of("--device", "-1", *words), Access(), "http://127.0.0.1:1")
    return studios[0].starter


def test_a_preset_is_how_the_first_canvas_is_run(monkeypatch: pytest.MonkeyPatch, model: Path) -> None:
    known = preset("sd15-lcm")
    words = ("--model", str(model), "--preset", "sd15-lcm", "-W", "192")
    scene = begun_with(monkeypatch, *words)
    assert scene.recipe == known.recipe
    assert {brush.softness_px for brush in scene.brushes} == {known.softness_px}
    other = begun_with(monkeypatch, *words, "--steps", "7", "--bootstrap-steps", "1").recipe
    assert (other.sampler, other.num_steps, other.step_indices) == ("lcm", 7, ())
    assert other.bootstrap_steps == 1


def test_a_sampler_brings_its_own_number_of_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = begun_with(monkeypatch, "--sampler", "euler_trailing").recipe
    assert (recipe.sampler, recipe.num_steps) == ("euler_trailing", FACTS["euler_trailing"].num_steps)
    assert begun_with(monkeypatch, "--sampler", "ddim", "--steps", "9").recipe.num_steps == 9


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["--sampler", "flow"], "does not suit this model"),
        (["--preset", "sd15-lcm"], "add where they lie: --model"),
        (["--preset", "none-such"], "no preset 'none-such'"),
    ],
)
def test_what_does_not_suit_the_model_is_told_before_anything_is_served(
    monkeypatch: pytest.MonkeyPatch, words: list[str], reason: str
) -> None:
    with pytest.raises(SemdrawError, match=reason):
        begun_with(monkeypatch, *words)


def test_a_browser_that_does_not_return_holds_nothing_up(monkeypatch: pytest.MonkeyPatch) -> None:
    opened, closed = threading.Event(), threading.Event()

    def open_and_stay(_: str) -> bool:
        opened.set()
        return closed.wait(20)

    monkeypatch.setattr("webbrowser.open", open_and_stay)
    _announce("toy", "http://127.0.0.1:1", None, will_open=True)
    assert not closed.is_set()
    assert opened.wait(20)
    assert [each for each in threading.enumerate() if each.name == "semdraw-browser" and each.daemon]
    closed.set()


def test_the_server_begins_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    studios: list[Any] = []

    def create_app(studio: Any, *_: Any) -> None:
        studios.append(studio)

    monkeypatch.setattr("semdraw.server.app.create_app", create_app)
    access = Access.at("127.0.0.1", allowed=[], token=None)
    server_of(options_of("-W", "512", "--seed", "9", "--device", "-1"), access, "http://127.0.0.1:1")
    (studio,) = studios
    assert (studio.starter.canvas.extent, studio.starter.seed) == (Extent(512, 256), 9)
