"""The API reference builds without a complaint, every public name says what it is, and links lead somewhere."""

from __future__ import annotations

import re
from contextlib import redirect_stdout
from importlib.util import module_from_spec, spec_from_file_location
from io import StringIO
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

import semdraw
from semdraw.cli.main import run
from semdraw.models.registry import Manner
from semdraw.scene import Recipe
from tests.toy import ToyModel

ROOT = Path(__file__).parent.parent
UNSERVED = {"--run_time", "--display_row", "--display_col"}  # of the published demos, as docs/compat.md says
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


def test_the_python_of_compat_runs_with_a_model_in_the_place_of_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    page = (ROOT / "docs" / "compat.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"```python\n(.*?)```", page, flags=re.S)

    def opened(_: object) -> tuple[ToyModel, Recipe]:
        return ToyModel(), Recipe()

    monkeypatch.setattr("semdraw.compat.pipeline.opened", opened)
    masks = np.zeros((2, 1, 768, 768), np.float32)
    masks[0, :, :, :384] = masks[1, :, :, 384:] = 1
    names: dict[str, Any] = {"prompts": ["red", "blue"], "negative_prompts": ["", ""], "masks": masks}
    exec(compile(block, "compat.md", "exec"), names)
    left, right = (names["image"].getpixel((x, 384)) for x in (192, 576))
    assert left[0] > left[2]
    assert right[2] > right[0]


def test_the_semdraw_json_of_the_docs_is_one() -> None:
    page = (ROOT / "docs" / "models.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"```json\n(.*?)```", page, flags=re.S)
    assert msgspec.json.decode(block, type=Manner) != Manner()
    fields = Manner.__struct_fields__
    assert [name for name in re.findall(r"^\| `(\w+)` \|", page, flags=re.M) if name in fields] == list(
        fields
    )


def options_of(*verb: str) -> str:
    with redirect_stdout(StringIO()) as said, pytest.raises(SystemExit):
        run([*verb, "--help"])
    return said.getvalue()


def code_of(page: Path) -> list[str]:
    """What a page has in backticks, wherever it stands, and the lines of its blocks; each in one line."""
    text = page.read_text(encoding="utf-8")
    blocks = re.findall(r"^```\w*\n(.*?)^```", text, flags=re.S | re.M)
    rest = re.sub(r"^```\w*\n.*?^```", "", text, flags=re.S | re.M)
    spans = [" ".join(span.split()) for span in re.findall(r"`([^`]+)`", rest)]
    return [line.removeprefix("$ ") for block in blocks for line in block.splitlines()] + spans


def commands_in(page: Path) -> list[tuple[str, set[str]]]:
    """(verb, options) of every command that a page speaks of."""
    found = [re.match(r"semdraw ([a-z]\w*)(.*)", code) for code in code_of(page)]
    return [(match[1], options_in(match[2])) for match in found if match]


def options_in(text: str) -> set[str]:
    return set(re.findall(r"(?<![\w-])--[a-z][a-z_-]*", text))


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_the_options_that_a_page_speaks_of_are_there(page: Path) -> None:
    for verb, options in commands_in(page):
        assert options <= options_in(options_of(verb)), f"semdraw {verb}"


@pytest.mark.parametrize("name", ["README", "docs/guide", "docs/cards", "docs/models", "docs/compat"])
def test_there_are_commands_to_look_at(name: str) -> None:
    assert commands_in(ROOT / f"{name}.md")


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_an_option_that_is_told_without_its_command_belongs_to_one(page: Path) -> None:
    verbs = re.findall(r"^    (\w+)(?:  |$)", options_of(), flags=re.M)
    assert "selfcheck" in verbs
    known = set[str]().union(*(options_in(options_of(verb)) for verb in verbs))
    spoken = {option for code in code_of(page) if code.startswith("--") for option in options_in(code)}
    assert spoken - UNSERVED <= known
    assert not UNSERVED & known


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_what_a_page_links_to_is_there(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+?)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target
