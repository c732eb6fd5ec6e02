"""From a phone to 4K, light and dark: nothing sticks out, everything has a name.

Screenshots lie in the test's folder, or in SEMDRAW_SCREENSHOTS.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

from tests.browser.conftest import opened
from tests.browser.easel import Easel, controls_without_name, escaping
from tests.browser.served import Served

if TYPE_CHECKING:
    from playwright.sync_api import Browser


class Box(NamedTuple):
    left: float
    top: float
    right: float
    bottom: float


SIZES = ((380, 760), (900, 700), (1920, 1080), (3840, 2160))


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("width", "height"), SIZES)
def test_everything_fits_and_has_a_name(
    browser: Browser, served: Served, tmp_path: Path, theme: str, width: int, height: int
) -> None:
    window = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme=theme,  # type: ignore[arg-type]
        reduced_motion="reduce",
    )
    with window as context, opened(context, served.origin) as easel:
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


def test_the_theme_follows_the_system_until_it_is_chosen(easel: Easel) -> None:
    def paper() -> str:
        return str(easel.page.evaluate("() => getComputedStyle(document.body).backgroundColor"))

    easel.page.emulate_media(color_scheme="light")
    light = paper()
    easel.page.emulate_media(color_scheme="dark")
    dark = paper()
    assert light != dark
    easel.press("Control+,")
    look = easel.page.get_by_label("Look")
    look.select_option("light")
    assert paper() == light
    look.select_option("dark")
    assert paper() == dark
    line = "() => getComputedStyle(document.querySelector('.panel')).borderTopColor"
    faint = easel.page.evaluate(line)
    easel.page.get_by_label("Strong outlines").check()
    strong = easel.page.evaluate(line)
    assert strong != faint
    easel.page.emulate_media(color_scheme="light")
    easel.page.reload()
    easel.wait_for_picture()
    assert paper() == dark
    assert easel.page.evaluate(line) == strong


def box_of(easel: Easel, selector: str) -> Box:
    box = easel.page.locator(selector).first.bounding_box()
    assert box is not None, selector
    return Box(box["x"], box["y"], box["x"] + box["width"], box["y"] + box["height"])


def test_panels_stand_beside_the_picture_whose_room_and_side_are_chosen_and_kept(easel: Easel) -> None:
    easel.page.set_viewport_size({"width": 1280, "height": 720})
    for chord, name in (("Alt+r", "How the picture is made"), ("Control+,", "Settings")):
        easel.press(chord)
        easel.page.get_by_role("dialog", name=name).wait_for()
        easel.tick()
        assert box_of(easel, ".paper canvas").right <= box_of(easel, "[role=dialog]").left, name
        assert (
            easel.page.get_by_role("textbox", name="What brush 1 paints")
            .or_(easel.page.get_by_role("combobox", name="What brush 1 paints"))
            .is_visible()
        ), "the brushes stay at hand"
        easel.press("Escape")

    easel.tick()
    before, picture = box_of(easel, ".frame > .dock"), box_of(easel, ".paper canvas")
    edge = easel.page.get_by_role("separator", name="Width of the brushes")
    edge.focus()
    for _ in range(6):
        easel.page.keyboard.press("ArrowLeft")
    wider = box_of(easel, ".frame > .dock")
    assert wider.right - wider.left == pytest.approx(before.right - before.left + 120, abs=1)
    grip = box_of(easel, "[role=separator]")
    easel.page.mouse.move((grip.left + grip.right) / 2, 300)
    easel.page.mouse.down()
    easel.page.mouse.move((grip.left + grip.right) / 2 - 60, 300, steps=3)
    easel.page.mouse.up()
    easel.tick()
    widest = box_of(easel, ".frame > .dock")
    assert widest.right - widest.left == pytest.approx(before.right - before.left + 180, abs=2)
    assert box_of(easel, ".paper canvas").right < picture.right, "the picture makes room"

    easel.press("Control+,")
    easel.page.get_by_role("combobox", name="Brushes", exact=True).select_option("left")
    easel.tick()
    assert box_of(easel, ".frame > .dock").right <= box_of(easel, ".paper canvas").left, "at once"
    easel.page.reload()
    easel.wait_for_picture()
    swapped = box_of(easel, ".frame > .dock")
    assert swapped.right - swapped.left == pytest.approx(widest.right - widest.left, abs=2)
    assert swapped.right <= box_of(easel, ".paper canvas").left <= box_of(easel, ".frame > .tools").left


def test_reduced_motion_fades_nothing(easel: Easel) -> None:
    easel.page.emulate_media(reduced_motion="reduce")
    script = "() => getComputedStyle(document.querySelector('canvas.fading')).transitionDuration"
    assert easel.page.evaluate(script) == "0s"
