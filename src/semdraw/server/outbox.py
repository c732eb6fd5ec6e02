"""What waits to be sent to one painter: one frame, one status and one model at most, the newest of each.

A frame is handed out only when the page has shown the one before, so nothing ever queues for a slow reader.
"""

from __future__ import annotations

import asyncio
import time

from semdraw.frames import EngineStatus, Frame
from semdraw.models.registry import ModelCard

News = Frame | EngineStatus | ModelCard


class StalledError(Exception):
    """The page took no frame for too long."""


class Outbox:
    """Lives in the loop's thread; the engine reaches it through `loop.call_soon_threadsafe`."""

    def __init__(self, *, stall_s: float) -> None:
        self._stall_s = stall_s
        self._frame: Frame | None = None
        self._status: EngineStatus | None = None
        self._model: ModelCard | None = None
        self._waiting_since = 0.0
        self._sent = 0
        self._shown = 0
        self._changed = asyncio.Event()

    @property
    def num_sent(self) -> int:
        """Frames handed out so far; the newest of them has this number."""
        return self._sent

    def offer(self, news: News) -> None:
        """Put in the newest; what waited and was not sent is gone."""
        if isinstance(news, EngineStatus):
            self._status = news
        elif isinstance(news, ModelCard):
            self._model, self._frame = news, None
        else:
            if self._frame is None:
                self._waiting_since = time.monotonic()
            self._frame = news
        self._changed.set()

    def shown(self, number: int) -> None:
        """The page has shown frame `number`."""
        self._shown = max(self._shown, number)
        self._changed.set()

    async def take(self) -> News:
        """The next thing to send, or StalledError when a frame has waited too long for the page."""
        while True:
            self._changed.clear()
            if self._model is not None:
                model, self._model = self._model, None
                return model
            if self._status is not None:
                status, self._status = self._status, None
                return status
            if self._frame is not None and self._shown == self._sent:
                frame, self._frame = self._frame, None
                self._sent += 1
                return frame
            await self._wait()

    async def _wait(self) -> None:
        if self._frame is None:
            await self._changed.wait()
            return
        patience_s = self._waiting_since + self._stall_s - time.monotonic()
        try:
            await asyncio.wait_for(self._changed.wait(), max(0.0, patience_s))
        except TimeoutError:
            raise StalledError(f"no picture was taken for {self._stall_s:.0f} s") from None
