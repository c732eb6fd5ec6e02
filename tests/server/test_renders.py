"""Claims about pictures in the background: their course, their bounds, and that live pictures go first."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Generator
from typing import Any

import msgspec
import numpy as np
import pytest
from msgspec.structs import replace
from PIL import Image

from semdraw.animations import animated_webp
from semdraw.errors import UsageError
from semdraw.exports import scene_from_file
from semdraw.geometry import Extent
from semdraw.protocol import Applied, to_wire, unpack
from semdraw.scene import PromptBackground, Recipe, Scene
from semdraw.seats import Seat
from semdraw.server.limits import Limits
from semdraw.server.renders import Order, Renders, scenes_of
from tests.scenes import two_regions
from tests.server.living import COLORS, LiveServer, colour_of, live_server, plain, repaint, until

MSGPACK = {"Content-Type": "application/msgpack"}
encoder = msgspec.msgpack.Encoder(enc_hook=to_wire)


class Client:
    """Who orders pictures."""

    def __init__(self, server: LiveServer) -> None:
        self.server = server

    def order(self, scene: Scene, **more: Any) -> tuple[int, dict[str, Any]]:
        body = encoder.encode(Order(scene=scene, **more))
        status, _, data = self.server.request("POST", "/api/renders", body=body, headers=MSGPACK)
        return status, json.loads(data)

    def ask(self, name: str) -> dict[str, Any]:
        status, _, data = self.server.request("GET", f"/api/renders/{name}")
        return {"status": status, **json.loads(data)}

    def wait(self, name: str, state: str = "done") -> dict[str, Any]:
        until(lambda: self.ask(name)["state"] == state)
        return self.ask(name)

    def take(self, name: str, ending: str) -> bytes:
        status, _, data = self.server.request("GET", f"/api/renders/{name}/{ending}")
        assert status == 200, data
        return data


class Gate:
    """Holds the model before each network call but those that are let pass, until it is opened."""

    def __init__(self, server: LiveServer) -> None:
        self.inside, self._passes, self._server = threading.Event(), threading.Semaphore(0), server
        server.model.fault = self._wait

    def _wait(self) -> None:
        self.inside.set()
        self._passes.acquire(timeout=20)

    def let_pass(self, calls: int) -> None:
        self._passes.release(calls)

    def open(self) -> None:
        self._server.model.fault = lambda: None
        self._passes.release()


@pytest.fixture
def own() -> Generator[LiveServer]:
    with live_server(limits=Limits(max_renders_per_address=2)) as server:
        yield server


def test_an_order_is_painted_seed_by_seed_and_its_pictures_carry_their_scenes(server: LiveServer) -> None:
    client = Client(server)
    status, told = client.order(plain("red"), num_steps=7, scale=2.0, seeds=(3, 9))
    assert (status, told["pictures"], told["extent"], told["num_steps"]) == (202, 2, [128, 128], 7)
    done = client.wait(told["id"])
    assert (done["finished"], done["step"]) == (2, done["num_steps"])
    for number, seed in enumerate((3, 9)):
        png = client.take(told["id"], f"{number}.png")
        scene = scene_from_file(png)
        assert (scene.seed, scene.recipe.num_steps, scene.canvas.extent) == (seed, 7, Extent(128, 128))
        assert scene.recipe.model == "toy", "signed by the model that painted it"
        assert tuple(np.asarray(Image.open(io.BytesIO(png)))[5, 5]) == COLORS["red"]
        assert unpack(client.take(told["id"], f"{number}.scene"), Scene) == scene
    assert Image.open(io.BytesIO(client.take(told["id"], "1.webp"))).format == "WEBP"
    assert Image.open(io.BytesIO(client.take(told["id"], "1.jpg"))).format == "JPEG"
    assert server.request("GET", f"/api/renders/{told['id']}/2.png")[0] == 404


def test_a_cancelled_order_takes_no_further_step_and_is_forgotten(own: LiveServer) -> None:
    client, gate = Client(own), Gate(own)
    _, told = client.order(plain("red"), num_steps=50)
    assert gate.inside.wait(20)
    assert own.request("DELETE", f"/api/renders/{told['id']}")[0] == 204
    calls = len(own.model.calls)
    gate.open()
    with own.painter(plain("blue")) as (painter, _):
        painter.settled(0)
    assert len(own.model.calls) <= calls + 4
    gone = client.ask(told["id"])
    assert gone["status"] == 404
    assert "render it again" in gone["detail"]


def test_a_cancelled_order_keeps_its_finished_pictures(own: LiveServer) -> None:
    client, second = Client(own), threading.Event()

    def fault() -> None:
        if len(own.model.calls) > 2:
            second.wait(20)

    own.model.fault = fault
    _, told = client.order(plain("red"), num_steps=2, seeds=(1, 2))
    until(lambda: client.ask(told["id"])["finished"] == 1)
    status, _, data = own.request("POST", f"/api/renders/{told['id']}/cancel")
    assert (status, json.loads(data)["state"]) == (200, "cancelled")
    second.set()
    assert Image.open(io.BytesIO(client.take(told["id"], "0.png"))).format == "PNG"
    assert client.ask(told["id"])["finished"] == 1
    assert own.request("POST", "/api/renders/nobody/cancel")[0] == 404


def test_an_order_after_the_engine_s_end_fails_and_leaves_its_seat(
    own: LiveServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    left: list[Seat] = []
    own.studio.engine.stop()
    monkeypatch.setattr(own.studio.engine, "close_seat", left.append)
    render = Renders(own.studio).begin((plain("red"),), "painter")
    assert (render.state, render.told()["pictures"]) == ("failed", 1)
    assert len(left) == 1


def test_orders_count_the_masks_in_their_scenes(own: LiveServer, monkeypatch: pytest.MonkeyPatch) -> None:
    scene = two_regions()
    masks = len(scene.canvas.layers) * scene.canvas.extent.area
    gate, renders = Gate(own), Renders(own.studio)
    render = renders.begin((scene, replace(scene, seed=1)), "painter")
    assert render.num_bytes == masks
    cancelled = renders.begin((scene,), "another")
    cancelled.cancel()
    assert cancelled.num_bytes == 0
    monkeypatch.setattr("semdraw.server.renders._WAITING_BYTES", masks)
    with pytest.raises(UsageError, match="wait on this server"):
        renders.begin((scene,), "another")
    gate.open()
    until(lambda: render.is_over)
    assert render.num_bytes == 2 * 3 * scene.canvas.extent.area + masks


def test_who_paints_does_not_wait_for_an_order(own: LiveServer) -> None:
    client = Client(own)
    with own.painter(plain("red")) as (painter, _):
        painter.settled(0)
        gate = Gate(own)
        _, told = client.order(plain("green"), num_steps=50)
        assert gate.inside.wait(20)
        painter.say(repaint("blue", seq=1))
        painter.hear_a(Applied)
        gate.let_pass(12)
        assert colour_of(painter.settled(1)) == "blue"
        assert client.ask(told["id"])["step"] < 12, "the order is still on its way"
        gate.open()
        client.wait(told["id"])


def test_orders_wait_in_bounded_number(own: LiveServer) -> None:
    client, gate = Client(own), Gate(own)
    names = [client.order(plain("red"), num_steps=20)[1]["id"] for _ in range(2)]
    status, told = client.order(plain("red"))
    assert status == 422
    assert "cancel one" in told["detail"]
    own.request("DELETE", f"/api/renders/{names[0]}")
    assert client.order(plain("red"))[0] == 202
    gate.open()
    client.wait(names[1])


def test_an_order_that_fails_says_why(own: LiveServer) -> None:
    def fail() -> None:
        raise RuntimeError("the card caught fire")

    own.model.fault = fail
    client = Client(own)
    _, told = client.order(plain("red"))
    assert "caught fire" in client.wait(told["id"], "failed")["reason"]


@pytest.mark.parametrize(
    ("order", "words"),
    [
        (b"\xc1", "not an order"),
        (msgspec.msgpack.encode({"scene": {}, "extra": 1}), "not an order"),
        (encoder.encode(Order(scene=plain("red"), seeds=(1,) * 9)), "not an order"),
        (encoder.encode(Order(scene=Scene.blank(Extent(1024, 1024)), scale=4.0)), "enlarge it less"),
        (encoder.encode(Order(scene=Scene.blank(Extent(2048, 2048)), scale=2.0)), "enlarge it less"),
        (encoder.encode(Order(scene=Scene.blank(Extent(2048, 2048)), seeds=tuple(range(8)))), ""),
    ],
)
def test_an_order_beyond_the_bounds_is_refused(server: LiveServer, order: bytes, words: str) -> None:
    if not words:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("semdraw.server.renders.MAX_ORDER_PX", 2**22)
            status, _, data = server.request("POST", "/api/renders", body=order, headers=MSGPACK)
        words = "fewer or smaller"
    else:
        status, _, data = server.request("POST", "/api/renders", body=order, headers=MSGPACK)
    assert status == 422
    assert words in json.loads(data)["detail"]


def test_finished_orders_are_kept_for_a_while_and_the_newest_longest(own: LiveServer) -> None:
    now = 0.0
    renders = Renders(own.studio, clock=lambda: now)
    kept = [renders.begin((plain("red"),), f"painter {number}") for number in range(3)]
    until(lambda: all(render.is_over for render in kept))
    for number, render in enumerate(kept):
        render.ended_at = float(number)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("semdraw.server.renders._KEPT_BYTES", 2 * 3 * 64 * 64)
        assert [renders.find(render.id) is not None for render in kept] == [False, True, True]
    now = 10_000.0
    assert renders.find(kept[2].id) is None


def test_an_order_is_the_picture_that_is_seen_whatever_its_sides(server: LiveServer) -> None:
    odd = Scene.blank(Extent(50, 33)).with_canvas(background=PromptBackground(prompt="blue"))
    seen, _ = server.studio.render(odd, timeout_s=20)
    client = Client(server)
    _, told = client.order(odd)
    assert told["extent"] == [50, 33]
    client.wait(told["id"])
    data = client.take(told["id"], "0.png")
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(data)).convert("RGB")), seen.array)
    assert scene_from_file(data).canvas == odd.canvas


def test_an_order_without_wishes_is_the_scene_itself() -> None:
    scene = replace(two_regions(), recipe=Recipe(step_indices=(0, 4, 12)), seed=7)
    assert scenes_of(Order(scene=scene), multiple=8) == (scene,)


# ---- moving pictures ----
def test_a_time_lapse_comes_back_as_one_moving_picture(server: LiveServer) -> None:
    def still(side: int, shade: int) -> bytes:
        out = io.BytesIO()
        Image.new("RGB", (side, side), (shade, 0, 0)).save(out, "JPEG", quality=95)
        return out.getvalue()

    frames = [still(32, 0), still(64, 120), still(64, 250)]
    body = msgspec.msgpack.encode({"frames": frames, "frame_ms": 100})
    status, headers, data = server.request("POST", "/api/timelapse.webp", body=body, headers=MSGPACK)
    assert (status, headers["content-type"]) == (200, "image/webp")
    film = Image.open(io.BytesIO(data))
    assert (film.n_frames, film.size) == (3, (64, 64))  # type: ignore[attr-defined]
    film.seek(2)
    assert film.convert("RGB").getpixel((32, 32))[0] > 230  # type: ignore[index]


def test_frames_of_too_many_pixels_are_made_smaller(monkeypatch: pytest.MonkeyPatch) -> None:
    out = io.BytesIO()
    Image.new("RGB", (60, 30), "red").save(out, "PNG")
    monkeypatch.setattr("semdraw.animations.MAX_MOVING_PX", 4 * 450)
    film = Image.open(io.BytesIO(animated_webp([out.getvalue()] * 4, frame_ms=50)))
    assert film.size == (30, 15)


@pytest.mark.parametrize(
    "lapse",
    [
        {"frames": []},
        {"frames": [b"x"]},
        {"frames": [b"x", b"y"]},
        {"frames": [b"x"] * 401},
        {"frames": [b"x", b"y"], "frame_ms": 0},
        {"frames": "no"},
    ],
)
def test_a_time_lapse_that_is_none_is_refused(server: LiveServer, lapse: dict[str, Any]) -> None:
    body = msgspec.msgpack.encode(lapse)
    assert server.request("POST", "/api/timelapse.webp", body=body, headers=MSGPACK)[0] == 422
