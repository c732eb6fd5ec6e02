"""The first half minute: scenes to begin with, hints that go away, one place for everything, keys of one's own."""

from __future__ import annotations

from tests.browser.easel import Easel


def palette(easel: Easel, typed: str) -> None:
    easel.press("Control+k")
    easel.page.get_by_role("combobox", name="Action, brush or model").fill(typed)
    easel.page.keyboard.press("Enter")
    easel.wait_for("document.querySelector('dialog') === null")


def test_a_starter_scene_is_chosen_by_its_picture_and_undone(easel: Easel) -> None:
    before = easel.scene_bytes()
    easel.page.get_by_role("button", name="New picture").click()
    pictures = easel.page.locator("dialog li img")
    assert pictures.count() == 5
    easel.wait_for("[...document.querySelectorAll('dialog img')].every((image) => image.naturalWidth > 0)")
    easel.page.get_by_role("button", name="Forest").click()
    easel.wait_for("window.semdraw.scene.brushes.some(({ prompt }) => prompt === 'fox')")
    easel.wait_for_picture()
    assert easel.scene().recipe.sampler == "lcm"
    easel.press("Control+z")
    assert easel.scene_bytes() == before

    easel.page.get_by_role("button", name="New picture").click()
    easel.page.get_by_role("spinbutton", name="Width").fill("4096")
    easel.page.get_by_role("spinbutton", name="Height").fill("4096")
    easel.page.keyboard.press("Tab")
    assert easel.page.get_by_text("at most 4.2 megapixels").is_visible()
    assert easel.page.get_by_role("button", name="Blank canvas").is_disabled()
    easel.page.get_by_role("spinbutton", name="Height").fill("256")
    easel.page.get_by_role("spinbutton", name="Width").fill("330")
    easel.page.keyboard.press("Tab")
    easel.page.get_by_role("button", name="Blank canvas").click()
    assert easel.scene().canvas.extent == (328, 256), "the nearest that the model takes"
    assert easel.scene().brushes == ()
    offer = easel.page.get_by_role("log", name="Notices").get_by_role("button", name="Undo")
    assert offer.count() == 1
    easel.press("n")
    assert offer.count() == 0, "it would undo something else by now"
    easel.press("Control+z", "Control+z")
    assert len(easel.scene().brushes) > 0
    easel.wait_for_picture()


def test_hints_come_one_after_the_other_and_go_away_for_good(easel: Easel) -> None:
    hint = easel.page.locator(".banner.hint")
    assert "Paint on the picture, and “tree” appears" in hint.inner_text()
    easel.press("3")
    easel.stroke((0.2, 0.2), (0.3, 0.2))
    assert "Change the words “tree”" in hint.inner_text()
    easel.page.get_by_role("combobox", name="What brush 3 paints").fill("red")
    easel.page.keyboard.press("Escape")
    easel.press()
    assert "Ctrl+K finds everything" in hint.inner_text()
    easel.press("Control+k")
    easel.leave_dialog()
    hint.wait_for(state="detached")
    easel.wait_for_picture()
    easel.wait_until_saved()
    easel.page.reload()
    easel.wait_for_picture()
    assert hint.count() == 0


def test_the_palette_finds_actions_in_both_languages_brushes_and_scenes_and_remembers(easel: Easel) -> None:
    palette(easel, "eraser")
    easel.page.get_by_role("button", name="Eraser", exact=True, pressed=True).wait_for()
    palette(easel, "würfeln")
    easel.wait_for("window.semdraw.scene.seed !== 1")
    palette(easel, "choose full moon")
    easel.page.get_by_role("application", name="full moon").wait_for()
    palette(easel, "open reef")
    easel.wait_for("window.semdraw.scene.brushes.some(({ prompt }) => prompt === 'turtle')")

    easel.press("Control+k")
    first = easel.page.get_by_role("option").first
    assert "Open “Reef”" in first.inner_text()
    assert "Lately" in first.inner_text()
    easel.page.keyboard.type("zzzz")
    assert easel.page.get_by_text("Nothing fits these words.").is_visible()
    easel.leave_dialog()
    easel.wait_for_picture()


def test_a_key_is_given_away_after_a_question_kept_and_given_back(easel: Easel) -> None:
    easel.press("?")
    easel.page.get_by_role("searchbox").fill("eraser")
    assert easel.page.get_by_role("button", name="Give “Undo” another key").count() == 0
    asking = easel.page.get_by_role("button", name="Give “Eraser” another key: E")
    asking.click()
    easel.page.keyboard.press("Shift+Tab")
    assert asking.get_attribute("aria-pressed") == "false"
    assert asking.evaluate("(button) => document.activeElement !== button"), "the way back is free"
    asking.click()
    easel.page.keyboard.press("Space")
    assert easel.page.get_by_text("Space works buttons and fields").is_visible()
    easel.page.keyboard.press("Control+n")
    assert easel.page.get_by_text("Ctrl+N belongs to the browser").is_visible()
    easel.page.keyboard.press("b")
    assert easel.page.get_by_text("B is the key of “Brush”.").is_visible()
    easel.page.get_by_role("button", name="Take it").click()
    easel.page.get_by_role("button", name="Give “Eraser” another key: B").wait_for()
    easel.leave_dialog()
    easel.page.reload()
    easel.wait_for_picture()

    eraser = easel.page.get_by_role("button", name="Eraser", exact=True)
    easel.press("b")
    assert eraser.get_attribute("aria-pressed") == "true"
    assert eraser.get_attribute("title") == "Eraser (B)"
    easel.press("?")
    easel.page.get_by_role("button", name="All keys as they were").click()
    easel.leave_dialog()
    easel.press("b")
    assert easel.page.get_by_role("button", name="Brush", exact=True).get_attribute("aria-pressed") == "true"
