"""A painter at the real engine: puts scenes, and keeps every frame with the time at which it came."""

from __future__ import annotations

import queue
import time
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import numpy as np

from semdraw.engine import Engine
from semdraw.errors import EngineError
from semdraw.frames import EngineStatus, Frame
from semdraw.models.base import DiffusionModel
from semdraw.scene import Scene

TIMEOUT_S = 600.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Shown:
    """One frame: pixels (H W 3) uint8, and how long after the scene was put it came."""

    elapsed_ms: float
    pixels: np.ndarray
    is_settled: bool


class Easel:
    """An engine with one seat. `show` puts a scene and waits until its picture has settled."""

    def __init__(self, model: DiffusionModel) -> None:
        self._news: queue.Queue[tuple[float, Frame | EngineStatus]] = queue.Queue()
        self._engine = Engine(lambda: model)
        self._revision = 0

    def __enter__(self) -> Self:
        self._engine.start()
        self._seat = self._engine.open_seat(self._listen)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._seat.close()
        self._engine.stop()

    def show(self, scene: Scene) -> list[Shown]:
        """All frames up to the settled one, which comes last."""
        self._revision += 1
        started = time.perf_counter()
        self._seat.put(scene, self._revision)
        frames: list[Shown] = []
        while not frames or not frames[-1].is_settled:
            at, news = self._next()
            if isinstance(news, EngineStatus):
                if news.state in ("failed", "refused"):
                    raise EngineError(news.reason)
            elif news.revision == self._revision:
                frames.append(
                    Shown(
                        elapsed_ms=1000 * (at - started),
                        pixels=np.array(news.pixels),
                        is_settled=news.is_settled,
                    )
                )
        return frames

    def _listen(self, news: Frame | EngineStatus) -> None:
        self._news.put((time.perf_counter(), news))

    def _next(self) -> tuple[float, Frame | EngineStatus]:
        try:
            return self._news.get(timeout=TIMEOUT_S)
        except queue.Empty:
            raise EngineError(f"no picture within {TIMEOUT_S:.0f} s") from None
