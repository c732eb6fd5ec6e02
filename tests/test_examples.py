"""The examples run as they stand, from top to bottom, and carry no outputs."""

from __future__ import annotations

import ast
import io
import json
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.server.living import live_server

EXAMPLES = Path(__file__).parent.parent / "examples"
NOTEBOOKS = sorted(EXAMPLES.glob("*.ipynb"))


def cells(notebook: Path) -> list[dict[str, Any]]:
    return json.loads(notebook.read_text(encoding="utf-8"))["cells"]


def run(notebook: Path) -> list[Any]:
    """What the cells show, one after the other in one namespace; the last expression of a cell is what it shows."""
    namespace: dict[str, Any] = {}
    shown: list[Any] = []
    for number, cell in enumerate(cells(notebook)):
        if cell["cell_type"] == "code":
            value = _value("".join(cell["source"]), f"{notebook.name}, cell {number}", namespace)
            shown += [] if value is None else [value]
    return shown


def _value(source: str, name: str, namespace: dict[str, Any]) -> Any:
    tree = ast.parse(source, name)
    last = tree.body[-1]
    if not isinstance(last, ast.Expr):
        exec(compile(tree, name, "exec"), namespace)
        return None
    exec(compile(ast.Module(tree.body[:-1], []), name, "exec"), namespace)
    return eval(compile(ast.Expression(last.value), name, "eval"), namespace)


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_from_top_to_bottom_and_shows_pictures(
    notebook: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from semdraw.models import single_file

    monkeypatch.setattr(single_file, "CONFIGS", single_file.CONFIGS)  # put back what a stand-in changes
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(EXAMPLES))
    pictures = [Image.open(io.BytesIO(value._repr_png_())) for value in run(notebook) if shows(value)]
    assert pictures
    for picture in pictures:
        low, high = picture.convert("L").getextrema()
        assert low != high, "a picture is not flat"


def shows(value: Any) -> bool:
    return hasattr(value, "_repr_png_")


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_small_and_carries_no_outputs(notebook: Path) -> None:
    assert notebook.stat().st_size < 20_000
    for cell in cells(notebook):
        assert not cell.get("outputs")
        assert cell.get("execution_count") is None


def test_the_client_paints_on_a_real_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(EXAMPLES))
    client = import_module("client")
    with live_server() as server:
        client.paint(server.origin, tmp_path, ["red", "blue"])
    for prompt, channel in (("red", 0), ("blue", 2)):
        middle = Image.open(tmp_path / f"{prompt}.jpg").getpixel((128, 128))
        assert isinstance(middle, tuple)
        assert max(range(3), key=middle.__getitem__) == channel


def test_there_is_a_notebook_for_each_thing_one_can_make() -> None:
    names = " ".join(notebook.stem for notebook in NOTEBOOKS)
    for topic in (
        "first_picture",
        "regions",
        "streaming",
        "panorama",
        "photo",
        "single_file",
        "sdxl",
        "sd3",
        "lora",
    ):
        assert topic in names
