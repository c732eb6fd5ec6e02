"""Work is not lost: in a reload, in another tab, while the server is away, in files."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from semdraw.files import scene_from_project
from semdraw.metadata import scene_from_picture
from tests.browser.easel import Easel
from tests.browser.served import Served

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext


@pytest.fixture
def restarting(model_options: tuple[str, ...]) -> Generator[Served]:
    """A server that the test may stop."""
    served = Served(model_options)
    served.start()
    yield served
    served.stop()


def test_a_reload_restores_the_scene(easel: Easel) -> None:
    easel.new_brush("rocket")
    easel.stroke((0.1, 0.1), (0.4, 0.3))
    easel.press("r")
    easel.wait_for_picture()
    scene, jpeg = easel.scene_bytes(), easel.jpeg()
    easel.wait_until_saved()

    easel.page.reload()
    easel.wait_for_picture()
    assert easel.scene_bytes() == scene
    assert easel.jpeg() == jpeg


@pytest.fixture(params=[True, False], ids=["locks", "lease"])
def tabs(context: BrowserContext, origin: str, request: pytest.FixtureRequest) -> Tabs:
    """A browser with the locks of the web, and as it is over plain http beyond this machine, without them."""
    if not request.param:
        context.add_init_script("delete Navigator.prototype.locks")
    return Tabs(context, origin)


@dataclass(frozen=True)
class Tabs:
    """Pages of one browser."""

    context: BrowserContext
    origin: str

    def open(self) -> Easel:
        easel = Easel(self.context.new_page())
        easel.page.goto(self.origin)
        easel.wait_for("window.semdraw?.sceneBytes")
        return easel


def paint_in_two(tabs: Tabs) -> tuple[Easel, bytes, bytes]:
    """The second of two tabs after the first was closed, and what each had painted."""
    first = tabs.open()
    first.press("r")
    first.wait_until_saved()
    second = tabs.open()
    second.wait_until_saved("saved beside another tab")
    first.stroke((0.1, 0.1), (0.5, 0.2))
    first.wait_until_saved()
    second.stroke((0.5, 0.1), (0.9, 0.2))
    second.wait_until_saved("saved beside another tab")
    scenes = first.scene_bytes(), second.scene_bytes()
    assert scenes[0] != scenes[1]
    first.page.close(run_before_unload=True)
    second.page.get_by_text("The other tab has painted on.").wait_for()
    second.wait_until_saved()
    assert second.scene_bytes() == scenes[1]
    return second, *scenes


def exchange(easel: Easel, button: str) -> None:
    """Open what is kept aside; the page does so before the click is over."""
    easel.page.get_by_role("button", name=button, exact=True).click()


def test_what_two_tabs_painted_is_kept_and_can_be_exchanged(tabs: Tabs) -> None:
    tab, first_scene, second_scene = paint_in_two(tabs)
    exchange(tab, "Open its picture")
    assert tab.scene_bytes() == first_scene
    tab.wait_until_saved()

    tab.page.reload()
    tab.wait_for_picture()
    assert tab.scene_bytes() == first_scene
    exchange(tab, "Open it")
    assert tab.scene_bytes() == second_scene
    exchange(tab, "Open it")
    assert tab.scene_bytes() == first_scene
    tab.page.get_by_role("button", name="Forget it").click()
    tab.page.get_by_text("kept aside").wait_for(state="hidden")
    tab.wait_until_saved()
    tab.page.reload()
    tab.wait_until_saved()
    assert tab.scene_bytes() == first_scene
    assert "kept aside" not in tab.text()


def test_a_stroke_that_is_not_taken_up_yet_goes_aside_with_its_own_picture(tabs: Tabs) -> None:
    tab, first_scene, second_scene = paint_in_two(tabs)
    draw_and_click = """(name) => {
      const desk = document.querySelector("[role=application]");
      const box = document.querySelector("[role=application] canvas").getBoundingClientRect();
      const send = (type, x, y) => desk.dispatchEvent(new PointerEvent(type, {
        pointerId: 1, pointerType: "mouse", isPrimary: true, buttons: 1, bubbles: true,
        clientX: box.x + x * box.width, clientY: box.y + y * box.height,
      }));
      desk.setPointerCapture = () => undefined;
      send("pointerdown", 0.2, 0.9);
      send("pointermove", 0.7, 0.9);
      [...document.querySelectorAll("button")].find((button) => button.textContent === name).click();
    }"""
    tab.page.evaluate(draw_and_click, "Open its picture")
    assert tab.scene_bytes() == first_scene
    exchange(tab, "Open it")
    assert tab.scene_bytes() not in {first_scene, second_scene}
    tab.press("Control+z", "Control+z", "Control+z")
    assert tab.scene_bytes() == second_scene


def test_a_second_tab_that_keeps_its_own_picture_finds_it_again(tabs: Tabs) -> None:
    tab, _, second_scene = paint_in_two(tabs)
    tab.page.get_by_role("button", name="Keep this one").click()
    tab.page.get_by_text("The other tab has painted on.").wait_for(state="hidden")
    tab.wait_until_saved()
    tab.page.reload()
    tab.wait_until_saved()
    assert tab.scene_bytes() == second_scene
    assert "The other tab has painted on." not in tab.text()


def test_a_tab_beside_another_keeps_its_picture_over_a_reload_and_is_offered_after_a_crash(
    tabs: Tabs,
) -> None:
    first, second = tabs.open(), tabs.open()
    second.stroke((0.5, 0.1), (0.9, 0.2))
    scene = second.scene_bytes()
    second.page.reload()  # before it was saved by the clock
    second.wait_for("window.semdraw?.sceneBytes")
    assert second.scene_bytes() == scene
    second.wait_until_saved("saved beside another tab")
    second.page.close()
    first.page.reload()
    exchange(first, "Open its picture")
    assert first.scene_bytes() == scene


def test_a_stroke_in_the_last_moment_of_a_page_is_there_at_the_next_visit(tabs: Tabs) -> None:
    tab = tabs.open()
    tab.wait_until_saved()
    tab.press("1")
    before = tab.painted()["house"]
    tab.pen_down((0.5, 0.1), (0.9, 0.2))
    tab.tick()
    seen = tab.painted()["house"]
    assert seen.sum() > before.sum()
    tab.page.reload()
    tab.wait_for("window.semdraw?.sceneBytes")
    assert tab.painted()["house"][seen].all(), (
        "all that was seen; the way to the pen's last place may come on top"
    )


def test_two_tabs_that_both_believe_to_be_the_one_that_saves_lose_nothing(tabs: Tabs) -> None:
    """As after a long sleep: what another one wrote is never written over."""
    tab = tabs.open()
    tab.press("r")
    tab.wait_until_saved()
    tab.stroke((0.1, 0.1), (0.5, 0.2))
    foreign = tab.scene_bytes()
    tab.press("Control+z")
    tab.wait_until_saved()
    tab.autosave(foreign)
    tab.press("r")
    own = tab.scene_bytes()
    tab.wait_until_saved("saved beside another tab")
    tab.page.reload()
    tab.page.get_by_text("The other tab has painted on.").wait_for()
    assert tab.scene_bytes() == own
    exchange(tab, "Open its picture")
    assert tab.scene_bytes() == foreign


def test_a_restart_of_the_server_loses_nothing(context: BrowserContext, restarting: Served) -> None:
    easel = Easel(context.new_page())
    easel.open(restarting.origin)
    easel.press("1")
    restarting.stop()
    easel.wait_for("document.body.innerText.includes('offline (reconnecting)')")

    easel.stroke((0.1, 0.1), (0.5, 0.2))
    easel.new_brush("rocket")
    easel.stroke((0.1, 0.3), (0.5, 0.3))
    easel.wait_for("getComputedStyle(document.querySelector('canvas.fading')).opacity > 0")  # seen offline
    scene, jpeg = easel.scene_bytes(), easel.jpeg()

    restarting.start()
    easel.wait_for_picture()
    assert easel.scene_bytes() == scene
    assert easel.jpeg() != jpeg
    easel.wait_for("window.semdraw.status === 'live'")


def test_saved_projects_and_pictures_hold_the_scene(easel: Easel, tmp_path: Path) -> None:
    easel.press("1")
    easel.stroke((0.1, 0.1), (0.5, 0.2))
    easel.wait_for_picture()
    masks = [layer.mask for layer in easel.scene().canvas.layers]
    for chord, read in (("Control+s", scene_from_project), ("Control+Shift+e", scene_from_picture)):
        with easel.page.expect_download() as download:
            easel.press(chord)
        path = tmp_path / download.value.suggested_filename
        download.value.save_as(path)
        scene = read(path.read_bytes())
        assert [layer.mask for layer in scene.canvas.layers] == masks
        assert scene.brushes == easel.scene().brushes


def test_a_project_opens_and_opening_is_undone(easel: Easel, tmp_path: Path) -> None:
    with easel.page.expect_download() as download:
        easel.press("Control+s")
    path = tmp_path / "mine.semdraw"
    download.value.save_as(path)
    canvas = easel.scene().canvas
    easel.new_picture("meadow")
    scene = easel.scene_bytes()

    with easel.page.expect_file_chooser() as chooser:
        easel.press("Control+o")
    chooser.value.set_files(path)
    easel.wait_for("window.semdraw.scene.brushes.length === 3")
    assert easel.scene().canvas == canvas
    easel.wait_for_picture()

    easel.press("Control+z")
    assert easel.scene_bytes() == scene


def test_a_file_that_is_no_project_is_refused_in_words(easel: Easel, tmp_path: Path) -> None:
    path = tmp_path / "broken.semdraw"
    path.write_bytes(b"not a project")
    scene = easel.scene_bytes()
    with easel.page.expect_file_chooser() as chooser:
        easel.press("Control+o")
    chooser.value.set_files(path)
    easel.wait_for("document.body.innerText.includes('broken.semdraw could not be opened')")
    assert easel.scene_bytes() == scene
    easel.complaints[:] = [line for line in easel.complaints if "422" not in line]


def test_what_was_autosaved_and_cannot_be_read_is_put_aside(easel: Easel) -> None:
    easel.press("r")
    easel.wait_until_saved()
    easel.autosave(b"\1\2\3")
    easel.page.reload()
    easel.page.get_by_text("could not be read and was put aside").wait_for()
    easel.wait_for_picture()
    easel.press("r")
    easel.wait_until_saved()
    easel.page.reload()
    with easel.page.expect_download() as download:
        easel.page.get_by_role("button", name="Save it as a file").click()
    assert download.value.path().read_bytes() == b"\1\2\3"


def test_a_picture_becomes_the_background(easel: Easel, tmp_path: Path) -> None:
    import numpy as np
    from PIL import Image

    pixels = np.zeros((30, 50, 3), np.uint8)
    pixels[..., 2] = 255
    Image.fromarray(pixels).save(tmp_path / "blue.png")
    with easel.page.expect_file_chooser() as chooser:
        easel.page.get_by_role("button", name="A picture", exact=True).click()
    chooser.value.set_files(tmp_path / "blue.png")
    easel.wait_for("window.semdraw.scene.canvas.background.type === 'image'")
    easel.wait_for_picture()
    corner = easel.picture()[:8, :8].reshape(-1, 3).mean(axis=0)
    assert corner[2] > corner[:2].max()
