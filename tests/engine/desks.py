"""Painters at an engine, who wait for news; and faults for a toy model."""

from __future__ import annotations

import queue
from collections.abc import Callable

from semdraw.engine import Engine
from semdraw.frames import EngineStatus, Frame
from semdraw.seats import Seat
from tests.toy import ToyModel

News = queue.Queue[Frame | EngineStatus]


class Desk:
    """A painter with a seat, who waits for news."""

    def __init__(self, engine: Engine) -> None:
        self.news: News = queue.Queue()
        self.frames: list[Frame] = []
        self.statuses: list[EngineStatus] = []
        self.seat: Seat = engine.open_seat(self.news.put)

    def until(self, is_it: Callable[[Frame | EngineStatus], bool]) -> Frame | EngineStatus:
        while True:
            item = self.news.get(timeout=20)
            (self.frames if isinstance(item, Frame) else self.statuses).append(item)  # type: ignore[arg-type]
            if is_it(item):
                return item

    def settled(self, revision: int) -> Frame:
        found = self.until(lambda x: isinstance(x, Frame) and x.is_settled and x.revision == revision)
        assert isinstance(found, Frame)
        return found

    def told(self, state: str) -> EngineStatus:
        found = self.until(lambda x: isinstance(x, EngineStatus) and x.state == state)
        assert isinstance(found, EngineStatus)
        return found


def planted(model: ToyModel, error: BaseException, *, times: int) -> None:
    left = iter(range(times))

    def fail() -> None:
        if next(left, None) is not None:
            raise error

    model.fault = fail
