"""The API reference builds without a complaint, every public name says what it is, and links lead somewhere."""

from __future__ import annotations

import re
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

import semdraw

ROOT = Path(__file__).parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])


def test_the_reference_builds_and_holds_every_public_name(tmp_path: Path) -> None:
    spec = spec_from_file_location("api", ROOT / "docs" / "api.py")
    assert spec is not None
    assert spec.loader is not None
    api = module_from_spec(spec)
    spec.loader.exec_module(api)
    assert api.build(tmp_path) == []
    page = (tmp_path / "semdraw.html").read_text(encoding="utf-8")
    assert [name for name in semdraw.__all__ if f'id="{name}"' not in page] == []


@pytest.mark.parametrize("name", semdraw.__all__)
def test_every_public_name_says_what_it_is(name: str) -> None:
    words = getattr(semdraw, name).__doc__
    assert words
    assert not words.startswith(f"{name}("), "a docstring that a library made up"


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_what_a_page_links_to_is_there(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+?)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target
