"""Claims about painters who are slow, silent, sudden or in a hurry, and that nobody else feels them."""

from __future__ import annotations

import socket as sockets
import struct
import threading
import time
from dataclasses import dataclass

import pytest
from websockets.exceptions import ConnectionClosed

from semdraw.commands import SetSeed
from semdraw.protocol import (
    VERSION,
    Applied,
    Edit,
    FrameMessage,
    Refused,
    SetLive,
    Shown,
    decode_server,
    encode,
)
from semdraw.server.limits import STALL_S, Limits
from tests.scenes import two_regions
from tests.server.living import (
    LiveServer,
    Painter,
    closing_code,
    colour_of,
    live_server,
    plain,
    repaint,
    until,
)


def test_a_slow_reader_gets_the_newest_frame_and_nothing_queues(server: LiveServer) -> None:
    with server.painter(plain("red")) as (painter, _):
        first = decode_frame(painter)
        for seq in range(1, 100):
            painter.say(repaint("blue" if seq % 2 else "green", seq=seq))
        painter.say(repaint("white", seq=100))  # unlike all before, so that it is a picture of its own
        until(lambda: settled_revisions(server) == [100])
        server.studio.engine.render(plain("red"))  # made in turn: the frame before it was handed out
        painter.say(Shown(number=first.number))
        second = decode_frame(painter)
        assert second.number == first.number + 1
        assert second.revision == 100
        assert second.settled
        assert colour_of(second) == "white"


def settled_revisions(server: LiveServer) -> list[int]:
    """Of the newest settled picture of every painter."""
    seats = list(server.studio.engine._seats)  # pyright: ignore[reportPrivateUsage]
    return [seat.settled.frame.revision for seat in seats if seat.settled is not None]


def decode_frame(painter: Painter) -> FrameMessage:
    """The next frame, without telling that it was shown."""
    while True:
        data = painter.socket.recv(30)
        assert isinstance(data, bytes)
        message = decode_server(data)
        if isinstance(message, FrameMessage):
            return message


@dataclass
class Clock:
    """Seconds that pass when told to."""

    now: float = 1_000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """By which frames wait to be taken."""
    clock = Clock()
    monkeypatch.setattr("semdraw.server.outbox.time", clock)
    return clock


def test_who_takes_no_frame_for_too_long_is_let_go_and_harms_nobody(clock: Clock) -> None:
    with (
        live_server() as server,
        server.painter(plain("red")) as (good, _),
        server.painter(plain("red")) as (slow, _),
    ):
        good.settled(0)
        decode_frame(slow)
        slow.say(
            repaint("white", seq=1)
        )  # so that a frame waits, even where the one taken was the settled one
        until(lambda: sorted(settled_revisions(server)) == [0, 1])
        server.studio.engine.render(plain("red"))
        assert server.request("GET", "/healthz")[0] == 200  # by now the loop holds what the engine handed out
        clock.now += STALL_S + 1
        slow.say(repaint("blue", seq=2))
        assert closing_code(slow) == 1013
        good.say(repaint("green", seq=1))
        assert colour_of(good.settled(1)) == "green"


def test_an_idle_painter_is_not_taken_for_a_stalled_one(clock: Clock) -> None:
    with live_server() as server, server.painter(plain("red")) as (painter, _):
        frame = painter.settled(0)
        clock.now += STALL_S + 1
        painter.say(Shown(number=frame.number))  # once more, which makes the server look at its clock
        painter.say(repaint("blue", seq=1))
        assert colour_of(painter.settled(1)) == "blue"


def test_who_says_nothing_is_let_go() -> None:
    with live_server(limits=Limits(hello_timeout_s=0.2)) as server, server.dial() as socket:
        assert closing_code(Painter(socket)) == 1008
        until(lambda: server.studio.admission.num_painters == 0)


def test_a_client_that_vanishes_in_mid_frame_leaves_nothing_behind(
    server: LiveServer, caplog: pytest.LogCaptureFixture
) -> None:
    engine = server.studio.engine
    with server.painter(plain("red")) as (painter, _):
        painter.settled(0)  # whatever the first painter sets going is there for good
    until(lambda: server.studio.admission.num_painters == 0)
    threads = lasting_threads()
    for delay_s in (0.0, 0.001, 0.003, 0.01, 0.03):
        for _ in range(4):
            with server.painter(two_regions()) as (painter, _):
                time.sleep(delay_s)
                raw = painter.socket.socket
                raw.setsockopt(sockets.SOL_SOCKET, sockets.SO_LINGER, struct.pack("ii", 1, 0))
                raw.close()  # a reset, not a goodbye
    until(lambda: server.studio.admission.num_painters == 0)
    until(lambda: not engine._seats)  # pyright: ignore[reportPrivateUsage]
    until(lambda: lasting_threads() <= threads)
    assert [
        record.getMessage() for record in caplog.records if record.levelname in {"ERROR", "CRITICAL"}
    ] == []
    with server.painter(plain("blue")) as (painter, _):
        assert colour_of(painter.settled(0)) == "blue"


def lasting_threads() -> set[threading.Thread]:
    """All but those of asyncio's pool, which is filled up to its size and kept, and those of the test's own clients:
    one whose socket was closed under it may never hear of that.
    """
    others = ("asyncio_", "(recv_events)", "(keepalive)")
    return {t for t in threading.enumerate() if not any(name in t.name for name in others)}


def test_a_flood_is_slowed_down_and_then_ended() -> None:
    limits = Limits(messages_per_s=50, max_hurry_s=0.5)
    with live_server(limits=limits) as server, server.painter(plain("red")) as (painter, _):
        with pytest.raises(ConnectionClosed):  # noqa: PT012
            for number in range(100_000):
                painter.say(SetLive(live=True))
                if number % 50 == 0:
                    time.sleep(0.001)
        assert closing_code(painter) == 1008


def test_a_full_house_says_so() -> None:
    limits = Limits(max_painters=2)
    with live_server(limits=limits) as server, server.painter(), server.painter(), server.dial() as socket:
        painter = Painter(socket)
        assert "is full" in painter.hear_a(Refused).reason
        assert closing_code(painter) == 1013


def test_one_address_has_a_few_places_only() -> None:
    with live_server(limits=Limits(max_painters_per_address=1)) as server:
        with server.painter(), server.dial() as socket:
            assert "close one of them" in Painter(socket).hear_a(Refused).reason
        until(lambda: server.studio.admission.num_painters == 0)
        with server.painter() as (_, welcome):
            assert welcome.version == VERSION


def test_the_loop_answers_while_the_model_works(server: LiveServer) -> None:
    release = threading.Event()
    server.model.fault = lambda: (release.wait(60), None)[1]
    try:
        with server.painter(plain("red")) as (painter, _):
            for seq in range(1, 21):
                painter.say(Edit(seq=seq, command=SetSeed(seed=seq)))
            assert [painter.hear_a(Applied).seq for _ in range(20)] == list(range(1, 21))
            assert server.request("GET", "/healthz")[0] == 200
            assert not release.is_set(), "all of that while the model was at work"
            release.set()
            server.model.fault = lambda: None
            assert painter.settled(20).revision == 20
    finally:
        release.set()
        server.model.fault = lambda: None


def test_applied_and_frames_can_be_decoded_by_a_client_in_python(server: LiveServer) -> None:
    with server.painter(plain("red")) as (painter, _):
        painter.socket.send(encode(repaint("blue", seq=1)))
        assert painter.hear_a(Applied).revision == 1
