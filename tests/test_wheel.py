"""Claims about what `pip install` brings."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path, PurePath

import pytest

from semdraw.version import __version__

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (path,) = folder.glob("*.whl")
    return path


def tracked(folder: str) -> set[str]:
    """Names of the files in git below src/`folder`."""
    listed = subprocess.run(
        ["git", "ls-files", f"src/{folder}"], cwd=ROOT, check=True, capture_output=True, text=True
    )
    return {line.removeprefix("src/") for line in listed.stdout.splitlines() if (ROOT / line).exists()}


def test_a_wheel_carries_the_page_the_weights_and_the_licence(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    assert tracked("semdraw") <= names
    assert {"semdraw/server/page/index.html", "semdraw/py.typed"} <= names
    assets = {PurePath(name).suffix for name in names if name.startswith("semdraw/server/page/assets/")}
    assert {".js", ".css"} <= assets
    picturebook = {
        "model_index.json",
        "text_encoder/model.safetensors",
        "unet/diffusion_pytorch_model.safetensors",
        "vae/diffusion_pytorch_model.safetensors",
    }
    assert {f"semdraw/weights/picturebook/{name}" for name in picturebook} <= names
    assert {f"semdraw-{__version__}.dist-info/licenses/{name}" for name in ("LICENSE", "NOTICE")} <= names
    assert not [name for name in names if name.startswith(("tests", "train", "web", "bench"))]


def test_an_installed_wheel_answers_away_from_the_checkout(wheel: Path, tmp_path: Path) -> None:
    zipfile.ZipFile(wheel).extractall(tmp_path)
    code = (
        "import semdraw, semdraw.server.app as app; from semdraw.cli.main import run\n"
        f"assert semdraw.__file__.startswith({str(tmp_path)!r}), semdraw.__file__\n"
        "assert (app.PAGE / 'index.html').is_file()\n"
        "run(['--version'])"
    )
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    result = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=environment,
        check=False,
        capture_output=True,
        text=True,
    )
    assert (result.returncode, result.stdout) == (0, f"semdraw {__version__}\n"), result.stderr
