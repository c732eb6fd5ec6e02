"""A painter's place at the engine: a mailbox of one slot in which the newest scene wins, and a listener for news."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from semdraw.errors import EngineError
from semdraw.frames import EngineStatus, Frame
from semdraw.rasters import Picture
from semdraw.scene import Scene

if TYPE_CHECKING:
    from semdraw.painting import Painting, Settled

log = logging.getLogger(__name__)

Listener = Callable[[Frame | EngineStatus], None]


class Seat:
    """One painter's place at the engine. Its methods never block; the listener is called in the engine's thread.

    What several threads use is guarded by `changed`, the engine's: newest, has_mail, is_live, failures, and the
    status told last. painting and settled are the engine's thread's own: others may only ask whether there is a
    painting. `status` says how the engine fares, `leave` gives the seat back.
    """

    def __init__(
        self,
        listener: Listener,
        *,
        changed: threading.Condition,
        status: Callable[[], EngineStatus],
        leave: Callable[[Seat], None],
        is_still: bool = False,
    ) -> None:
        self._listener = listener
        self._changed, self._status, self._leave = changed, status, leave
        self.is_still = is_still  # wants one settled picture, whoever had it made
        self.newest: tuple[Scene, int] | None = None
        self.has_mail = False
        self.is_live = True
        self.failures = 0
        self.painting: Painting | None = None
        self.settled: Settled | None = None
        self._told: EngineStatus | None = None

    def put(self, scene: Scene, revision: int) -> None:
        """The newest scene wins; one that was waiting is forgotten."""
        with self._changed:
            self.newest, self.has_mail, self.failures = (scene, revision), True, 0
            self._changed.notify_all()

    def set_live(self, live: bool) -> None:
        """A paused seat keeps its newest scene and costs nothing; live again, a picture that failed is tried anew."""
        with self._changed:
            self.is_live = live
            self.tell(self._status() if live else EngineStatus(state="paused", reason="live is off"))
            if live:
                self.try_again()
            self._changed.notify_all()

    def try_again(self) -> None:
        """After the news that all is well: a picture that was given up would be waited for in vain."""
        with self._changed:
            if self.failures and self.painting is None:
                self.has_mail, self.failures = True, 0

    def close(self) -> None:
        self._leave(self)

    @property
    def has_work(self) -> bool:
        return self.is_live and (self.has_mail or self.painting is not None)

    def take(self) -> tuple[Scene, int] | None:
        """The newest scene, unless the picture in hand has yet to show its first preview."""
        with self._changed:
            if not self.has_mail or (self.painting is not None and not self.painting.has_shown):
                return None
            self.has_mail = False
            return self.newest

    def tell(self, news: Frame | EngineStatus) -> None:
        """Call the listener; a status that was told before is not told again."""
        if isinstance(news, EngineStatus):
            with self._changed:
                if news == self._told:
                    return
                self._told = news
        try:
            self._listener(news)
        except Exception:
            log.exception("a listener failed")


def settled_picture(news: queue.Queue[Frame | EngineStatus], deadline: float) -> Picture:
    """Wait for the settled picture among the news of a seat; `deadline` by the clock of `time.monotonic`."""
    while True:
        try:
            item = news.get(timeout=max(0.0, deadline - time.monotonic()))
        except queue.Empty:
            raise EngineError("the picture took too long; try fewer steps or a smaller canvas") from None
        if isinstance(item, Frame) and item.is_settled:
            return Picture.from_array(item.pixels)
        if isinstance(item, EngineStatus) and item.state == "failed":
            raise EngineError(item.reason)
