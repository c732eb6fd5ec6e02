"""Scenes to begin with."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import semdraw
from semdraw.errors import SceneError
from semdraw.geometry import Extent
from semdraw.scene import PromptBackground, checked
from semdraw.starter import STARTERS, starter_scene

PACKAGE = Path(semdraw.__file__).parent
CONCEPTS = PACKAGE / "weights" / "picturebook" / "concepts.json"


@pytest.mark.parametrize("name", STARTERS)
@pytest.mark.parametrize("extent", [Extent(64, 64), Extent(192, 128)])
def test_every_starter_is_a_scene_of_any_size_in_which_all_is_seen(name: str, extent: Extent) -> None:
    scene = checked(starter_scene(extent, name))
    shares = [float((layer.mask.array > 127).mean()) for layer in scene.canvas.layers]
    assert len(shares) >= 3
    assert min(shares) > 0.05
    assert sum(shares) < 0.7, "the background is seen, too"
    assert isinstance(scene.canvas.background, PromptBackground)


@pytest.mark.skipif(not CONCEPTS.is_file(), reason="the weights of picturebook are not in this checkout")
@pytest.mark.parametrize("name", STARTERS)
def test_starters_use_words_that_the_model_of_the_house_was_taught(name: str) -> None:
    known = json.loads(CONCEPTS.read_text("utf-8"))
    names = {kind: {word["name"] for word in words} for kind, words in known.items()}
    scene = starter_scene(Extent(64, 64), name)
    assert {brush.prompt for brush in scene.brushes} <= names["objects"]
    background = scene.canvas.background
    assert isinstance(background, PromptBackground)
    assert background.prompt in names["backgrounds"]


def test_every_starter_has_a_picture_on_the_page() -> None:
    assert {path.stem for path in (PACKAGE / "server/page/starters").glob("*.webp")} == set(STARTERS)


def test_an_unknown_starter_is_refused_with_the_names_there_are() -> None:
    with pytest.raises(SceneError, match=r"no starter scene is called 'none'; there are: house, beach"):
        starter_scene(Extent(64, 64), "none")
