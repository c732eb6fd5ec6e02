"""A captioner comes from elsewhere, by name or as a function, and is not loaded before it is asked for."""

from __future__ import annotations

from typing import Any

import pytest

from semdraw.captions import GROUP, captioner, captioners, described
from semdraw.errors import SceneError, UsageError
from semdraw.geometry import Extent
from semdraw.rasters import Picture
from semdraw.scene import ImageBackground

PHOTO = ImageBackground(picture=Picture(Extent(2, 1), bytes(6)))


class Entry:
    """An entry point of an installed package."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.loads = 0

    def load(self) -> Any:
        self.loads += 1

        def caption(picture: Picture) -> str:
            return f" a picture of\n{picture.extent} "

        return caption


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> list[Entry]:
    entries = [Entry("tall"), Entry("short")]

    def entry_points(*, group: str) -> list[Entry]:
        return entries if group == GROUP else []

    monkeypatch.setattr("semdraw.captions.entry_points", entry_points)
    return entries


def test_captioners_are_listed_without_being_loaded_and_loaded_by_name(installed: list[Entry]) -> None:
    assert captioners() == ("short", "tall")
    assert [entry.loads for entry in installed] == [0, 0]
    assert described(PHOTO, captioner("tall")).prompt == "a picture of 2x1"
    assert [entry.loads for entry in installed] == [1, 0]


def test_one_that_is_not_installed_is_named_with_those_that_are(installed: list[Entry]) -> None:
    with pytest.raises(UsageError, match="no captioner 'wide'; installed: short, tall"):
        captioner("wide")


def test_words_that_are_there_already_are_kept() -> None:
    def fail(_: Picture) -> str:
        raise AssertionError("nobody asked")

    told = ImageBackground(picture=PHOTO.picture, prompt="a beach")
    assert described(told, fail) is told


def test_an_answer_is_cut_to_what_a_prompt_may_have_and_must_be_words() -> None:
    assert len(described(PHOTO, lambda _: "x" * 5000).prompt) == 2000
    with pytest.raises(SceneError, match="got a int"):
        described(PHOTO, lambda _: 3)  # type: ignore[arg-type, return-value]
