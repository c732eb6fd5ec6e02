"""Claims about long work beside the loop: it is bounded, refused in words, and painters do not wait for it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from fastapi import HTTPException

from semdraw.server.gate import BUSY, Gate, at_once


def told(story: Coroutine[Any, Any, None]) -> None:
    """A loop of its own, in a thread of its own: the browser tests keep one in theirs."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, story).result()


def test_work_beyond_the_gate_waits_or_is_refused_and_painters_do_not_care() -> None:
    go, begun = threading.Event(), threading.Event()

    def long() -> str:
        begun.set()
        go.wait(20)
        return "done"

    async def crowd() -> None:
        gate = Gate(1, most_waiting=1)
        first = asyncio.create_task(gate.do(long))
        second = asyncio.create_task(gate.do(long))
        await at_once(begun.wait, 20)
        with pytest.raises(HTTPException) as refused:
            await gate.do(long)
        assert (refused.value.status_code, refused.value.detail) == (503, BUSY)
        assert await at_once(sum, (1, 2)) == 3
        go.set()
        assert [await first, await second, await gate.do(long)] == ["done"] * 3

    told(crowd())


def test_who_waited_in_vain_is_told_so_and_makes_room() -> None:
    go = threading.Event()

    async def crowd() -> None:
        gate = Gate(1, most_waiting=1, wait_s=0.0)
        first = asyncio.create_task(gate.do(go.wait, 20))
        await asyncio.sleep(0)
        for _ in range(3):
            with pytest.raises(HTTPException, match=BUSY):
                await gate.do(go.wait, 20)
        go.set()
        assert await first
        assert await gate.do(lambda: 7) == 7

    told(crowd())


def test_what_goes_wrong_inside_comes_out_and_leaves_room() -> None:
    async def twice() -> None:
        gate = Gate(1)
        for _ in range(2):
            with pytest.raises(ZeroDivisionError):
                await gate.do(lambda: 1 // 0)

    told(twice())
