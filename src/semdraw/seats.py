"""A painter's place at the engine: a mailbox of one slot in which the newest scene wins, and a listener for news.

While a flow is on, a seat at rest goes on by itself, frame by frame, until its painter is silent for too long.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from msgspec.structs import replace

from semdraw.errors import EngineError
from semdraw.frames import EngineStatus, Flow, Frame
from semdraw.rasters import Picture
from semdraw.scene import MAX_FRAME, Scene

if TYPE_CHECKING:
    from semdraw.painting import Painting, Settled

log = logging.getLogger(__name__)

News = Frame | EngineStatus
Listener = Callable[[News], None]
OnStep = Callable[[int, int], None]  # steps done, steps in all


_RESTING = EngineStatus(state="paused", reason="the flow rests, since nobody has touched it for a while")


class Seat:
    """One painter's place at the engine. Its methods never block; the listener is called in the engine's thread.

    What several threads use is guarded by `changed`, the engine's: newest, has_mail, is_live, failures, and the
    status told last, the flow and how far it came. painting and settled are the engine's thread's own: others may only
    ask whether there is a painting. `status` says how the engine fares, `leave` gives the seat back.
    """

    def __init__(
        self,
        listener: Listener,
        *,
        changed: threading.Condition,
        status: Callable[[], EngineStatus],
        leave: Callable[[Seat], None],
        is_still: bool = False,
        on_step: OnStep | None = None,
    ) -> None:
        self._listener, self.on_step = listener, on_step
        self._changed, self._status, self._leave = changed, status, leave
        self.is_still = is_still  # wants one settled picture, whoever had it made
        self.newest: tuple[Scene, int] | None = None
        self.has_mail = False
        self.is_live = True
        self.failures = 0
        self.painting: Painting | None = None
        self.settled: Settled | None = None
        self._told: EngineStatus | None = None
        self._flow: Flow | None = None
        self._drifted = 0.0  # frames beyond that of the scene
        self._is_drifting = False  # the picture in hand is of the flow's own making
        self._next_at = 0.0  # when the flow's next picture is due, and when it rests, by time.monotonic
        self._rest_at = 0.0

    def put(self, scene: Scene, revision: int) -> None:
        """The newest scene wins; one that was waiting is forgotten. Another frame number is where a flow goes on."""
        with self._changed:
            if self.newest is not None and self.newest[0].frame != scene.frame:
                self._drifted = 0.0
            self.newest, self.has_mail, self.failures = (scene, revision), True, 0
            self._heard()

    def set_flow(self, flow: Flow | None) -> None:
        """Endless variation from where the picture stands, or its end; the next scene is then painted as it is."""
        with self._changed:
            self._flow = flow
            if flow is None:
                self._drifted = 0.0
            self._heard()

    def _heard(self) -> None:
        """The painter is there."""
        if self._flow is not None:
            self._rest_at = time.monotonic() + self._flow.rest_s
        self._changed.notify_all()

    def set_live(self, live: bool) -> None:
        """A paused seat keeps its newest scene and costs nothing; live again, a picture that failed is tried anew."""
        with self._changed:
            self.is_live = live
            self.tell(self._status() if live else EngineStatus(state="paused", reason="live is off"))
            if live:
                self.try_again()
            self._heard()

    def try_again(self) -> None:
        """After the news that all is well: a picture that was given up would be waited for in vain."""
        with self._changed:
            if self.failures and self.painting is None:
                self.has_mail, self.failures = True, 0

    def close(self) -> None:
        self._leave(self)

    @property
    def is_urgent(self) -> bool:
        """Somebody waits for a live picture."""
        return self.is_live and not self.is_still and (self.has_mail or self._is_painting_live)

    @property
    def _is_painting_live(self) -> bool:
        return self.painting is not None and not self._is_drifting

    def due_s(self, now: float) -> float | None:
        """Seconds until there is work that may wait for a turn: a still picture, or the flow's next one."""
        if not self.is_live or self.is_urgent:
            return None
        if self.painting is not None or self.has_mail:
            return 0.0
        is_resting = self._flow is None or self.failures > 0 or now >= self._rest_at
        return None if is_resting or self.newest is None else max(0.0, self._next_at - now)

    @property
    def shows_previews(self) -> bool:
        return not self.is_still and not self._is_drifting

    def take(self) -> tuple[Scene, int] | None:
        """What to paint next: the newest scene, unless the picture in hand has yet to show its first preview; or the
        next frame of the flow.
        """
        with self._changed:
            if self._is_drifting and self._flow is None:
                self.painting, self._is_drifting = None, False
            if self.newest is None or (self._is_painting_live and not self._has_shown):
                return None
            if self.has_mail:
                self.has_mail, self._is_drifting = False, False
            elif self._flow is not None and self.painting is None:
                self._drift(self._flow)
            else:
                return None
            scene, revision = self.newest
            return replace(scene, frame=(scene.frame + self._drifted) % MAX_FRAME), revision

    @property
    def _has_shown(self) -> bool:
        return self.painting is not None and self.painting.has_shown

    def _drift(self, flow: Flow) -> None:
        self._is_drifting = True
        self._drifted = (self._drifted + flow.speed) % MAX_FRAME
        self._next_at = time.monotonic() + 1 / flow.per_s

    def rest(self, now: float) -> None:
        """Say so where the flow has come to its rest."""
        if self._flow is not None and self.is_live and now >= self._rest_at and self._told != _RESTING:
            self.tell(_RESTING)

    def tell(self, news: News) -> None:
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


class Turns:
    """Who is served next: whoever holds a pen, and one time in four whoever waits for a still or lets a flow run."""

    _LIVE = 3  # turns in a row, while other work waits

    def __init__(self) -> None:
        self._hurried = 0

    def choose(self, seats: list[Seat], now: float) -> tuple[Seat | None, float | None]:
        """Whose turn it is, or how long nobody has any work; None: until something changes."""
        for seat in seats:
            seat.rest(now)
        urgent = next((seat for seat in seats if seat.is_urgent), None)
        due = [(seat, wait_s) for seat in seats if (wait_s := seat.due_s(now)) is not None]
        waiting = next((seat for seat, wait_s in due if wait_s <= 0), None)
        if waiting is not None and (urgent is None or self._hurried >= self._LIVE):
            self._hurried = 0
            return waiting, None
        self._hurried += waiting is not None
        return urgent, min((wait_s for _, wait_s in due), default=None)


def settled_picture(news: queue.Queue[News], deadline: float) -> Picture:
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
