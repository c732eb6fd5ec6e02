"""From a phone to 4K, light and dark: nothing sticks out, everything has a name.

Screenshots lie in the test's folder, or in SEMDRAW_SCREENSHOTS.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.browser.easel import Easel, controls_without_name, escaping
from tests.browser.served import Served

if TYPE_CHECKING:
    from playwright.sync_api import Browser

SIZES = ((380, 760), (900, 700), (1920, 1080), (3840, 2160))


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("width", "height"), SIZES)
def test_everything_fits_and_has_a_name(
    browser: Browser, served: Served, tmp_path: Path, theme: str, width: int, height: int
) -> None:
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme=theme,  # type: ignore[arg-type]
        reduced_motion="reduce",
    )
    easel = Easel(context.new_page())
    easel.watch()
    easel.open(served.origin)
    folder = Path(os.environ.get("SEMDRAW_SCREENSHOTS", tmp_path))
    easel.page.screenshot(path=folder / f"{theme}-{width}.png")
    assert escaping(easel.page) == []
    assert controls_without_name(easel.page) == []

    if width < 900:
        easel.page.get_by_role("button", name="Unfold the brushes").click()
        easel.page.screenshot(path=folder / f"{theme}-{width}-brushes.png")
        assert escaping(easel.page) == []
        easel.page.get_by_role("button", name="Fold the brushes").click()
        easel.page.get_by_role("button", name="More").click()
        easel.page.screenshot(path=folder / f"{theme}-{width}-more.png")
        assert escaping(easel.page) == []
    assert easel.complaints == []
    context.close()


def test_the_theme_follows_the_system_until_it_is_chosen(easel: Easel) -> None:
    def paper() -> str:
        return str(easel.page.evaluate("() => getComputedStyle(document.body).backgroundColor"))

    easel.page.emulate_media(color_scheme="light")
    light = paper()
    easel.page.emulate_media(color_scheme="dark")
    dark = paper()
    assert light != dark
    easel.page.get_by_role("button", name="Theme: system").click()
    assert paper() == light
    easel.page.get_by_role("button", name="Theme: light").click()
    assert paper() == dark
    easel.page.reload()
    easel.wait_for_picture()
    easel.page.get_by_role("button", name="Theme: dark").wait_for()


def test_reduced_motion_fades_nothing(easel: Easel) -> None:
    easel.page.emulate_media(reduced_motion="reduce")
    script = "() => getComputedStyle(document.querySelector('canvas.fading')).transitionDuration"
    assert easel.page.evaluate(script) == "0s"
