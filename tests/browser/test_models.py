"""Another model paints: the words say so, and what the one before made is not taken for its picture."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from semdraw.server.models import Choice
from tests.browser.easel import Easel
from tests.browser.test_details import set_slider
from tests.server.living import CARD, COLORS, LiveServer, live_server, until
from tests.server.test_models import Swapped
from tests.toy import ToyModel

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext

# Pictures that have come wait here until the test lets one through.
GATE = """
  const decode = window.createImageBitmap.bind(window);
  window.held = [];
  window.isHolding = false;
  window.createImageBitmap = (...what) =>
    window.isHolding
      ? new Promise((done) => window.held.push(() => done(decode(...what))))
      : decode(...what);
"""


def choice(name: str, model: type[ToyModel]) -> Choice:
    card = replace(CARD, name=name, facts={"weights_hash": name})
    return Choice(name=name, title=f"a model called {name}", find=lambda: card, load=model)


@pytest.fixture
def server() -> Generator[LiveServer]:
    with live_server(choices=(choice("toy", ToyModel), choice("swapped", Swapped))) as server:
        yield server


@pytest.fixture
def origin(server: LiveServer) -> str:
    return server.origin


def colour(easel: Easel) -> str:
    """The name of the colour that most of the picture has."""
    pixel = np.median(easel.picture().reshape(-1, 3).astype(float), axis=0)
    return min(COLORS, key=lambda name: float(np.abs(pixel - COLORS[name]).sum()))


def choose(easel: Easel, title: str) -> None:
    easel.page.get_by_role("button", name="How the picture is made").click()
    easel.page.get_by_label("Model", exact=True).select_option(title)
    easel.page.keyboard.press("Escape")


def test_the_chosen_model_paints_and_is_named(easel: Easel) -> None:
    easel.new_picture("red")
    easel.wait_for_picture()
    assert colour(easel) == "red"
    scene = easel.scene_bytes()

    choose(easel, "a model called swapped")
    easel.page.get_by_text("swapped paints now").wait_for()
    easel.wait_for_picture()
    assert colour(easel) == "blue"
    assert easel.scene_bytes() == scene
    easel.page.get_by_role("button", name="How the picture is made").click()
    chosen = easel.page.get_by_label("Model", exact=True)
    until(lambda: chosen.input_value() == "swapped")
    easel.page.keyboard.press("Escape")
    choose(easel, "a model called toy")
    easel.page.get_by_text("toy paints now").wait_for()
    easel.wait_for_picture()
    assert colour(easel) == "red"


def test_a_picture_of_the_model_before_that_is_still_read_does_not_count_for_the_new_one(
    context: BrowserContext, origin: str
) -> None:
    context.add_init_script(GATE)
    easel = Easel(context.new_page())
    easel.open(origin)
    easel.new_picture("red")
    easel.page.get_by_role("button", name="How the picture is made").click()
    set_slider(easel, "Steps", 1)
    easel.page.keyboard.press("Escape")
    easel.wait_for_picture()
    easel.page.evaluate("() => (window.isHolding = true)")
    easel.press("r")
    easel.wait_for("window.held.length === 1")
    choose(easel, "a model called swapped")
    easel.page.get_by_text("swapped paints now").wait_for()
    easel.page.evaluate("() => window.held[0]()")
    easel.wait_for("window.held.length === 2")
    assert easel.look("frame") is None
    assert not easel.look("isCurrent")

    easel.page.evaluate("() => window.held[1]()")
    easel.wait_for_picture()
    assert colour(easel) == "blue"
