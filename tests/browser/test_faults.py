"""A model that knows the answer and fails when told to: what is painted appears where it was painted, and a fault
leaves the last good picture and a reason in words."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import pytest

from semdraw.protocol import MAX_MESSAGE_BYTES
from semdraw.scene import MAX_BRUSHES
from tests.browser.easel import Easel
from tests.server.living import LiveServer, live_server

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext


@pytest.fixture
def server() -> Generator[LiveServer]:
    with live_server() as server:
        yield server


@pytest.fixture
def toy(context: BrowserContext, server: LiveServer) -> Easel:
    easel = Easel(context.new_page())
    easel.watch()
    easel.open(server.origin)
    easel.new_picture("green")
    easel.new_brush("red")
    easel.stroke((0.2, 0.3), (0.8, 0.3))
    easel.wait_for_picture()
    return easel


def test_red_appears_where_red_was_painted_and_green_stays(toy: Easel) -> None:
    red, picture = toy.painted()["red"], toy.picture().astype(int)
    inner = np.zeros_like(red)
    inner[16:24, 16:48] = True  # cells that lie inside as a whole
    assert (picture[inner & red][:, 0] > 200).all()
    assert (picture[40:][..., 1] > 200).all()


def unlike_any_scene(scene: dict[str, Any]) -> None:
    scene["seed"] = -1


def larger_than_a_message(scene: dict[str, Any]) -> None:
    scene["canvas"]["background"] = {"type": "image", "picture": {"png": bytes(MAX_MESSAGE_BYTES)}}


@pytest.mark.parametrize(
    ("spoil", "reason"), [(unlike_any_scene, "seed"), (larger_than_a_message, "reads at most 16 MiB")]
)
def test_a_scene_that_the_server_does_not_take_is_offered_once_and_the_page_says_why(
    toy: Easel, spoil: Callable[[dict[str, Any]], None], reason: str
) -> None:
    toy.wait_until_saved()
    scene = msgspec.msgpack.decode(toy.scene_bytes())
    spoil(scene)
    toy.autosave(msgspec.msgpack.encode(scene))
    sockets: list[object] = []
    toy.page.on("websocket", lambda socket: sockets.append(socket))
    toy.page.reload()
    toy.wait_for("window.semdraw?.status === 'not connected'")
    alert = toy.page.get_by_role("alert").inner_text()
    assert reason in alert
    toy.page.wait_for_timeout(1500)
    assert len(sockets) == 1

    toy.press("r")
    toy.page.get_by_role("button", name="Plain colour").click()
    toy.page.get_by_role("button", name="Try now").click()
    toy.wait_for_picture()
    assert len(sockets) == 2


def test_a_brush_more_than_the_server_takes_is_refused_before_it_is_there(toy: Easel) -> None:
    toy.wait_until_saved()
    scene = msgspec.msgpack.decode(toy.scene_bytes())
    ((layer,), (brush,)) = scene["canvas"]["layers"], scene["brushes"]
    names = [f"b{number}" for number in range(MAX_BRUSHES)]
    scene["canvas"]["layers"] = [{**layer, "brush_id": name} for name in names]
    scene["brushes"] = [{**brush, "id": name} for name in names]
    toy.autosave(msgspec.msgpack.encode(scene))
    toy.page.reload()
    toy.wait_for_picture()
    before = toy.scene_bytes()

    toy.page.get_by_role("button", name="New brush").first.click()
    toy.page.get_by_text(f"holds {MAX_BRUSHES} brushes at most").wait_for()
    assert toy.scene_bytes() == before
    assert toy.status() == "live"


def test_a_failing_model_leaves_the_picture_and_says_why_and_comes_back(
    toy: Easel, server: LiveServer
) -> None:
    before = toy.jpeg()

    def fail() -> None:
        raise RuntimeError("the device is on fire")

    server.model.fault = fail
    toy.stroke((0.2, 0.8), (0.8, 0.8))
    toy.wait_for("window.semdraw.status.startsWith('stopped')")
    assert "the device is on fire" in toy.status()
    assert toy.jpeg() == before

    server.model.fault = lambda: None
    toy.stroke((0.2, 0.6), (0.8, 0.6))
    toy.wait_for_picture()
    toy.wait_for("window.semdraw.status === 'live'")
    assert toy.jpeg() != before
    assert toy.complaints == []


def test_a_picture_that_stands_still_costs_nothing(toy: Easel, server: LiveServer) -> None:
    rows = server.model.rows
    toy.page.mouse.move(*toy.at((0.5, 0.5)))
    toy.press("e", "b", "]", "[")
    toy.page.wait_for_timeout(400)
    assert server.model.rows == rows


def test_live_off_keeps_edits_and_makes_no_picture(toy: Easel, server: LiveServer) -> None:
    toy.press("Control+Enter")
    toy.wait_for("window.semdraw.status === 'paused (live is off)'")
    rows = server.model.rows
    toy.stroke((0.2, 0.8), (0.8, 0.8))
    toy.page.wait_for_timeout(400)
    assert server.model.rows == rows

    toy.press("Control+Enter")
    toy.wait_for_picture()
    assert (toy.picture()[51, 20:44, 0] > 200).all()
