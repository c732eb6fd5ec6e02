"""Keys do what painters expect, and never while somebody writes."""

from __future__ import annotations

from typing import cast

import pytest

from tests.browser.easel import Easel


def chosen(easel: Easel) -> str:
    """What the canvas says is being painted."""
    label = easel.page.get_by_role("application").get_attribute("aria-label")
    assert label is not None
    return label.removeprefix("Canvas, painting ").split(".")[0]


def is_pressed(easel: Easel, tool: str) -> bool:
    return easel.page.get_by_role("button", name=tool, exact=True).get_attribute("aria-pressed") == "true"


def slider(easel: Easel, name: str) -> float:
    return float(easel.page.get_by_role("slider", name=name).input_value())


def levels(easel: Easel) -> list[float]:
    """How strongly picture, all strokes and the active strokes are to be seen."""
    script = (
        "() => [...document.querySelectorAll('.paper canvas')].map((canvas) => Number(canvas.style.opacity))"
    )
    return cast(list[float], easel.page.evaluate(script))


def test_digits_choose_brushes_from_the_bottom_and_x_goes_back(easel: Easel) -> None:
    for key, name in (
        ("1", "house"),
        ("2", "full moon"),
        ("3", "tree"),
        ("0", "the background"),
        ("x", "tree"),
    ):
        easel.press(key)
        assert chosen(easel) == name
    easel.press("PageDown")
    assert chosen(easel) == "full moon"


def test_b_and_e_choose_the_tool_and_brackets_its_size_and_softness(easel: Easel) -> None:
    easel.press("e")
    assert is_pressed(easel, "Eraser")
    easel.press("b")
    assert is_pressed(easel, "Brush")
    size, softness = slider(easel, "Size"), slider(easel, "Softness")
    easel.press("]", "]", "Shift+BracketRight")
    assert slider(easel, "Size") > size
    assert slider(easel, "Softness") > softness
    easel.press("[", "[", "[", "Shift+BracketLeft", "Shift+BracketLeft")
    assert slider(easel, "Size") < size
    assert slider(easel, "Softness") < softness


def test_delete_clears_the_region_and_escape_cancels_the_stroke(easel: Easel) -> None:
    easel.press("1", "Delete")
    assert not easel.painted()["house"].any()
    before = easel.scene_bytes()
    easel.pen_down((0.2, 0.2), (0.6, 0.6))
    easel.tick()
    assert easel.scene_bytes() != before
    easel.page.keyboard.press("Escape")
    easel.page.mouse.up()
    easel.tick()
    assert easel.scene_bytes() == before
    easel.wait_for_picture()


def test_r_rolls_the_dice(easel: Easel) -> None:
    seed = easel.scene().seed
    easel.press("r")
    assert easel.scene().seed != seed
    easel.wait_for_picture()


def test_held_keys_show_masks_or_picture_only(easel: Easel) -> None:
    easel.press()
    easel.page.keyboard.down("\\")
    easel.tick()
    picture, masks, _ = levels(easel)
    assert (picture < 0.2, masks) == (True, 1)
    easel.page.keyboard.up("\\")
    easel.page.keyboard.down("`")
    easel.tick()
    assert levels(easel) == [1, 0, 0]
    easel.page.keyboard.up("`")


def test_strokes_are_seen_while_the_pen_is_down_and_fade_when_the_picture_shows_them(easel: Easel) -> None:
    easel.press("1")
    easel.pen_down((0.2, 0.2), (0.6, 0.3))
    easel.tick()
    assert levels(easel) == [1, 0, 0.55]
    easel.page.mouse.up()
    easel.wait_for_picture()
    easel.page.mouse.move(5, 5)
    easel.tick()
    assert levels(easel) == [1, 0, 0]


def test_tab_hides_the_panels_and_the_question_mark_shows_the_keys(easel: Easel) -> None:
    easel.press("Tab")
    easel.wait_for("getComputedStyle(document.querySelector('.frame')).visibility === 'hidden'")
    easel.press("Tab")
    easel.wait_for("getComputedStyle(document.querySelector('.frame')).visibility === 'visible'")
    easel.press("?")
    easel.page.get_by_role("dialog", name="Keys").wait_for()
    easel.page.keyboard.press("b")
    easel.leave_dialog()


def test_wheel_zooms_at_the_cursor_space_pans_and_control_0_fits(easel: Easel) -> None:
    fitted = easel.at((0.25, 0.25))
    easel.page.mouse.move(*fitted)
    easel.page.mouse.wheel(0, -300)
    easel.tick()
    zoomed = easel.at((0.25, 0.25))
    assert zoomed == pytest.approx(fitted, abs=1.5)
    assert easel.at((1, 1)) != pytest.approx(easel.at((0, 0)))

    easel.press()
    easel.page.keyboard.down("Space")
    easel.page.mouse.down()
    easel.page.mouse.move(fitted[0] + 40, fitted[1] + 30, steps=4)
    easel.page.mouse.up()
    easel.page.keyboard.up("Space")
    easel.tick()
    assert easel.at((0.25, 0.25)) == pytest.approx((fitted[0] + 40, fitted[1] + 30), abs=1.5)

    easel.press("Control+0")
    easel.tick()
    assert easel.at((0.25, 0.25)) == pytest.approx(fitted, abs=1.5)


def test_alt_click_chooses_what_is_painted_there_and_shift_click_draws_a_line(easel: Easel) -> None:
    easel.press("1")
    easel.page.keyboard.down("Alt")
    easel.page.mouse.click(*easel.at((0.76, 0.24)))
    easel.page.keyboard.up("Alt")
    easel.tick()
    assert chosen(easel) == "full moon"

    easel.stroke((0.1, 0.05), (0.1, 0.06))
    easel.page.keyboard.down("Shift")
    easel.stroke((0.5, 0.05))
    easel.page.keyboard.up("Shift")
    mask = easel.painted()["full moon"]
    row = mask[round(0.05 * mask.shape[0])]
    assert row[round(0.1 * len(row)) : round(0.5 * len(row))].all()
    easel.wait_for_picture()


def test_a_text_field_keeps_its_keys(easel: Easel) -> None:
    easel.press("b", "1")
    scene = easel.scene()
    field = easel.page.get_by_role("combobox", name="What brush 1 paints")
    field.click()
    field.fill("")
    easel.page.keyboard.type("be rx[]\\`19?")
    easel.page.keyboard.press("Tab")
    assert field.input_value() == "be rx[]\\`19?"
    assert is_pressed(easel, "Brush")
    assert easel.scene().seed == scene.seed
    assert chosen(easel) == "be rx[]\\`19?"
    easel.wait_for_picture()


def test_typing_offers_the_words_that_the_model_knows(easel: Easel) -> None:
    easel.press("n")
    easel.page.keyboard.type("dark azu")
    easel.page.get_by_role("option", name="blue").click()
    assert easel.scene().brushes[-1].prompt == "dark blue"


def test_layers_are_reordered_by_dragging_and_by_keys(easel: Easel) -> None:
    def order() -> list[str]:
        return [brush.prompt for brush in easel.scene().brushes]

    easel.press("1", "Alt+ArrowUp")
    assert order() == ["full moon", "house", "tree"]
    grip = easel.page.get_by_role("button", name="Order of tree")
    grip.focus()
    easel.page.keyboard.press("ArrowDown")
    assert order() == ["full moon", "tree", "house"]
    easel.wait_for_picture()  # what it tells of brushes takes room between them
    box = easel.page.get_by_role("button", name="Order of house").bounding_box()
    last = easel.page.get_by_role("button", name="Order of full moon").bounding_box()
    assert box is not None
    assert last is not None
    easel.page.mouse.move(box["x"] + 5, box["y"] + 10)
    easel.page.mouse.down()
    easel.page.mouse.move(box["x"] + 5, last["y"] + last["height"] + 4, steps=6)
    easel.page.mouse.up()
    assert order() == ["house", "full moon", "tree"]
    easel.wait_for_picture()
