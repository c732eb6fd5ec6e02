"""Fingers and pens, through the browser's own input: they paint, pick, move, turn, undo, and a palm does nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from time import time
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.browser.conftest import opened
from tests.browser.easel import Easel, Place
from tests.browser.test_view import seen
from tests.server.living import LiveServer

if TYPE_CHECKING:
    from collections.abc import Generator

    from playwright.sync_api import Browser, CDPSession


@dataclass
class Hand:
    """Fingers on the glass, by their places on the screen, 10 ms between one deed and the next, on any machine."""

    easel: Easel
    glass: CDPSession
    now_s: float = field(default_factory=time)

    def touch(self, kind: str, *places: Place) -> None:
        self.now_s += 0.01
        points = [{"x": x, "y": y, "id": finger} for finger, (x, y) in enumerate(places)]
        facts = {"type": kind, "touchPoints": points, "timestamp": self.now_s}
        self.glass.send("Input.dispatchTouchEvent", facts)

    def down(self, *places: Place) -> None:
        for count in range(1, len(places) + 1):
            self.touch("touchStart", *places[:count])

    def move(self, *places: Place) -> None:
        self.touch("touchMove", *places)

    def up(self) -> None:
        self.touch("touchEnd")
        self.easel.tick()

    def tap(self, fingers: int) -> None:
        x, y = self.easel.at((0.5, 0.5))
        self.down(*((x + 30 * finger, y) for finger in range(fingers)))
        self.up()

    def pen(self, kind: str, place: Place, **more: object) -> None:
        x, y = self.easel.at(place)
        facts = {
            "type": kind,
            "x": x,
            "y": y,
            "button": "left",
            "buttons": 1,
            "pointerType": "pen",
            "force": 1.0,
        }
        self.glass.send("Input.dispatchMouseEvent", facts | more)


@pytest.fixture
def easel(browser: Browser, toy_served: LiveServer) -> Generator[Easel]:
    """A page of glass."""
    glass = browser.new_context(viewport={"width": 800, "height": 800}, has_touch=True)
    with glass as context, opened(context, toy_served.origin) as easel:
        yield easel


@pytest.fixture
def hand(easel: Easel) -> Hand:
    return Hand(easel, easel.page.context.new_cdp_session(easel.page))


def test_one_finger_paints_two_that_tap_undo_three_redo_and_four_hide_the_panels(
    easel: Easel, hand: Hand
) -> None:
    easel.press("1", "Delete")
    blank = easel.scene_bytes()
    hand.down(easel.at((0.3, 0.5)))
    hand.move(easel.at((0.6, 0.5)))
    hand.up()
    painted = easel.scene_bytes()
    assert painted != blank
    hand.tap(2)
    assert easel.scene_bytes() == blank
    hand.tap(3)
    assert easel.scene_bytes() == painted, "the dab of the first finger is not a step"
    hand.tap(4)
    easel.wait_for("getComputedStyle(document.querySelector('.frame')).visibility === 'hidden'")
    hand.tap(4)
    easel.wait_for("getComputedStyle(document.querySelector('.frame')).visibility === 'visible'")


def test_two_fingers_move_zoom_and_turn(easel: Easel, hand: Hand) -> None:
    easel.press("Control+0")
    before = easel.scene_bytes()
    wide = seen(easel)["area"]
    x, y = easel.at((0.5, 0.5))
    hand.down((x - 60, y), (x + 60, y))
    for step in range(1, 7):
        hand.move((x - 60 - 10 * step, y - 15 * step), (x + 60 + 10 * step, y + 15 * step))
    hand.up()
    now = seen(easel)
    assert now["area"] == pytest.approx(wide * (150 / 60) ** 2, rel=0.1)
    assert now["angle"] == pytest.approx(37 - 8, abs=5), "less what a clumsy pinch may turn"
    assert easel.scene_bytes() == before, "navigating paints nothing"
    easel.press("Shift+Digit5", "Control+0")


def test_a_finger_that_rests_picks_the_brush_painted_there(easel: Easel, hand: Hand) -> None:
    easel.press("Control+0", "1")
    before = easel.scene_bytes()
    hand.down(easel.at((0.76, 0.24)))
    easel.page.get_by_role("application", name="full moon").wait_for()
    hand.up()
    assert easel.scene_bytes() == before


def test_once_a_pen_was_seen_it_paints_and_fingers_only_navigate(easel: Easel, hand: Hand) -> None:
    easel.press("1", "Delete", "b")
    hand.pen("mousePressed", (0.3, 0.3))
    hand.touch("touchStart", easel.at((0.7, 0.7)))
    hand.touch("touchMove", easel.at((0.75, 0.7)))
    hand.pen("mouseMoved", (0.5, 0.3))
    hand.touch("touchEnd")
    hand.pen("mouseReleased", (0.5, 0.3))
    easel.tick()
    mask = easel.painted()["house"]
    side = mask.shape[0]
    assert mask[int(0.3 * side), int(0.4 * side)]
    assert not mask[side // 2 :].any(), "a palm beside the pen leaves no mark"
    easel.page.mouse.move(5, 5)

    view = easel.at((0, 0))
    hand.down(easel.at((0.2, 0.8)))
    hand.move(easel.at((0.4, 0.8)))
    hand.up()
    assert np.array_equal(easel.painted()["house"], mask)
    assert easel.at((0, 0)) != pytest.approx(view, abs=5), "one finger moves the view"
    easel.press("Control+0")
