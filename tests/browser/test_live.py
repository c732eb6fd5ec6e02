"""Claims about the picture as it comes: flow, pictures in quality, figures."""

from __future__ import annotations

import io
import re
import threading
from collections.abc import Generator
from pathlib import Path
from time import sleep

import pytest
from PIL import Image
from playwright.sync_api import Browser

from semdraw.exports import scene_from_file
from tests.browser.conftest import opened
from tests.browser.easel import Easel, escaping
from tests.server.living import LiveServer


class Brake:
    """A model that takes its time, and stands still after some steps more: what is under way can be looked at."""

    def __init__(self) -> None:
        self._left: int | None = None
        self._changed = threading.Condition()

    def step(self) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._left != 0, 60)
            if self._left:
                self._left -= 1
        sleep(0.06)

    def stand_after(self, steps: int | None) -> None:
        """None: it goes on."""
        with self._changed:
            self._left = steps
            self._changed.notify_all()


@pytest.fixture
def slow(toy_served: LiveServer) -> Generator[Brake]:
    brake = Brake()
    toy_served.model.fault = brake.step
    yield brake
    toy_served.model.fault = lambda: None
    brake.stand_after(None)


def test_a_flow_drifts_until_it_is_stopped_and_stays_where_it_is(easel: Easel) -> None:
    page = easel.page
    easel.press("f")
    easel.wait_for("window.semdraw.frame?.frame > 0")
    easel.wait_for("window.semdraw.status === 'flowing'")
    assert easel.scene().frame == 0, "nothing of the document changes while it flows"
    page.get_by_role("slider", name="Speed of the flow").fill("1")
    easel.wait_for("window.semdraw.frame?.frame > 3")
    easel.press("p")
    easel.press("f")
    easel.wait_for("window.semdraw.isCurrent && window.semdraw.scene.frame > 3")
    here = easel.scene().frame
    assert easel.look("frame.frame") == here, "the picture that was seen is the one of the scene"
    easel.press("Control+z")
    easel.wait_for("window.semdraw.isCurrent && window.semdraw.scene.frame === 0")
    easel.press("h")
    page.get_by_role("button", name="Kept").click()
    easel.wait_for("window.semdraw.isCurrent && window.semdraw.scene.frame > 0")
    assert easel.scene().frame <= here, "a frame is kept with its number"
    assert easel.look("frame.frame") == easel.scene().frame


def test_a_flow_goes_on_after_a_lost_connection(easel: Easel, toy_served: LiveServer) -> None:
    easel.press("f")
    easel.wait_for("window.semdraw.frame?.frame > 0.2")
    easel.page.context.set_offline(True)
    easel.page.context.set_offline(False)
    easel.wait_for("window.semdraw.status === 'flowing'")
    easel.press("f")


def test_quality_pictures_are_painted_in_the_background_and_taken_from_the_tray(
    easel: Easel, slow: Brake
) -> None:
    page = easel.page
    easel.press("Shift+Enter")
    panel = page.get_by_role("dialog", name="Quality pictures")
    panel.get_by_role("slider", name="Steps").fill("9")
    panel.get_by_role("slider", name="Pictures").fill("2")
    panel.get_by_label("Size").select_option("2")
    slow.stand_after(4)
    panel.get_by_role("button", name="Paint").click()
    panel.get_by_text("512 × 512 · picture 1 of 2").wait_for()
    assert 0 <= float(panel.get_by_role("progressbar").get_attribute("value") or 1) < 1
    slow.stand_after(None)
    easel.stroke((0.2, 0.2), (0.6, 0.6))
    easel.wait_for_picture()
    panel.get_by_role("img", name="Finished picture 2").wait_for()
    with page.expect_download() as download:
        panel.get_by_role("button", name="Save as WEBP").nth(1).click()
    scene = scene_from_file(Path(download.value.path()).read_bytes())
    assert (scene.canvas.extent, scene.recipe.num_steps) == ((512, 512), 9)
    assert scene.seed == easel.scene().seed + 1

    panel.get_by_role("button", name="Into the history").first.click()
    easel.press("h")
    page.get_by_role("button", name="Kept").wait_for()

    page.reload()
    easel.wait_for_picture()
    easel.press("Shift+Enter")
    panel.get_by_role("img", name="Finished picture 2").wait_for()
    panel.get_by_role("button", name="Open its scene").first.click()
    easel.wait_for("window.semdraw.scene.canvas.extent[0] === 512")
    easel.press("Control+z")
    panel.get_by_role("button", name="Remove from the tray").click()
    assert panel.get_by_role("img").count() == 0


def test_an_order_is_cancelled_at_once_and_one_that_the_server_forgot_says_so(
    easel: Easel, slow: Brake
) -> None:
    page = easel.page
    easel.press("Shift+Enter")
    panel = page.get_by_role("dialog", name="Quality pictures")
    panel.get_by_role("slider", name="Steps").fill("50")
    slow.stand_after(4)
    panel.get_by_role("button", name="Paint").click()
    panel.get_by_text(re.compile(r"step \d+ of 50")).wait_for()
    panel.get_by_role("button", name="Cancel").click()
    assert panel.get_by_role("progressbar").count() == 0

    panel.get_by_role("slider", name="Steps").fill("9")
    panel.get_by_role("slider", name="Pictures").fill("8")
    slow.stand_after(2 * 9)
    panel.get_by_role("button", name="Paint").click()
    panel.get_by_role("img", name="Finished picture 1").wait_for()
    panel.get_by_role("button", name="Cancel").click()
    panel.get_by_text("cancelled").wait_for()
    slow.stand_after(None)
    with page.expect_download() as download:
        panel.get_by_role("button", name="Save as JPG").first.click()
    assert scene_from_file(Path(download.value.path()).read_bytes()).brushes == easel.scene().brushes
    panel.get_by_role("button", name="Remove from the tray").click()

    panel.get_by_role("slider", name="Pictures").fill("1")
    page.route("**/api/renders/*", lambda route: route.fulfill(status=404, json={"detail": "gone"}))
    panel.get_by_role("button", name="Paint").click()
    panel.get_by_text("knows it no more").wait_for()
    page.unroute("**/api/renders/*")
    easel.complaints.clear()  # the browser tells of the 404


def test_a_picture_to_save_is_waited_for_as_long_as_it_takes(easel: Easel, slow: Brake) -> None:
    page = easel.page
    easel.press("Control+Enter")  # live is off: nothing is settled
    easel.new_brush("red")
    easel.stroke((0.3, 0.3), (0.7, 0.3))
    with page.expect_download() as download:
        easel.press("Control+Shift+E")
    assert scene_from_file(Path(download.value.path()).read_bytes()).brushes == easel.scene().brushes


def test_a_time_lapse_plays_and_is_saved_as_one_moving_picture(easel: Easel) -> None:
    page = easel.page
    for number in range(3):
        easel.new_brush(("red", "blue", "green")[number])
        easel.stroke((0.1 + 0.2 * number, 0.2), (0.3 + 0.2 * number, 0.7))
        easel.wait_for_picture()
    page.get_by_role("button", name="Time-lapse").click()
    dialog = page.get_by_role("dialog", name="Time-lapse")
    dialog.get_by_text("pictures", exact=False).first.wait_for()
    dialog.get_by_role("button", name="Pause").click()
    with page.expect_download() as download:
        dialog.get_by_role("button", name="Save as a moving WebP").click()
    film = Image.open(io.BytesIO(Path(download.value.path()).read_bytes()))
    assert film.format == "WEBP"
    assert film.n_frames >= 4  # type: ignore[attr-defined]
    dialog.get_by_role("button", name="Begin anew").click()
    dialog.get_by_text("begins with the second").wait_for()
    page.keyboard.press("Escape")


def test_figures_are_shown_on_demand_and_the_pen_goes_through_them(easel: Easel) -> None:
    easel.press("i")
    hud = easel.page.get_by_test_id("hud")
    assert "stroke to first picture" in hud.inner_text()
    easel.new_brush("red")
    easel.stroke((0.1, 0.1), (0.4, 0.2))
    easel.wait_for_picture()
    easel.wait_for("document.querySelector('[data-testid=hud]').innerText.match(/first picture\\s+\\d+ ms/)")
    easel.press("i")
    assert hud.count() == 0


def test_on_a_phone_everything_of_it_fits(browser: Browser, origin: str) -> None:
    phone = browser.new_context(
        viewport={"width": 380, "height": 780}, has_touch=True, locale="de", reduced_motion="reduce"
    )
    with phone as context, opened(context, origin) as easel:
        page = easel.page
        page.get_by_role("button", name="Dieses Bild behalten").tap()
        page.get_by_role("button", name="Verlauf", exact=True).tap()
        page.get_by_role("button", name="Fließen: endlose Variation").tap()
        easel.wait_for("window.semdraw.status === 'fließt'")
        assert escaping(page) == []
        page.get_by_role("button", name="Fließen: endlose Variation").tap()
        page.get_by_role("button", name="In Qualität malen").tap()
        page.get_by_role("dialog", name="Bilder in Qualität").wait_for()
        assert escaping(page) == []
