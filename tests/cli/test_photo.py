"""Claims about painting into a photo from the command line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from semdraw.cli.main import run
from semdraw.metadata import scene_from_picture
from semdraw.rasters import Picture
from semdraw.scene import ImageBackground


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """70x45 px of noise, without loss."""
    pixels = np.random.default_rng(5).integers(0, 256, (45, 70, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "photo.png")
    return tmp_path / "photo.png"


@pytest.fixture
def corner(tmp_path: Path) -> str:
    """The left upper 20x20 px of the photo."""
    mask = Image.new("L", (70, 45))
    mask.paste(255, (0, 0, 20, 20))
    mask.save(tmp_path / "corner.png")
    return str(tmp_path / "corner.png")


def test_a_region_is_painted_into_a_photo_and_the_rest_of_it_stays_to_the_byte(
    model: Path, photo: Path, corner: str, tmp_path: Path
) -> None:
    out = tmp_path / "out.png"
    options = ["--background-image", str(photo), "--size", "image", "--region", "a red balloon", corner]
    assert run(["paint", *options, "--model", str(model), "-o", str(out)]) == 0
    before, after = (np.asarray(Image.open(path)).astype(int) for path in (photo, out))
    assert after.shape == (45, 70, 3)
    assert (after[:, 24:] == before[:, 24:]).all()
    assert (after[24:] == before[24:]).all()
    assert np.abs(after[:16, :16] - before[:16, :16]).mean() > 10
    seam = np.abs(after[:10, 17:23] - before[:10, 17:23]).mean(axis=(0, 2))
    assert seam[0] > seam[-1]  # softer and softer towards the photo


def test_the_words_for_a_photo_may_be_given_or_found_by_a_captioner(
    model: Path, photo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Picture] = []

    def caption(picture: Picture) -> str:
        asked.append(picture)
        return "noise of all colours"

    monkeypatch.setattr("semdraw.captions.captioner", {"mine": caption}.__getitem__)
    out = tmp_path / "out.png"
    start = ["paint", "--background-image", str(photo), "--model", str(model), "-o", str(out)]
    told = (
        (["--background", "a beach"], "a beach"),
        ([], ""),
        (["--caption", "mine"], "noise of all colours"),
    )
    for options, words in told:
        assert run([*start, *options]) == 0
        background = scene_from_picture(out.read_bytes()).canvas.background
        assert isinstance(background, ImageBackground)
        assert background.prompt == words
    assert len(asked) == 1


@pytest.mark.parametrize(
    "options",
    [
        ["--caption", "mine"],
        ["--size", "image"],
        ["--background-image", "x.png", "--caption", "mine", "--background", "sea"],
        ["--background-image", "x.png", "--background-color", "#000000"],
        ["scene.semdraw", "--background-image", "x.png"],
    ],
    ids=" ".join,
)
def test_options_that_contradict_each_other_are_refused(options: list[str], tmp_path: Path) -> None:
    assert run(["paint", *options, "-o", str(tmp_path / "out.png")]) == 2


def test_a_captioner_that_is_not_installed_is_said_to_be_missing(
    photo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--background-image", str(photo), "--caption", "nobody"]
    assert run(["paint", *options, "-o", str(tmp_path / "out.png")]) == 2
    assert "no captioner 'nobody'; installed: none" in capsys.readouterr().err
