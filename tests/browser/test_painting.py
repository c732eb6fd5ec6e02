"""Paint, and the picture follows."""

from __future__ import annotations

import sys
import zlib

import numpy as np
import pytest

from semdraw.scene import PromptBackground
from tests.browser.easel import Easel, Pixels
from tests.browser.served import Served

LEFT = [(0.2, 0.35), (0.36, 0.4), (0.2, 0.5), (0.36, 0.55), (0.2, 0.62)]
RIGHT = [(0.66, 0.35), (0.84, 0.4), (0.66, 0.5), (0.84, 0.55), (0.66, 0.62)]


@pytest.fixture
def origin(served: Served) -> str:
    """Pictures come from a true model here."""
    return served.origin


def change(before: Pixels, after: Pixels) -> np.ndarray:
    """Mean absolute change of each pixel (H W)."""
    return np.abs(after.astype(float) - before.astype(float)).mean(axis=2)


def test_the_page_opens_on_a_finished_scene_that_is_live(easel: Easel) -> None:
    scene = easel.scene()
    assert [brush.prompt for brush in scene.brushes] == ["house", "full moon", "tree"]
    assert scene.canvas.background == PromptBackground(prompt="night sky")
    assert easel.status() == "live"
    assert easel.look("frame.settled") is True
    assert easel.picture().std() > 0


@pytest.mark.usefixtures("picturebook")
def test_two_brushes_paint_two_regions_and_the_change_stays_inside(
    easel: Easel, capsys: pytest.CaptureFixture[str]
) -> None:
    easel.new_picture("meadow")
    easel.wait_for_picture()
    before = easel.picture()
    for prompt, places in (("castle", LEFT), ("full moon", RIGHT)):
        easel.new_brush(prompt)
        easel.stroke(*places)
    easel.wait_for_picture()

    painted = easel.painted()
    assert set(painted) == {"castle", "full moon"}
    assert easel.look("frame.revision") == easel.look("revision")
    assert easel.look("frame.settled") is True
    changed = change(before, easel.picture())
    inside = np.logical_or.reduce(list(painted.values()))
    with capsys.disabled():
        sys.stdout.write(
            f" mean change inside {changed[inside].mean():.2f}, outside {changed[~inside].mean():.2f} "
        )
    assert changed[inside].mean() >= 3 * changed[~inside].mean()


def test_undo_brings_the_earlier_picture_back_to_the_byte_and_redo_the_later(easel: Easel) -> None:
    before, scene = easel.jpeg(), easel.scene_bytes()
    easel.press("1")
    easel.stroke((0.1, 0.1), (0.5, 0.2))
    easel.wait_for_picture()
    after = easel.jpeg()
    assert after != before

    easel.press("Control+z")
    easel.wait_for_picture()
    assert easel.scene_bytes() == scene
    assert easel.jpeg() == before

    easel.press("Control+Shift+z")
    easel.wait_for_picture()
    assert easel.jpeg() == after


def test_every_kind_of_edit_is_undone(easel: Easel) -> None:
    scene = easel.scene_bytes()
    easel.new_brush("rocket")
    easel.stroke((0.1, 0.1), (0.3, 0.2))
    easel.press("Alt+ArrowDown", "r", "Delete")
    easel.page.get_by_role("button", name="Show tree").click()
    easel.page.get_by_role("button", name="Lock tree").click()
    easel.page.get_by_role("button", name="Remove tree").click()
    easel.page.get_by_role("combobox", name="Background").fill("ocean")
    easel.page.get_by_role("button", name="Plain colour").click()
    assert easel.scene_bytes() != scene

    for _ in range(20):
        easel.press("Control+z")
    assert easel.scene_bytes() == scene
    easel.wait_for_picture()


def test_the_eraser_takes_away_and_painting_the_background_takes_from_all(easel: Easel) -> None:
    castle = easel.painted()["house"].sum()
    easel.press("1", "e")
    easel.stroke((0.1, 0.66), (0.6, 0.66))
    erased = easel.painted()["house"].sum()
    assert erased < castle

    tree = easel.painted()["tree"].sum()
    easel.press("0", "b")
    easel.stroke((0.1, 0.75), (0.95, 0.75))
    assert easel.painted()["house"].sum() < erased
    assert easel.painted()["tree"].sum() < tree
    assert (
        easel.page.get_by_role("button", name="Choose the background").get_attribute("aria-pressed") == "true"
    )
    easel.wait_for_picture()


def test_a_locked_region_stays_as_it_is_until_it_is_unlocked(easel: Easel) -> None:
    castle, tree = easel.painted()["house"], easel.painted()["tree"].sum()
    easel.press("1", "k")
    assert easel.scene().canvas.layers[0].locked
    easel.stroke((0.1, 0.1), (0.5, 0.2))
    assert "Locked: house" in easel.text()
    easel.press("e")
    easel.stroke((0.1, 0.66), (0.6, 0.66))
    easel.press("Delete", "0", "b")
    easel.stroke((0.1, 0.75), (0.95, 0.75))
    assert np.array_equal(easel.painted()["house"], castle)
    assert easel.painted()["tree"].sum() < tree, "the background is painted over the others"

    easel.press("Control+z", "Control+z")
    assert not easel.scene().canvas.layers[0].locked
    easel.press("Control+Shift+z", "1")
    padlock = easel.page.get_by_role("button", name="Lock house")
    assert padlock.get_attribute("aria-pressed") == "true"
    padlock.click()
    easel.press("Delete")
    assert not easel.painted()["house"].any()
    easel.wait_for_picture()


@pytest.mark.parametrize("force", [0.1, 1.0])
def test_a_pen_that_is_pressed_harder_paints_wider(easel: Easel, force: float) -> None:
    easel.new_picture("meadow")
    easel.new_brush("castle")
    pen = easel.page.context.new_cdp_session(easel.page)
    for kind, place in (
        ("mousePressed", (0.3, 0.5)),
        ("mouseMoved", (0.7, 0.5)),
        ("mouseReleased", (0.7, 0.5)),
    ):
        x, y = easel.at(place)
        pen.send(
            "Input.dispatchMouseEvent",
            {
                "type": kind,
                "x": x,
                "y": y,
                "button": "left",
                "buttons": 1,
                "pointerType": "pen",
                "force": force,
            },
        )
    easel.wait_for_picture()
    mask = easel.painted()["castle"]
    share = mask.any(axis=1).sum() / mask.shape[0]  # of the canvas's height; the tip is 12 % at full pressure
    assert share < 0.07 if force < 0.5 else share > 0.1


def test_a_stroke_is_measured_from_its_end_to_its_picture(easel: Easel) -> None:
    easel.press("1")
    easel.stroke((0.1, 0.1), (0.5, 0.2))
    easel.wait_for_picture()
    (record,) = easel.look("latency")
    assert 0 < record["preview_ms"] <= record["settled_ms"]
    assert f"{int(record['preview_ms'] + 0.5)} ms" in easel.text()  # halves go up, as the page rounds


def test_an_edit_sends_the_rectangle_that_it_touched_and_neither_mask_nor_scene(easel: Easel) -> None:
    easel.press("1")
    before, revision = easel.look("traffic.sent_bytes"), easel.look("revision")
    mask = easel.scene().canvas.layers[0].mask.array
    easel.stroke((0.4, 0.5), (0.4 + 40 / mask.shape[1], 0.5))
    easel.wait_for_picture()
    num_edits = easel.look("revision") - revision
    assert num_edits >= 1
    a_rectangle = 600  # deflated, with the receipt of a frame
    the_rest = 400  # receipts of what comes after the last edit
    bound = num_edits * a_rectangle + the_rest
    assert 0 < easel.look("traffic.sent_bytes") - before < bound
    assert len(zlib.compress(mask.tobytes())) > a_rectangle + the_rest, "whole masks would not pass"


def test_a_region_that_cannot_act_says_so(easel: Easel) -> None:
    easel.press("n")
    easel.wait_for_picture()
    easel.press()
    easel.stroke((0.5, 0.1), (0.9, 0.12))
    easel.wait_for_picture()
    assert "say what shall appear" in easel.text()
