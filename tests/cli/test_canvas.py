"""Claims about the first canvas of `semdraw serve`, in the words of the published demos."""

from __future__ import annotations

import argparse
from typing import Any

import pytest

from semdraw.cli.canvas import first_scene
from semdraw.cli.main import parser
from semdraw.cli.serve import server_of
from semdraw.errors import SceneError
from semdraw.geometry import Extent
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


def test_the_server_begins_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    studios: list[Any] = []

    def create_app(studio: Any, *_: Any) -> None:
        studios.append(studio)

    monkeypatch.setattr("semdraw.server.app.create_app", create_app)
    access = Access.at("127.0.0.1", allowed=[], token=None)
    server_of(options_of("-W", "512", "--seed", "9", "--device", "-1"), access, "http://127.0.0.1:1")
    (studio,) = studios
    assert (studio.starter.canvas.extent, studio.starter.seed) == (Extent(512, 256), 9)
