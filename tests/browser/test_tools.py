"""Every tool does what it says, with mouse and pen, and one step back takes it away again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.browser.easel import Easel, Place
from tests.server.living import until

if TYPE_CHECKING:
    from numpy.typing import NDArray


def take(easel: Easel, tool: str) -> None:
    easel.page.get_by_role("button", name=tool, exact=True).click()


def levels(easel: Easel) -> NDArray[np.uint8]:
    """How strongly each pixel of the lowest layer is painted (H W)."""
    return easel.scene().canvas.layers[0].mask.array


def blank(easel: Easel) -> bytes:
    """The first brush, with nothing painted of it."""
    easel.press("Escape", "b", "1", "Delete")
    return easel.scene_bytes()


def hold(easel: Easel, *keys: str) -> None:
    for key in keys:
        easel.page.keyboard.down(key)


def release(easel: Easel, *keys: str) -> None:
    for key in keys:
        easel.page.keyboard.up(key)


def box(mask: NDArray[np.uint8]) -> tuple[float, float, float, float]:
    """Left, top, right, bottom of what is painted, as shares of the canvas."""
    ys, xs = np.nonzero(mask > 127)
    height, width = mask.shape
    return xs.min() / width, ys.min() / height, (xs.max() + 1) / width, (ys.max() + 1) / height


def near(*values: float) -> object:
    return pytest.approx(values, abs=0.012)


def test_shapes_lasso_and_line_paint_where_they_are_drawn_and_each_is_one_step(easel: Easel) -> None:
    before = blank(easel)

    def painted(tool: str, *places: Place, keys: tuple[str, ...] = ()) -> NDArray[np.uint8]:
        take(easel, tool)
        easel.pen_down(places[0])
        hold(easel, *keys)
        for place in places[1:]:
            easel.page.mouse.move(*easel.at(place), steps=4)
        easel.page.mouse.up()
        release(easel, *keys)
        easel.tick()
        mask = levels(easel)
        easel.press("Control+z")
        assert easel.scene_bytes() == before, f"{tool} is one step"
        return mask

    rectangle = painted("Rectangle", (0.2, 0.3), (0.6, 0.5))
    assert box(rectangle) == near(0.2, 0.3, 0.6, 0.5)
    assert (rectangle > 0).mean() == pytest.approx(0.4 * 0.2, abs=0.01)
    square = painted("Rectangle", (0.2, 0.3), (0.4, 0.35), keys=("Shift",))
    assert box(square) == near(0.2, 0.3, 0.4, 0.5)
    ellipse = painted("Ellipse", (0.5, 0.5), (0.7, 0.6), keys=("Alt",))
    assert box(ellipse) == near(0.3, 0.4, 0.7, 0.6)
    assert (ellipse > 127).mean() == pytest.approx(np.pi * 0.2 * 0.1, abs=0.01)
    lasso = painted("Lasso", (0.2, 0.2), (0.8, 0.2), (0.8, 0.8))
    assert (lasso > 127).mean() == pytest.approx(0.18, abs=0.02)
    line = painted("Line", (0.2, 0.5), (0.8, 0.53), keys=("Shift",))
    left, top, right, bottom = box(line)
    assert (right - left, bottom - top) == (pytest.approx(0.72, abs=0.03), pytest.approx(0.12, abs=0.03))
    gradient = painted("Gradient", (0.2, 0.5), (0.8, 0.5))
    assert [gradient[100, 10], gradient[100, -10]] == [255, 0]
    assert np.all(np.diff(gradient[100].astype(int)) <= 0)


def test_a_polygon_shows_its_corners_and_is_closed_by_enter_or_left_by_escape(easel: Easel) -> None:
    before = blank(easel)
    take(easel, "Polygon")
    for place in ((0.2, 0.2), (0.7, 0.2), (0.7, 0.7)):
        easel.stroke(place)
    guide = easel.page.evaluate("() => document.querySelector('[data-kind=line].light').getAttribute('d')")
    assert guide.count("L") == 3, "three corners and the way to the pen"
    assert easel.scene_bytes() == before
    easel.press("Escape")
    easel.tick()
    for place in ((0.2, 0.2), (0.7, 0.2), (0.7, 0.7)):
        easel.stroke(place)
    easel.press("Enter")
    easel.tick()
    assert (levels(easel) > 127).mean() == pytest.approx(0.125, abs=0.01)
    easel.press("Control+z")
    assert easel.scene_bytes() == before


def test_the_fill_stays_within_other_paint_and_the_eraser_has_a_tip_of_its_own(easel: Easel) -> None:
    blank(easel)
    moon = easel.painted()["full moon"]
    easel.press("g")
    easel.stroke((0.05, 0.05))
    filled = levels(easel) > 127
    assert filled[5, 5]
    assert not (filled & moon).any(), "another brush bars the way"
    easel.press("e", "]", "]", "]")
    size = easel.page.get_by_role("slider", name="Size").input_value()
    easel.press("b")
    assert easel.page.get_by_role("slider", name="Size").input_value() != size
    easel.press("e", "[", "[", "[", "e")
    assert easel.page.get_by_role("button", name="Brush", exact=True).get_attribute("aria-pressed") == "true"


def test_a_region_is_moved_stretched_and_turned_as_one_step_and_takes_its_noise_along(easel: Easel) -> None:
    blank(easel)
    take(easel, "Rectangle")
    easel.stroke((0.2, 0.2), (0.4, 0.4))
    before = easel.scene_bytes()
    easel.press("v")
    easel.tick()
    handles = easel.page.evaluate(
        "() => document.querySelector('[data-kind=handle].light').getAttribute('d')"
    )
    assert handles.count("M") == 9, "eight to stretch and one to turn"
    easel.stroke((0.3, 0.3), (0.5, 0.45))
    assert box(levels(easel)) == near(0.4, 0.35, 0.6, 0.55)
    easel.press("ArrowRight", "Shift+ArrowDown")
    easel.tick()
    easel.press("Enter")
    layer = easel.scene().canvas.layers[0]
    side = layer.mask.array.shape[0]
    assert layer.moved_px == (round(0.2 * side) + 1, round(0.15 * side) + 10)
    easel.press("Control+z")
    assert easel.scene_bytes() == before, "one step, however many drags and keys"

    easel.stroke((0.4, 0.4), (0.6, 0.5))
    easel.tick()
    assert box(levels(easel)) == near(0.2, 0.2, 0.6, 0.5)
    easel.press("Escape")
    easel.tick()
    assert easel.scene_bytes() == before


def test_symmetry_repeats_strokes_and_shows_its_axis(easel: Easel) -> None:
    blank(easel)
    easel.press("b", "s")
    easel.stroke((0.2, 0.3), (0.3, 0.6))
    mask = levels(easel).astype(int)
    assert mask[:, : mask.shape[1] // 2].any()
    assert np.abs(mask - mask[:, ::-1]).max() <= 2
    assert (
        easel.page.evaluate("() => document.querySelector('[data-kind=axis].light').getAttribute('d')") != ""
    )
    easel.press("s")
    easel.tick()
    assert (
        easel.page.evaluate("() => document.querySelector('[data-kind=axis].light').getAttribute('d')") == ""
    )


def test_inverting_growing_and_shrinking_are_steps(easel: Easel) -> None:
    blank(easel)
    take(easel, "Ellipse")
    easel.stroke((0.3, 0.3), (0.7, 0.7))
    start = easel.scene_bytes()
    area = (levels(easel) > 127).mean()
    easel.press("Alt+g")
    assert (levels(easel) > 127).mean() > area
    easel.press("Alt+Shift+g", "Alt+Shift+g")
    assert (levels(easel) > 127).mean() < area
    easel.press("Control+z", "Control+z", "Control+z", "Control+i")
    assert (levels(easel) > 127).mean() == pytest.approx(1 - area, abs=0.001)
    easel.press("Control+i")
    assert easel.scene_bytes() == start


def test_a_leaning_pen_paints_wider_and_a_pen_that_rests_at_the_end_straightens_its_stroke(
    easel: Easel,
) -> None:
    blank(easel)
    pen = easel.page.context.new_cdp_session(easel.page)

    def send(kind: str, place: Place, **more: object) -> None:
        x, y = easel.at(place)
        facts = {
            "type": kind,
            "x": x,
            "y": y,
            "button": "left",
            "buttons": 1,
            "pointerType": "pen",
            "force": 1.0,
        }
        pen.send("Input.dispatchMouseEvent", facts | more)

    def stroke(*places: Place, **more: object) -> None:
        send("mousePressed", places[0], **more)
        for place in places[1:]:
            send("mouseMoved", place, **more)
        send("mouseReleased", places[-1], **more)
        easel.tick()

    def height() -> float:
        _, top, _, bottom = box(levels(easel))
        return bottom - top

    stroke((0.5, 0.2))
    dab = height()
    stroke((0.5, 0.8), tiltX=60)
    mask = levels(easel)[-100:]
    ys, xs = np.nonzero(mask > 127)
    assert np.ptp(xs) > 2 * np.ptp(ys), "a flat pen is longer than wide"
    assert np.ptp(ys) / levels(easel).shape[0] == pytest.approx(dab, abs=0.02)

    easel.press("Delete")
    wobbly = [(0.2 + 0.06 * step, 0.5 + 0.02 * (step % 2)) for step in range(11)]
    send("mousePressed", wobbly[0])
    for place in wobbly[1:]:
        send("mouseMoved", place)

    easel.tick()
    straight = dab + 0.01
    assert height() > straight
    until(lambda: height() < straight)  # the pen rests where it is
    send("mouseReleased", wobbly[-1])
    easel.tick()
    assert height() < straight, "held at its end, the stroke is straight"


def test_options_of_the_tip_are_kept(easel: Easel) -> None:
    blank(easel)
    easel.press("b")
    easel.page.get_by_role("slider", name="Opacity").fill("0.5")
    easel.page.get_by_role("button", name="Tool options").click()
    easel.page.get_by_role("slider", name="Stabiliser").fill("0.5")
    easel.stroke((0.3, 0.5), (0.7, 0.5))
    mask = levels(easel)
    assert mask.max() == 128
    assert box(mask * 2)[2] > 0.74, "the stroke ends where the pen was lifted"
    easel.page.reload()
    easel.wait_for_picture()
    assert easel.page.get_by_role("slider", name="Opacity").input_value() == "0.5"


def test_the_canvas_is_painted_by_keys_alone(easel: Easel) -> None:
    blank(easel)
    easel.press("b", "ArrowRight", "Enter")
    easel.press(*["Shift+ArrowRight"] * 3, "Enter")
    easel.tick()
    left, _, right, _ = box(levels(easel))
    assert right - left > 0.2
    steps = easel.page.get_by_role("button", name="Undo", exact=True).get_attribute("title")
    assert steps is not None
    assert "stroke" in steps
