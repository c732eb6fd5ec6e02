"""What is committed of the page agrees with the code that serves it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from semdraw.server.app import PAGE

ROOT = Path(__file__).parent.parent


def test_types_and_golden_messages_of_the_page_are_those_of_the_protocol() -> None:
    script = ROOT / "web" / "scripts" / "wire.py"
    result = subprocess.run(
        [sys.executable, str(script), "--check"], capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr


def test_the_page_is_built_and_names_only_files_of_its_own() -> None:
    html = (PAGE / "index.html").read_text("utf-8")
    names = re.findall(r'(?:src|href)="([^"]+)"', html)
    assert len(names) >= 3
    assert all((PAGE / name).is_file() for name in names)
    assert "<style" not in html
    assert re.search(r"<script(?![^>]* src=)", html) is None
