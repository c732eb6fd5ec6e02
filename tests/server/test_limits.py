"""Claims about pace, patience and admission, with a clock that the test turns."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from semdraw.frames import EngineStatus, Frame
from semdraw.reports import Timings
from semdraw.server.limits import Admission, Bucket, Flood, Limits, Patience
from semdraw.server.outbox import Outbox, StalledError


class Clock:
    """Seconds that pass when told to."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


def test_a_burst_is_free_and_what_follows_waits() -> None:
    clock = Clock()
    bucket = Bucket(10, burst=5, clock=clock)
    assert [bucket.pace(1) for _ in range(5)] == [0] * 5
    assert bucket.pace(1) == pytest.approx(0.1)
    assert bucket.pace(1) == pytest.approx(0.2)
    clock.now += 10
    assert bucket.pace(5) == 0, "it never holds more than one burst"
    assert bucket.pace(1) > 0


def test_only_lasting_hurry_is_a_flood() -> None:
    clock = Clock()
    flood = Flood(Limits(messages_per_s=10, max_hurry_s=5), clock=clock)
    for _ in range(200):
        clock.now += 0.05  # twice as fast as allowed
        flood.pace(1)
    assert flood.is_over
    clock.now += 60
    flood.pace(1)
    assert not flood.is_over


def test_large_messages_are_paced_by_their_bytes() -> None:
    clock = Clock()
    flood = Flood(Limits(bytes_per_s=1_000), clock=clock)
    assert flood.pace(4_000) == 0
    assert flood.pace(1_000) == pytest.approx(1.0)


def test_patience_ends_with_the_tenth_refusal_in_ten_seconds() -> None:
    clock = Clock()
    patience = Patience(Limits(), clock=clock)
    assert [patience.ends() for _ in range(10)] == [False] * 9 + [True]
    clock.now += 11
    assert not patience.ends()


def test_a_refusal_every_two_seconds_is_borne_for_ever() -> None:
    clock = Clock()
    patience = Patience(Limits(), clock=clock)
    for _ in range(100):
        clock.now += 2
        assert not patience.ends()


def test_a_place_is_free_again_when_its_painter_left() -> None:
    admission = Admission(Limits(max_painters=1))
    with admission.admit("a") as refusal:
        assert refusal == ""
        with admission.admit("b") as second:
            assert "full" in second
        assert admission.num_painters == 1
    assert admission.num_painters == 0


@pytest.mark.parametrize(
    ("address", "behind_proxy", "comes_in"),
    [("127.0.0.1", True, True), ("::1", True, True), ("192.0.2.1", True, False), ("127.0.0.1", False, False)],
)
def test_a_proxy_s_address_is_not_one_painter_s(address: str, behind_proxy: bool, comes_in: bool) -> None:
    admission = Admission(Limits(max_painters_per_address=1, is_behind_proxy=behind_proxy))
    with admission.admit(address), admission.admit(address) as second:
        assert (second == "") is comes_in
        assert comes_in or "from your address" in second


def frame(revision: int) -> Frame:
    return Frame(
        pixels=np.zeros((1, 1, 3), np.uint8),
        revision=revision,
        step=1,
        num_steps=1,
        is_settled=True,
        timings=Timings(),
    )


def run(story: Coroutine[None, None, None]) -> None:
    """In a thread of its own: after a browser test this one has a loop that runs already."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, story).result()


def test_the_newest_frame_wins_and_the_next_waits_for_shown() -> None:
    async def story() -> None:
        outbox = Outbox(stall_s=10)
        for revision in range(3):
            outbox.offer(frame(revision))
        first = await outbox.take()
        assert isinstance(first, Frame)
        assert first.revision == 2
        outbox.offer(frame(3))
        waiting = asyncio.create_task(outbox.take())
        await asyncio.sleep(0)
        assert not waiting.done()
        outbox.offer(frame(4))
        outbox.shown(1)
        second = await waiting
        assert isinstance(second, Frame)
        assert second.revision == 4

    run(story())


def test_a_status_never_waits_for_a_frame_to_be_shown() -> None:
    async def story() -> None:
        outbox = Outbox(stall_s=10)
        outbox.offer(frame(1))
        await outbox.take()
        outbox.offer(frame(2))
        outbox.offer(EngineStatus(state="failed", reason="out of memory"))
        assert await outbox.take() == EngineStatus(state="failed", reason="out of memory")

    run(story())


def test_a_frame_that_nobody_takes_ends_in_a_stall() -> None:
    async def story() -> None:
        outbox = Outbox(stall_s=0.05)
        outbox.offer(frame(1))
        await outbox.take()
        outbox.offer(frame(2))
        with pytest.raises(StalledError):
            await outbox.take()

    run(story())
