"""How the canvas is looked at: turned, mirrored, fitted; what lies over the picture, and what drawing it costs."""

from __future__ import annotations

import base64
import io
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.browser.conftest import WIDE
from tests.browser.easel import Easel, Place

GOLDEN = Path(__file__).parent.parent / "golden" / "overlay.png"


def seen(easel: Easel) -> dict[str, float]:
    """How the paper lies on the screen: scale along x (below zero: mirrored) and angle in degrees."""
    script = """() => {
      const { a, b, c, d } = new DOMMatrix(getComputedStyle(document.querySelector('.paper')).transform);
      return { area: a * d - b * c, angle: Math.atan2(-c, d) * 180 / Math.PI };
    }"""
    found: dict[str, float] = easel.page.evaluate(script)
    return found


def on_screen(easel: Easel, place: Place) -> Place:
    """Where a share of the paper is seen, whichever way it is turned."""
    script = """([x, y]) => {
      const paper = document.querySelector('.paper');
      const matrix = new DOMMatrix(getComputedStyle(paper).transform);
      const at = new DOMPoint(x * paper.offsetWidth, y * paper.offsetHeight).matrixTransform(matrix);
      return [at.x, at.y];
    }"""
    x, y = easel.page.evaluate(script, list(place))
    return x, y


def stroke_on_screen(easel: Easel, *places: Place) -> None:
    for index, place in enumerate(places):
        easel.page.mouse.move(*on_screen(easel, place), steps=1 if index == 0 else 4)
        if index == 0:
            easel.page.mouse.down()
    easel.page.mouse.up()
    easel.tick()


def test_keys_turn_mirror_straighten_and_fit_and_strokes_land_where_the_pen_is(easel: Easel) -> None:
    easel.press("1", "Delete", "b")
    fitted = on_screen(easel, (0.25, 0.25))
    easel.press("Control+]", "Control+]")
    assert seen(easel)["angle"] == pytest.approx(30, abs=0.1)
    easel.press("m")
    assert seen(easel)["area"] < 0
    stroke_on_screen(easel, (0.3, 0.3), (0.3, 0.6))
    mask = easel.scene().canvas.layers[0].mask.array
    side = mask.shape[0]
    assert mask[int(0.45 * side), int(0.3 * side)] == 255
    assert mask[int(0.45 * side), int(0.6 * side)] == 0
    easel.page.get_by_role("button", name="The view is mirrored").click()
    easel.press("Control+0")
    easel.tick()
    assert seen(easel)["angle"] == pytest.approx(0, abs=0.01)
    assert on_screen(easel, (0.25, 0.25)) == pytest.approx(fitted, abs=1.5)

    easel.press("Shift+Digit2")
    easel.tick()
    (left, top), (right, bottom) = on_screen(easel, (0.24, 0.24)), on_screen(easel, (0.36, 0.66))
    assert bottom - top > 400, "the region fills the free space"
    assert 0 < left < right < WIDE["width"]
    easel.press("Control+0", "Control+z", "Control+z")


def test_a_drag_with_shift_and_space_turns_and_almost_straight_is_straight(easel: Easel) -> None:
    easel.press()
    box = easel.page.get_by_role("application").bounding_box()
    assert box is not None
    middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2

    def turn(degrees: float) -> None:
        easel.page.keyboard.down("Shift")
        easel.page.keyboard.down("Space")
        for angle in (0.0, degrees / 2, degrees):
            x, y = math.cos(math.radians(angle)), math.sin(math.radians(angle))
            easel.page.mouse.move(middle[0] + 250 * x, middle[1] + 250 * y, steps=2)
            if angle == 0:
                easel.page.mouse.down()
        easel.page.mouse.up()
        easel.page.keyboard.up("Space")
        easel.page.keyboard.up("Shift")
        easel.tick()

    turn(40)
    assert seen(easel)["angle"] == pytest.approx(40, abs=1)
    turn(-38.5)
    easel.tick()
    assert seen(easel)["angle"] == pytest.approx(0, abs=0.01)
    easel.press("Control+0")


def test_the_ring_has_the_size_of_the_tip_and_leans_with_the_pen(easel: Easel) -> None:
    easel.press("1", "b")
    x, y = on_screen(easel, (0.5, 0.5))

    def ring() -> dict[str, Any]:
        script = """() => {
          const ring = document.querySelector('.ring');
          const { width, height, visibility } = ring.style;
          return { width: parseFloat(width), height: parseFloat(height), visibility, erases: ring.dataset.erases };
        }"""
        found: dict[str, Any] = easel.page.evaluate(script)
        return found

    easel.page.mouse.move(x, y)
    easel.tick()
    scale = (on_screen(easel, (1, 0))[0] - on_screen(easel, (0, 0))[0]) / 256
    assert ring()["width"] == pytest.approx(0.12 * 256 * scale, rel=0.01)
    assert ring()["width"] == ring()["height"]
    pen = easel.page.context.new_cdp_session(easel.page)
    facts = {"type": "mouseMoved", "x": x, "y": y + 1, "pointerType": "pen", "tiltX": 60}
    pen.send("Input.dispatchMouseEvent", facts)
    easel.tick()
    assert ring()["width"] == pytest.approx(3 * ring()["height"], rel=0.01)
    easel.press("e")
    easel.tick()
    assert ring()["erases"] == "true"
    easel.press("l")
    easel.tick()
    assert ring()["visibility"] == "hidden", "a lasso has no tip"
    easel.press("b")


def test_with_alt_what_lies_under_the_pen_is_shown(easel: Easel) -> None:
    def shown() -> list[str]:
        script = "() => [...document.querySelectorAll('.paper canvas.fading')].map((canvas) => canvas.style.opacity)"
        found: list[str] = easel.page.evaluate(script)
        return found

    easel.wait_for_picture()
    easel.press("1", "b")
    easel.page.keyboard.down("Alt")
    easel.page.mouse.move(*on_screen(easel, (0.75, 0.25)))
    easel.page.mouse.move(*on_screen(easel, (0.76, 0.24)))
    easel.tick()
    assert float(shown()[1]) >= 0.5
    easel.page.keyboard.up("Alt")
    easel.page.mouse.move(*on_screen(easel, (0.05, 0.05)))
    easel.tick()
    assert shown()[1] == "0"


def test_a_stroke_redraws_the_rectangle_that_it_touched_and_nothing_more(easel: Easel) -> None:
    """Counts of pixels in the place of times: 2 % of the canvas is what a short stroke of a small tip may touch."""
    easel.press("1", "b", *["["] * 8)
    easel.page.mouse.move(*on_screen(easel, (0.3, 0.3)))
    easel.page.mouse.down()
    easel.tick()
    before = easel.look("effort")
    easel.page.mouse.move(*on_screen(easel, (0.4, 0.3)), steps=4)
    easel.tick()
    easel.page.mouse.up()
    easel.tick()
    after = easel.look("effort")
    a_stroke = 0.1 * 256 * (0.12 * 256)
    assert 0 < after["drawn_px"] - before["drawn_px"] < 3 * a_stroke
    assert 0 < after["touched_px"] - before["touched_px"] < 6 * a_stroke
    easel.page.mouse.move(*on_screen(easel, (0.8, 0.8)), steps=10)
    easel.tick()
    assert easel.look("effort") == after, "moving the pen over the canvas draws nothing"
    easel.press("Control+z", *["]"] * 8)


def test_masks_alone_are_told_apart_by_words_and_patterns(easel: Easel) -> None:
    """The overlay against a picture of it: colours, patterns and edges, within a tolerance for other machines."""
    from PIL import Image

    easel.press("Shift+o")
    easel.page.keyboard.down("\\")
    easel.tick()
    words = easel.page.evaluate(
        "() => [...document.querySelectorAll('.labels span')].map((span) => span.textContent)"
    )
    assert sorted(words) == ["full moon", "house", "tree"]
    script = "() => document.querySelector('.paper canvas.fading').toDataURL('image/png').split(',')[1]"
    png = base64.b64decode(easel.page.evaluate(script))
    easel.page.keyboard.up("\\")
    easel.press("Shift+o")
    got = np.asarray(Image.open(io.BytesIO(png)).convert("RGBA")).astype(float)
    wanted = np.asarray(Image.open(GOLDEN).convert("RGBA")).astype(float)
    assert got.shape == wanted.shape
    assert np.sqrt(((got - wanted) ** 2).mean()) < 2.0
    easel.tick()
    assert not easel.page.evaluate("() => document.querySelectorAll('.labels span').length")
