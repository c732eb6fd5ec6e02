"""The API reference builds without a complaint, every public name says what it is, and links lead somewhere."""

from __future__ import annotations

import re
from contextlib import redirect_stdout
from importlib.util import module_from_spec, spec_from_file_location
from io import StringIO
from pathlib import Path

import pytest

import semdraw
from semdraw.cli.main import run

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


@pytest.mark.parametrize("name", ["guide", "presets"])
def test_the_python_of_a_page_runs_from_top_to_bottom(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = (ROOT / "docs" / f"{name}.md").read_text(encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"```python\n(.*?)```", page, flags=re.S)
    assert blocks
    exec(compile("\n".join(blocks), f"{name}.md", "exec"), {})


def options_of(verb: str) -> str:
    with redirect_stdout(StringIO()) as said, pytest.raises(SystemExit):
        run([verb, "--help"])
    return said.getvalue()


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_the_options_that_a_page_speaks_of_are_there(page: Path) -> None:
    for verb, rest in re.findall(
        r"^(?:\$ )?semdraw (\w+)(.*)$", page.read_text(encoding="utf-8"), flags=re.M
    ):
        told = options_of(verb)
        for option in re.findall(r"--[a-z-]+", rest):
            assert option in told, f"semdraw {verb} {option}"


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_what_a_page_links_to_is_there(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+?)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target
