"""Every command and every line of Python in the README works as it stands there."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import urllib.request
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^\$ (.+)$", README, flags=re.M)
PAINTER = [command for command in COMMANDS if command.startswith("semdraw ")]
WITHIN_S = 150  # one command, on a machine that does much else


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the masks of which the README speaks."""
    folder = tmp_path_factory.mktemp("readme")
    rows, columns = np.mgrid[0:256, 0:256]
    for name, x, y in (("castle", 90, 165), ("moon", 195, 60)):
        disc = (np.hypot(columns - x, rows - y) < 50).astype(np.uint8) * 255
        Image.fromarray(disc).save(folder / f"{name}.png")
    return folder


def run(command: list[str], folder: Path) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=WITHIN_S, check=False)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"


@pytest.mark.timeout(len(PAINTER) * WITHIN_S + 60)
def test_the_commands_of_the_readme_work_in_their_order(folder: Path) -> None:
    assert len(PAINTER) >= 4
    for command in PAINTER:
        run([sys.executable, "-m", *shlex.split(command)], folder)
    first, again = (np.asarray(Image.open(folder / name)) for name in ("picture.png", "again.png"))
    assert (first == again).all()


@pytest.mark.timeout(2 * WITHIN_S + 60)
def test_the_python_of_the_readme_makes_the_same_picture(folder: Path) -> None:
    (block,) = re.findall(r"```python\n(.*?)```", README, flags=re.S)
    run([sys.executable, "-c", block], folder)
    run([sys.executable, "-m", *shlex.split(PAINTER[0])], folder)
    pictures = [
        np.asarray(Image.open(folder / name).convert("RGB")) for name in ("python.png", "picture.png")
    ]
    assert (pictures[0] == pictures[1]).all()


def test_all_other_commands_are_the_two_scripts() -> None:
    assert [command for command in COMMANDS if command not in PAINTER] == ["scripts/serve", "scripts/test"]
    assert "scripts/test" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")


def test_scripts_serve_brings_up_the_painter() -> None:
    command = [str(ROOT / "scripts" / "serve"), "--no-open", "--port", "0"]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, env=environment) as server:
        try:
            assert server.stdout is not None
            said: list[str] = []
            while not (address := re.search(r"http://\S+", "".join(said[-1:]))):
                said.append(server.stdout.readline())
                assert said[-1], f"scripts/serve ended before it named its address; it said {said}"
            with urllib.request.urlopen(address.group(), timeout=20) as page:
                assert b"semdraw" in page.read()
        finally:
            server.terminate()


def test_every_file_that_the_readme_shows_is_there() -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", README):
        assert (ROOT / target).exists(), target
