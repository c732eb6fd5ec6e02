"""How the page looks, against pictures of it that people have looked at.

SEMDRAW_RENEW_GOLDEN=1 scripts/test tests/browser/test_golden.py    take them anew; look at them, then commit
"""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from tests.browser.conftest import opened
from tests.browser.easel import Easel
from tests.server.living import LiveServer

if TYPE_CHECKING:
    from playwright.sync_api import Browser

FOLDER = Path(__file__).parent / "golden"
VIEWS = (("light", 1440, 900), ("dark", 1440, 900), ("light", 820, 1000), ("dark", 390, 780))
KEPT_SCALE = 2  # golden pictures are so many times smaller than the page
TILE_PX = (
    24  # of a golden picture; what differs is looked for in every tile, so that none is outvoted by the rest
)
TOLERANCE = 0.13  # share of the range: letters of another font stay below, a panel that is missing does not


def looked_at(easel: Easel) -> Image.Image:
    """The page as it is seen, smaller."""
    shot = Image.open(io.BytesIO(easel.page.screenshot(animations="disabled", caret="hide"))).convert("RGB")
    return shot.reduce(KEPT_SCALE)


def distance(shown: Image.Image, golden: Image.Image) -> float:
    """The root mean square difference of the tile that differs most, 0 to 1."""
    assert shown.size == golden.size
    squares = (_smooth(shown) - _smooth(golden)) ** 2  # (H W 3)
    side = TILE_PX // 2
    rows, columns = squares.shape[0] // side, squares.shape[1] // side
    tiles = squares[: rows * side, : columns * side].reshape(rows, side, columns, side, 3)
    return float(np.sqrt(tiles.mean(axis=(1, 3, 4)).max()))


def _smooth(picture: Image.Image) -> NDArray[np.float64]:
    return np.asarray(picture.reduce(2), np.float64) / 255


@pytest.mark.parametrize(("theme", "width", "height"), VIEWS)
def test_the_page_looks_as_it_did(
    browser: Browser, toy_served: LiveServer, theme: str, width: int, height: int
) -> None:
    window = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme=theme,  # type: ignore[arg-type]
        reduced_motion="reduce",
        locale="en-GB",
    )
    with window as context, opened(context, toy_served.origin) as easel:
        easel.wait_until_saved()
        shown = looked_at(easel)
        path = FOLDER / f"{theme}-{width}.png"
        if os.environ.get("SEMDRAW_RENEW_GOLDEN"):
            FOLDER.mkdir(exist_ok=True)
            shown.save(path, optimize=True)
        golden = Image.open(path).convert("RGB")
        found = distance(shown, golden)
        assert found < TOLERANCE, (
            f"{found:.3f}: look at the page, and renew {path.name} if it is as it should be"
        )

        easel.page.evaluate("() => (document.querySelector('.frame > .dock').style.visibility = 'hidden')")
        assert distance(looked_at(easel), golden) > TOLERANCE, "a panel that is missing is seen"
