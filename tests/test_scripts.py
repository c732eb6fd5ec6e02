"""Claims about the scripts that set semdraw up."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PYTHON = """#!/bin/sh
# Stands in for Python: it makes an environment of itself, and writes down what pip is asked for.
case "$*" in
  "-m venv "*) mkdir -p "$3/bin" && cp "$0" "$3/bin/python" ;;
  "-m pip install "*) echo "$* [$PIP_CONSTRAINT]" >>"$LOG" ;;
esac
"""


@pytest.mark.skipif(sys.platform == "win32", reason="the scripts are for a POSIX shell")
@pytest.mark.parametrize("is_half_made", [False, True], ids=["nothing there", "left without pip"])
def test_an_environment_is_made_also_after_an_attempt_without_python3_venv(
    tmp_path: Path, is_half_made: bool
) -> None:
    (tmp_path / "scripts").mkdir()
    for name in ("scripts/environment.sh", "pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / name, tmp_path / name)
    commands = {tmp_path / "python": PYTHON}
    if is_half_made:
        commands[tmp_path / ".venv/bin/python"] = "#!/bin/sh\nexit 1\n"
    for path, text in commands.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(0o755)
    script = "source scripts/environment.sh; with_lock ensure_environment app"
    log = tmp_path / "log"
    environment = {**os.environ, "PYTHON": str(tmp_path / "python"), "LOG": str(log)}
    subprocess.run(["bash", "-c", script], cwd=tmp_path, env=environment, check=True, capture_output=True)
    asked = log.read_text().splitlines()
    assert ["torch==" in line for line in asked] == [True, False]
    assert all(line.endswith(f"[{tmp_path}/constraints.txt]") for line in asked)
