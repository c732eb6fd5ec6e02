"""Claims about `semdraw panorama` and `semdraw stream`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace
from PIL import Image

from semdraw.cli.main import run
from semdraw.files import save_project
from semdraw.geometry import Extent
from semdraw.metadata import scene_from_picture
from semdraw.presets import preset
from semdraw.scene import PromptBackground
from semdraw.starter import starter_scene
from tests.scenes import two_regions


def test_a_panorama_is_four_times_as_wide_as_the_models_own_and_carries_its_scene(
    model: Path, tmp_path: Path
) -> None:
    out = tmp_path / "wide.png"
    options = ["--prompt", "a long river", "--seed", "3", "--model", str(model)]
    assert run(["panorama", *options, "-o", str(out)]) == 0
    scene = scene_from_picture(out.read_bytes())
    assert scene.canvas.background == PromptBackground(prompt="a long river")
    assert scene.canvas.extent == Image.open(out).size == (256, 64)
    assert (scene.recipe.tile_px, scene.recipe.step_indices, scene.seed) == (64, (0, 12, 25, 37), 3)
    again = tmp_path / "again.png"
    assert run(["paint", str(out), "--model", str(model), "-o", str(again)]) == 0
    assert np.array_equal(np.asarray(Image.open(out)), np.asarray(Image.open(again)))


def test_the_size_steps_and_words_of_a_panorama_may_be_given(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "wide.png"
    options = ["--prompt", "sea", "--negative", "ships", "--size", "150x70", "--steps", "2"]
    assert run(["panorama", *options, "--model", str(model), "-o", str(out)]) == 0
    assert "guidance" in capsys.readouterr().err  # without it a negative prompt does nothing
    recipe = scene_from_picture(out.read_bytes()).recipe
    assert (recipe.num_steps, recipe.step_indices) == (2, ())
    assert Image.open(out).size == (150, 70)
    with pytest.raises(SystemExit):
        run(["panorama", "-o", str(out)])


def test_a_preset_keeps_its_steps_in_a_panorama(model: Path, tmp_path: Path) -> None:
    out = tmp_path / "wide.png"
    told = ["--prompt", "sea", "--preset", "sd15-lcm", "--size", "96x64", "--model", str(model)]
    assert run(["panorama", *told, "-o", str(out)]) == 0
    recipe = scene_from_picture(out.read_bytes()).recipe
    assert recipe.step_indices == preset("sd15-lcm").recipe.step_indices
    assert recipe.tile_px == 64


@pytest.fixture
def project(tmp_path: Path) -> str:
    save_project(tmp_path / "two.semdraw", two_regions(Extent(64, 64)))
    return str(tmp_path / "two.semdraw")


def frames_of(path: Path) -> list[bytes]:
    frames: list[bytes] = []
    with Image.open(path) as film:
        for number in range(getattr(film, "n_frames", 1)):
            film.seek(number)
            frames.append(film.convert("RGB").tobytes())
    return frames


def test_a_varied_film_has_another_picture_in_every_frame(model: Path, project: str, tmp_path: Path) -> None:
    out = tmp_path / "film.webp"
    options = ["--varied", "--frames", "3", "--fps", "4", "--model", str(model)]
    assert run(["stream", project, *options, "-o", str(out)]) == 0
    assert len(set(frames_of(out))) == 3
    with Image.open(out) as film:
        film.load()
        assert (film.size, film.info["duration"], film.info["loop"]) == ((64, 64), 250, 0)


def test_without_variation_a_film_shows_how_the_picture_settles(
    model: Path, project: str, tmp_path: Path
) -> None:
    out = tmp_path / "film.webp"
    assert run(["stream", project, "--frames", "6", "--model", str(model), "-o", str(out)]) == 0
    frames = frames_of(out)
    assert len(frames) == len(set(frames)) == 4  # three previews, then the settled one, which stays


def test_a_film_of_the_embedded_model_may_be_a_gif(tmp_path: Path) -> None:
    save_project(tmp_path / "scene.semdraw", replace(starter_scene(Extent(64, 64)), seed=2))
    out = tmp_path / "film.gif"
    assert run(["stream", str(tmp_path / "scene.semdraw"), "--frames", "2", "--varied", "-o", str(out)]) == 0
    with Image.open(out) as film:
        assert (film.format, film.size, getattr(film, "n_frames", 1)) == ("GIF", (64, 64), 2)


@pytest.mark.parametrize("name", ["film.mp4", "film", "missing/film.webp"])
def test_a_film_that_cannot_be_written_is_refused_before_anything_is_drawn(
    project: str, tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["stream", project, "-o", str(tmp_path / name)]) == 2
    error = capsys.readouterr().err
    assert "WEBP or GIF" in error or "no folder" in error
