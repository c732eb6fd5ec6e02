"""Where, when and by what command figures came about."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import Any

from bench import machine

ROOT = Path(__file__).parent.parent


def circumstances() -> dict[str, Any]:
    """Machine, time, load of the last minute, code and command."""
    return {**machine.circumstances(), "command": shlex.join([_called(), *sys.argv[1:]])}


def _called() -> str:
    script = Path(sys.argv[0])
    return f"python -m eval.{script.stem}" if script.parent.name == "eval" else script.name
