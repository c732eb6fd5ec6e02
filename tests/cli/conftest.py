"""Two masks."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image, ImageDraw


@pytest.fixture
def masks(tmp_path: Path) -> tuple[str, str]:
    """Left half and right half of 64 px, white is painted."""
    paths: list[str] = []
    for name, left in (("left", 0), ("right", 32)):
        image = Image.new("L", (64, 64))
        ImageDraw.Draw(image).rectangle((left, 0, left + 31, 63), fill=255)
        image.save(tmp_path / f"{name}.png")
        paths.append(str(tmp_path / f"{name}.png"))
    return paths[0], paths[1]
