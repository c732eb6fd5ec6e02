"""Claims about what a painter sees when the model fails: the last good picture, a reason in words, and a way back."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Generator
from http.client import HTTPException
from typing import Any

import msgspec
import pytest
import torch

from semdraw.commands import ReplaceScene
from semdraw.protocol import Applied, Edit, FrameMessage, to_wire
from tests.server.living import LiveServer, Painter, colour_of, live_server, plain, until


@pytest.fixture
def server() -> Generator[LiveServer]:
    with live_server() as server:
        yield server


class Die(BaseException):
    """Ends the engine's thread as nothing ordinary would."""


def raising(error: BaseException, times: int = 10**9) -> Callable[[], None]:
    """A fault that raises `error` the next `times` times."""
    left = times

    def fault() -> None:
        nonlocal left
        if left > 0:
            left -= 1
            raise error

    return fault


def fail_and_listen(server: LiveServer, painter: Painter, seq: int, state: str) -> str:
    """Ask for blue while the model is broken; the reason that is told. No frame may come."""
    painter.say(Edit(seq=seq, command=ReplaceScene(scene=plain("blue"))))
    assert painter.hear_a(Applied).seq == seq
    seen: list[Any] = []
    while True:
        message = painter.hear()
        seen.append(message)
        assert not isinstance(message, FrameMessage), "the last good picture stays"
        if getattr(message, "state", "") == state:
            return message.reason  # pyright: ignore[reportAttributeAccessIssue]


FAILURES: dict[str, tuple[BaseException, str]] = {
    "out of memory": (torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB"), "out of memory"),
    "out of memory, told by a library": (RuntimeError("CUDNN: out of memory in conv"), "out of memory"),
    "a broken kernel": (
        RuntimeError("device-side assert triggered\nmore lines"),
        "device-side assert triggered",
    ),
}


@pytest.mark.parametrize(("error", "words"), FAILURES.values(), ids=FAILURES.keys())
def test_a_failing_device_is_told_in_words_and_the_next_edit_paints_again(
    server: LiveServer, error: BaseException, words: str
) -> None:
    with server.painter(plain("red")) as (painter, _):
        painter.settled(0)
        server.model.fault = raising(error)
        reason = fail_and_listen(server, painter, 1, "failed")
        assert words in reason
        assert "\n" not in reason
        assert "Traceback" not in reason
        server.model.fault = lambda: None
        painter.say(Edit(seq=2, command=ReplaceScene(scene=plain("green"))))
        assert colour_of(painter.settled(2)) == "green"
        assert painter.status("live")


def test_a_single_failure_is_mended_without_the_painter_doing_anything(server: LiveServer) -> None:
    with server.painter(plain("red")) as (painter, _):
        painter.settled(0)
        server.model.fault = raising(RuntimeError("once"), times=1)
        painter.say(Edit(seq=1, command=ReplaceScene(scene=plain("blue"))))
        assert colour_of(painter.settled(1)) == "blue"


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_numbers_that_are_not_finite_never_become_a_picture(server: LiveServer, value: float) -> None:
    with server.painter(plain("red")) as (painter, _):
        painter.settled(0)
        server.model.spoil = lambda output: torch.full_like(output, value)
        assert "not finite" in fail_and_listen(server, painter, 1, "failed")
        server.model.spoil = lambda output: output
        painter.say(Edit(seq=2, command=ReplaceScene(scene=plain("green"))))
        assert colour_of(painter.settled(2)) == "green"


def test_a_dead_engine_comes_back_and_finishes_what_was_asked(server: LiveServer) -> None:
    with server.painter(plain("red")) as (painter, _):
        painter.settled(0)
        server.model.fault = raising(Die("gone"), times=1)
        assert "loaded again" in fail_and_listen(server, painter, 1, "recovering")
        assert colour_of(painter.settled(1)) == "blue"
        assert painter.status("live")
        until(lambda: server.request("GET", "/healthz")[0] == 200)


def test_one_painter_s_bad_luck_is_not_the_other_s(server: LiveServer) -> None:
    with server.painter(plain("red")) as (one, _), server.painter(plain("white")) as (two, _):
        one.settled(0)
        two.settled(0)
        server.model.fault = raising(RuntimeError("broken"))
        fail_and_listen(server, one, 1, "failed")
        server.model.fault = lambda: None
        two.say(Edit(seq=1, command=ReplaceScene(scene=plain("green"))))
        assert colour_of(two.settled(1)) == "green"


def test_an_end_in_mid_picture_keeps_nobody_waiting() -> None:
    release = threading.Event()
    answers: list[int] = []

    def ask_for_a_picture(server: LiveServer) -> None:
        with contextlib.suppress(OSError, HTTPException):
            scene = msgspec.msgpack.encode(plain("red"), enc_hook=to_wire)
            headers = {"Content-Type": "application/msgpack"}
            answers.append(server.request("POST", "/api/render.png", body=scene, headers=headers)[0])

    with live_server() as server:
        until(lambda: server.studio.engine.status.state == "live")
        server.model.fault = lambda: (release.wait(30), None)[1]
        waiting = threading.Thread(target=ask_for_a_picture, args=(server,))
        waiting.start()
        until(lambda: bool(server.model.calls))
    release.set()
    waiting.join(30)
    assert not waiting.is_alive()
    assert 200 not in answers


def test_a_third_still_at_once_is_asked_to_come_again(server: LiveServer) -> None:
    release = threading.Event()
    server.model.fault = lambda: (release.wait(30), None)[1]
    scene = msgspec.msgpack.encode(plain("red"), enc_hook=to_wire)
    answers: list[int] = []

    def ask() -> None:
        headers = {"Content-Type": "application/msgpack"}
        answers.append(server.request("POST", "/api/render.png", body=scene, headers=headers)[0])

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    until(lambda: answers == [503])
    release.set()
    for thread in threads:
        thread.join(30)
    assert sorted(answers) == [200, 200, 503]


def test_health_tells_the_truth() -> None:
    with live_server() as server:
        until(lambda: server.request("GET", "/healthz")[0] == 200)
        server.model.fault = raising(Die("gone"))
        with server.painter(plain("red")) as (painter, _):
            painter.status("recovering")
            until(lambda: server.request("GET", "/healthz")[0] == 503)
