"""Claims about one painter's conversation with the server."""

from __future__ import annotations

import contextlib
import time
import zlib

import msgspec
import pytest
from msgspec.structs import replace
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from semdraw.commands import EditBrush, PaintMask, RemoveBrush, ReplaceScene, SetFrame, SetSeed
from semdraw.geometry import Extent
from semdraw.protocol import (
    MAX_MESSAGE_BYTES,
    VERSION,
    Applied,
    ClientMessage,
    Edit,
    FrameMessage,
    Hello,
    Refused,
    SetFlow,
    SetLive,
    Shown,
    Welcome,
)
from semdraw.scene import ColorBackground, Recipe
from semdraw.server.limits import Limits
from tests.scenes import two_regions
from tests.server.living import (
    LiveServer,
    Painter,
    closing_code,
    colour_of,
    live_server,
    pixels_of,
    plain,
    repaint,
)


# ---- the ordinary course ----
def test_a_newcomer_gets_the_starter_scene_and_its_settled_picture(server: LiveServer) -> None:
    with server.painter() as (painter, welcome):
        assert welcome.version == VERSION
        assert welcome.model.name == "toy"
        assert welcome.scene == server.studio.starter
        frame = painter.settled(0)
        assert frame.extent == Extent(64, 64)
        assert frame.step == frame.num_steps


def test_who_brings_a_scene_gets_a_picture_of_it(server: LiveServer) -> None:
    with server.painter(plain("red")) as (painter, welcome):
        assert welcome.scene is None
        assert colour_of(painter.settled(0)) == "red"


def test_an_edit_is_acknowledged_and_painted_under_its_revision(server: LiveServer) -> None:
    with server.painter(plain("red")) as (painter, _):
        painter.settled(0)
        painter.say(repaint("blue", seq=5))
        assert painter.hear_a(Applied) == Applied(seq=5, revision=1)
        assert colour_of(painter.settled(1)) == "blue"


def test_painted_pixels_reach_the_picture(server: LiveServer) -> None:
    scene = two_regions().with_canvas(background=ColorBackground(color="#ffffff"))
    with server.painter(scene) as (painter, _):
        painter.settled(0)
        painter.say(Edit(seq=1, command=EditBrush(brush_id="castle", prompt="red", softness_px=0)))
        painter.say(Edit(seq=2, command=RemoveBrush(brush_id="moon")))
        bare = zlib.compress(bytes(32 * 32))
        erase = PaintMask(brush_id="castle", x=0, y=32, width=32, height=32, alpha=bare)
        painter.say(Edit(seq=3, command=erase))
        pixels = pixels_of(painter.settled(3))
        assert pixels[8, 8, 1] < 100, "red where it was painted"
        assert pixels[56, 8].min() > 240, "white where it was erased"
        assert pixels[8, 56].min() > 240, "white where nothing was painted"


def test_undoing_brings_the_same_bytes_back(server: LiveServer) -> None:
    with server.painter(two_regions()) as (painter, _):
        first = painter.settled(0).jpeg
        painter.say(Edit(seq=1, command=SetSeed(seed=8)))
        changed = painter.settled(1).jpeg
        painter.say(Edit(seq=2, command=SetSeed(seed=7)))
        assert painter.settled(2).jpeg == first != changed


def test_an_edit_that_comes_twice_counts_once(server: LiveServer) -> None:
    with server.painter(plain("red")) as (painter, _):
        for _ in range(3):
            painter.say(repaint("green", seq=1))
        answers = [painter.hear_a(Applied) for _ in range(3)]
        assert answers == [Applied(seq=1, revision=1)] * 3


def test_paused_painters_keep_their_edits_and_cost_nothing(server: LiveServer) -> None:
    with server.painter(plain("red")) as (painter, _):
        painter.settled(0)
        painter.say(SetLive(live=False))
        assert painter.status("paused")
        rows = server.model.rows
        painter.say(repaint("blue", seq=1))
        painter.hear_a(Applied)
        time.sleep(0.2)
        assert server.model.rows == rows
        painter.say(SetLive(live=True))
        assert colour_of(painter.settled(1)) == "blue"


def test_a_settled_scene_runs_no_rows(server: LiveServer) -> None:
    with server.painter(two_regions()) as (painter, _):
        painter.settled(0)
        rows = server.model.rows
        time.sleep(0.3)
        assert server.model.rows == rows


def test_two_painters_see_their_own_scene_only(server: LiveServer) -> None:
    with server.painter(plain("red")) as (one, _), server.painter(plain("blue")) as (two, _):
        for revision in range(1, 8):
            one.say(repaint("red" if revision % 2 else "white", seq=revision))
            two.say(repaint("blue" if revision % 2 else "green", seq=revision))
        assert colour_of(one.settled(7)) == "red"
        assert colour_of(two.settled(7)) == "blue"


# ---- what is refused, and that life goes on ----
GARBAGE: dict[str, bytes | str] = {
    "nothing": b"",
    "text": "hello",
    "not msgpack": b"\xc1\xc1",
    "an unknown kind": msgspec.msgpack.encode({"kind": "format"}),
    "an unknown field": msgspec.msgpack.encode({"kind": "set_live", "live": True, "x": 1}),
    "a wrong type": msgspec.msgpack.encode({"kind": "shown", "number": "1"}),
    "a message of the server": msgspec.msgpack.encode({"kind": "status", "state": "live"}),
}


@pytest.mark.parametrize("garbage", GARBAGE.values(), ids=GARBAGE.keys())
def test_a_malformed_message_is_answered_in_words_and_painting_goes_on(
    server: LiveServer, garbage: bytes | str
) -> None:
    with server.painter(plain("red")) as (painter, _):
        painter.socket.send(garbage)
        assert "version 1" in painter.hear_a(Refused).reason
        painter.say(repaint("blue", seq=1))
        assert colour_of(painter.settled(1)) == "blue"


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (Hello(version=VERSION), "already"),
        (Shown(number=10**6), "never sent"),
        (Edit(seq=1, command=RemoveBrush(brush_id="x")), "no brush 'x'"),
        (Edit(seq=1, command=ReplaceScene(scene=two_regions().with_canvas(layers=()))), "one layer"),
    ],
    ids=["hello twice", "shown before sent", "an unknown brush", "a broken scene"],
)
def test_a_message_out_of_place_is_answered_in_words(
    server: LiveServer, message: ClientMessage, reason: str
) -> None:
    with server.painter(plain("red")) as (painter, _):
        painter.say(message)
        refused = painter.hear_a(Refused)
        assert reason in refused.reason
        assert refused.seq == (1 if isinstance(message, Edit) else None)
        assert refused.revision == 0
        painter.say(repaint("blue", seq=2))
        assert colour_of(painter.settled(1)) == "blue"


def test_an_edit_beyond_the_bounds_is_refused_under_its_number(server: LiveServer) -> None:
    with server.painter(two_regions()) as (painter, _):
        painter.say(Edit(seq=7, command=EditBrush(brush_id="castle", prompt="x" * 2001)))
        refused = painter.hear_a(Refused)
        assert refused.seq == 7
        assert "<= 2000" in refused.reason
        painter.socket.send(msgspec.msgpack.encode({"kind": "hello", "seq": 8, "version": "x"}))
        assert painter.hear_a(Refused).seq is None
        painter.say(repaint("blue", seq=8))
        assert colour_of(painter.settled(1)) == "blue"


def test_edits_out_of_order_are_refused(server: LiveServer) -> None:
    with server.painter(plain("red")) as (painter, _):
        painter.say(repaint("blue", seq=9))
        painter.say(repaint("green", seq=4))
        assert "edit 4 came after edit 9" in painter.hear_a(Refused).reason
        assert colour_of(painter.settled(1)) == "blue"


def test_nothing_counts_before_hello(server: LiveServer) -> None:
    with server.dial() as socket:
        painter = Painter(socket)
        painter.say(repaint("red", seq=1))
        assert painter.hear_a(Refused).reason == "say hello first"
        painter.say(Hello(version=VERSION, scene=plain("blue")))
        painter.hear_a(Welcome)
        assert colour_of(painter.settled(0)) == "blue"


def test_another_version_is_told_to_reload_and_closed(server: LiveServer) -> None:
    with server.dial() as socket:
        painter = Painter(socket)
        painter.say(Hello(version=2))
        assert "reload the page" in painter.hear_a(Refused).reason
        assert closing_code(painter) == 1008


def test_a_scene_that_makes_no_sense_is_refused_at_hello(server: LiveServer) -> None:
    with server.dial() as socket:
        painter = Painter(socket)
        painter.say(Hello(version=VERSION, scene=two_regions().with_canvas(layers=())))
        assert "one layer" in painter.hear_a(Refused).reason
        painter.say(Hello(version=VERSION))
        painter.hear_a(Welcome)


def test_a_scene_that_does_not_suit_the_model_is_told_in_words(server: LiveServer) -> None:
    unsuited = replace(two_regions(), recipe=Recipe(guidance="residual_self", guidance_scale=2.0))
    with server.painter(unsuited) as (painter, _):
        assert "give the scene one" in painter.status("failed").reason
        painter.say(repaint("blue", seq=1))
        assert colour_of(painter.settled(1)) == "blue"


def test_ten_bad_messages_in_ten_seconds_end_the_conversation(server: LiveServer) -> None:
    with server.painter() as (painter, _):
        for _ in range(10):
            painter.socket.send(b"\xc1")
        assert closing_code(painter) == 1008


def test_an_oversized_message_ends_only_its_own_connection(server: LiveServer) -> None:
    with server.painter(plain("red")) as (good, _), server.painter() as (bad, _):
        with contextlib.suppress(
            ConnectionClosed
        ):  # closed on the header, while the rest is still being sent
            bad.socket.send(bytes(MAX_MESSAGE_BYTES + 1))
        assert closing_code(bad) in {1009, 1006}
        good.say(repaint("blue", seq=1))
        assert colour_of(good.settled(1)) == "blue"


def test_a_socket_from_a_foreign_page_is_refused(server: LiveServer) -> None:
    for headers in ({"Origin": "http://evil.test"}, {"Origin": "null"}, {}):
        with pytest.raises(InvalidStatus) as refused:
            connect(f"ws://127.0.0.1:{server.port}/ws", additional_headers=headers).close()
        assert refused.value.response.status_code == 403


def test_compression_is_not_offered(server: LiveServer) -> None:
    url = f"ws://127.0.0.1:{server.port}/ws"
    with connect(url, additional_headers={"Origin": server.origin}, compression="deflate") as socket:
        assert socket.response is not None
        assert "Sec-WebSocket-Extensions" not in socket.response.headers


# ---- flow ----
def test_a_flow_sends_frame_after_frame_and_a_kept_one_can_be_made_again(server: LiveServer) -> None:
    with server.painter(plain("red")) as (painter, _):
        painter.settled(0)
        painter.say(SetFlow(speed=0.25, per_s=60))
        frames = [painter.hear_a(FrameMessage) for _ in range(3)]
        assert [frame.settled for frame in frames] == [True] * 3
        numbers = [frame.frame for frame in frames]
        assert numbers == sorted(set(numbers)), "it goes on"
        assert all(number % 0.25 == 0 for number in numbers)
        painter.say(Edit(seq=1, command=SetFrame(frame=frames[-1].frame)))
        painter.say(SetFlow(speed=0))
        kept = painter.settled(1)
        assert (kept.frame, kept.jpeg) == (frames[-1].frame, frames[-1].jpeg)


def test_a_flow_that_nobody_touches_rests_and_says_so() -> None:
    with live_server(limits=Limits(flow_rest_s=0.1)) as server, server.painter(plain("red")) as (painter, _):
        painter.settled(0)
        painter.say(SetFlow(speed=1, per_s=60))
        assert "nobody has touched it" in painter.status("paused").reason
        painter.say(SetFlow(speed=0))
        painter.say(repaint("blue", seq=1))
        assert colour_of(painter.settled(1)) == "blue"
