"""Threads for work that a server does beside its loop: live painting has its own, and long work is let in by gates."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, Final, TypeVar

from fastapi import HTTPException

T = TypeVar("T")

BUSY: Final = "this server is busy with other pictures; try again in a moment"
_HANDS: Final = ThreadPoolExecutor(max_workers=4, thread_name_prefix="semdraw-live")


async def at_once(work: Callable[..., T], *args: Any) -> T:
    """The outcome of short work for somebody who paints, in a thread that no long work holds."""
    return await asyncio.get_running_loop().run_in_executor(_HANDS, partial(work, *args))


class Gate:
    """So many works at a time, in threads of their own, and some that wait for a while; more are refused (503)."""

    def __init__(self, most: int, *, most_waiting: int = 0, wait_s: float = 30.0) -> None:
        self._hands = ThreadPoolExecutor(max_workers=most, thread_name_prefix="semdraw-gate")
        self._room = asyncio.Semaphore(most)
        self._most_waiting, self._wait_s = most_waiting, wait_s
        self._num_waiting = 0

    async def do(self, work: Callable[..., T], *args: Any) -> T:
        """The outcome of long work, or a 503 in words."""
        await self._enter()
        try:
            return await asyncio.get_running_loop().run_in_executor(self._hands, partial(work, *args))
        finally:
            self._room.release()

    async def _enter(self) -> None:
        if self._room.locked() and self._num_waiting >= self._most_waiting:
            raise HTTPException(503, BUSY)
        self._num_waiting += 1
        try:
            async with asyncio.timeout(self._wait_s):
                await self._room.acquire()
        except TimeoutError:
            raise HTTPException(503, BUSY) from None
        finally:
            self._num_waiting -= 1
