"""Claims about what was there before: kept pictures come back whole, and are compared with the one that is there."""

from __future__ import annotations

import numpy as np

from tests.browser.easel import Easel, Pixels

OTHER = """async () => {
  const image = document.querySelector('.layer img');
  await image.decode();
  const canvas = new OffscreenCanvas(image.naturalWidth, image.naturalHeight);
  canvas.getContext('2d').drawImage(image, 0, 0);
  return [...canvas.getContext('2d').getImageData(8, 8, 1, 1).data].slice(0, 3);
}"""


STORED = """async () => {
  const open = indexedDB.open("semdraw-history");
  await new Promise((done) => (open.onsuccess = done));
  const count = open.result.transaction("snapshots").objectStore("snapshots").count();
  await new Promise((done) => (count.onsuccess = done));
  open.result.close();
  return count.result;
}"""


def stored(easel: Easel) -> int:
    """How many pictures this browser keeps, once all that was begun is written."""
    return int(easel.page.evaluate(STORED))


def at(picture: Pixels, x: float, y: float) -> tuple[int, ...]:
    height, width, _ = picture.shape
    return tuple(int(value) for value in picture[int(y * height), int(x * width)])


def painted_over(easel: Easel, prompt: str) -> None:
    """The whole canvas, in the colour that the toy model takes the prompt for."""
    page = easel.page
    page.get_by_role("combobox", name="Background").fill(prompt)
    easel.press()
    easel.wait_for_picture()


def test_a_kept_picture_comes_back_with_its_whole_scene_after_a_reload_too(easel: Easel) -> None:
    page = easel.page
    easel.new_brush("red")
    easel.stroke((0.2, 0.2), (0.8, 0.8))
    easel.wait_for_picture()
    kept, jpeg = easel.scene_bytes(), easel.jpeg()
    easel.press("p")
    painted_over(easel, "blue")
    assert easel.scene_bytes() != kept
    assert stored(easel) == 1
    easel.wait_until_saved()

    page.reload()
    easel.wait_for_picture()
    easel.press("h")
    strip = page.get_by_role("region", name="History")
    strip.get_by_role("button", name="Kept").click()
    easel.wait_for_picture()
    assert easel.scene() == easel_scene(kept)
    assert easel.jpeg() == jpeg, "the same picture, to the byte"
    easel.press("Control+z")
    easel.wait_for("window.semdraw.scene.canvas.background.prompt === 'blue'")
    easel.wait_for_picture()

    strip.get_by_role("button", name="Delete").first.click()
    assert strip.get_by_role("button", name="Kept").count() == 0
    page.get_by_role("button", name="Undo", exact=True).last.click()
    strip.get_by_role("button", name="Kept").focus()
    page.keyboard.press("Delete")
    assert strip.get_by_role("button", name="Kept").count() == 0
    assert stored(easel) == 0
    page.reload()
    easel.wait_for_picture()
    easel.press("h")
    assert strip.get_by_role("button", name="Kept").count() == 0, "what was deleted stays away"


def easel_scene(data: bytes) -> object:
    from tests.browser import easel as module

    return module._SCENE.decode(data)  # type: ignore[reportPrivateUsage]


def test_the_other_picture_is_seen_while_a_key_is_held_or_beside_this_one(easel: Easel) -> None:
    page = easel.page
    painted_over(easel, "red")
    easel.press("p")
    painted_over(easel, "blue")
    layer = page.locator(".layer")
    easel.press()
    page.keyboard.down("a")
    layer.wait_for()
    assert layer.evaluate("element => element.style.getPropertyValue('--share')") == "100%"
    assert np.argmax(page.evaluate(OTHER)) == 0, "it is the red one"
    assert np.argmax(at(easel.picture(), 0.1, 0.1)) == 2, "the picture itself stays what it is"
    page.keyboard.up("a")
    assert layer.count() == 0

    easel.press("Shift+A")
    line = page.get_by_role("slider", name="Line between")
    assert line.get_attribute("aria-valuenow") == "50"
    line.focus()
    for _ in range(5):
        page.keyboard.press("ArrowLeft")
    assert line.get_attribute("aria-valuenow") == "40"
    undo = easel.look("revision")
    page.mouse.move(*easel.at((0.4, 0.5)))
    page.mouse.down()
    page.mouse.move(*easel.at((0.75, 0.5)), steps=4)
    page.mouse.up()
    assert line.get_attribute("aria-valuenow") == "75"
    easel.tick()
    assert easel.look("revision") == undo, "to move the line is not to paint"
    page.keyboard.press("Home")
    assert line.get_attribute("aria-valuenow") == "0"
    easel.press("Shift+A")
    assert line.count() == 0


def test_pictures_keep_themselves_before_another_one_is_opened(easel: Easel) -> None:
    page = easel.page
    painted_over(easel, "red")
    before = easel.scene()
    easel.press("h")
    strip = page.get_by_role("region", name="History")
    page.get_by_role("button", name="Open").first.wait_for()
    easel.press("p")
    strip.get_by_role("button", name="Kept").wait_for()
    painted_over(easel, "green")
    changed = easel.scene()
    strip.get_by_role("button", name="Kept").first.click()
    easel.wait_for_picture()
    assert easel.scene() == before
    by_itself = strip.get_by_role("button", name="By itself")
    assert by_itself.count() == 1, "what was there before is not lost"
    by_itself.click()
    easel.wait_for_picture()
    assert easel.scene() == changed
    strip.get_by_role("button", name="Keep for good", exact=True).click()
    assert strip.get_by_role("button", name="Kept").count() == 2
