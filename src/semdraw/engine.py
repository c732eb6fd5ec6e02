"""The motor: one thread owns the device, takes the newest scene of each painter in turn, and hands frames out.

Every painter has a `Seat` with a mailbox of one slot. The engine gives each seat one network call at a time; stills
and flows, for which nobody holds a pen, get one turn in four while live pictures are in the making. A newer scene
drops the picture in flight, but not before its first preview went out, so that a moving pen is always followed;
what the edit did not touch stays as it was settled. A scene at rest costs nothing. A picture that fails is tried once
more; then the painter is told why, and the last good picture stays. Torch is first loaded by the engine's thread, with
the model, so that a server can show its page in the meantime.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace as with_fields

from semdraw.errors import EngineError, SemdrawError, reason_of
from semdraw.frames import EngineStatus, Frame, is_preview
from semdraw.loading import Question, Switch, attempt
from semdraw.rasters import Picture
from semdraw.reports import Timings
from semdraw.samplers import fitted
from semdraw.scene import Scene
from semdraw.seats import Listener, News, OnStep, Seat, Turns, settled_picture

if TYPE_CHECKING:
    from semdraw.models.base import DiffusionModel
    from semdraw.painting import Painting, Settled

log = logging.getLogger(__name__)

_RETRIES = 1
_LOAD_RETRIES = 3
_RELOAD_PAUSE_S = 1.0


@dataclass(slots=True)
class Work:
    """What the engine has done since it started; written by its thread alone."""

    rows: int = 0
    decodes: int = 0
    pictures: int = 0  # settled ones


class Engine:
    """Loads the model in its own thread and serves every seat in turn."""

    def __init__(self, load: Callable[[], DiffusionModel]) -> None:
        self._load = load
        self.changed = threading.Condition()
        self._seats: list[Seat] = []
        self._wish: Switch | None = None
        self._questions: list[Question] = []
        self._turns = Turns()
        self._is_stopping = False
        self._is_over = False
        self._thread: threading.Thread | None = None
        self.status = EngineStatus(state="loading", reason="the model is being loaded")
        self.model: DiffusionModel | None = None
        self.work = Work()

    def start(self) -> None:
        self._thread = threading.Thread(target=self._work_on, name="semdraw-engine", daemon=True)
        self._thread.start()

    def stop(self, timeout_s: float = 5.0) -> None:
        """End the thread after the network call in hand; whoever still waits for a picture is told."""
        with self.changed:
            self._is_stopping = True
            self.changed.notify_all()
        if self._thread is not None:
            self._thread.join(timeout_s)
        self._announce(EngineStatus(state="failed", reason="semdraw is ending"))

    def switch(self, wish: Switch) -> Future[None]:
        """Load another model after the network call in hand, and let the one before go; the newest wish wins."""
        with self.changed:
            if not self.is_alive or self._is_over:
                raise EngineError(
                    "semdraw is ending or has failed, so no model can be loaded; start it again"
                )
            self._wish_for(wish, "another model was asked for meanwhile")
        return wish.done

    def _wish_for(self, wish: Switch | None, reason: str) -> None:
        """Put a wish in the place of the one that waits, which is told why it is not met."""
        with self.changed:
            before, self._wish = self._wish, wish
            self.changed.notify_all()
        if before is not None and before.done.set_running_or_notify_cancel():
            before.done.set_exception(EngineError(reason))

    def ask(self, what: Callable[[DiffusionModel], Any], *, timeout_s: float = 30.0) -> Any:
        """What `what` makes of the model, in the engine's thread, between two network calls. Blocks."""
        question = Question(ask=what)
        with self.changed:
            if self.model is None or self._is_over:
                raise EngineError("no model is there yet, or no longer; ask again in a moment")
            self._questions.append(question)
            self.changed.notify_all()
        try:
            return question.answer.result(timeout_s)
        except TimeoutError:
            question.answer.cancel()
            raise EngineError("the model is busy with pictures; ask again in a moment") from None

    @property
    def is_alive(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    def open_seat(
        self,
        listener: Listener,
        *,
        is_still: bool = False,
        on_step: OnStep | None = None,
    ) -> Seat:
        """A painter's place. on_step is called in the engine's thread after every network call for it."""
        seat = Seat(
            listener,
            changed=self.changed,
            status=lambda: self.status,
            leave=self.close_seat,
            is_still=is_still,
            on_step=on_step,
        )
        with self.changed:
            self._seats.append(seat)
            seat.tell(self.status)
        return seat

    def close_seat(self, seat: Seat) -> None:
        with self.changed:
            seat.is_live = False
            if seat in self._seats:
                self._seats.remove(seat)

    def render(
        self, scene: Scene, *, timeout_s: float = 600.0, on_settled: Callable[[], None] = lambda: None
    ) -> Picture:
        """The settled picture of a scene, made in turn with everybody else's. Blocks; not for listeners.

        Where a painter's settled picture looks the same, that is taken. on_settled is called in the engine's thread,
        while the model that made the picture is still the one that paints.
        """
        news: queue.Queue[News] = queue.Queue()

        def listen(item: News) -> None:
            if isinstance(item, Frame) and item.is_settled:
                on_settled()
            news.put(item)

        seat = self.open_seat(listen, is_still=True)
        try:
            seat.put(scene, 0)
            return settled_picture(news, time.monotonic() + timeout_s)
        finally:
            seat.close()

    # ---- the engine's thread ----
    def _work_on(self) -> None:
        try:
            self._run()
        finally:
            with self.changed:
                self._is_over = True
                self._wish_for(None, "semdraw is ending or has failed; start it again")
                for question in self._questions:
                    question.refuse("semdraw is ending or has failed; start it again")
                self._questions.clear()

    def _run(self) -> None:
        failures, settled = 0, 0  # deaths since the last settled picture, and how many there were by then
        while not self._is_stopping and failures < _LOAD_RETRIES:
            try:
                self.model = self._load()
                self._announce(EngineStatus(state="live"))
                self._serve()
                return
            except SemdrawError as error:
                log.error("the model cannot be used: %s", error)
                self._announce(EngineStatus(state="failed", reason=str(error)))
                return
            except BaseException as error:  # whatever ended the model, painters keep their seats
                failures = 1 if self.work.pictures > settled else failures + 1
                settled = self.work.pictures
                log.exception("the engine died and is started again")
                self._revive(f"the model stopped ({reason_of(error)}) and is being loaded again")
        if not self._is_stopping:
            self._announce(
                EngineStatus(state="failed", reason="the model could not be started; see the server's log")
            )

    def _revive(self, reason: str) -> None:
        self._let_go()
        self._announce(EngineStatus(state="recovering", reason=reason))
        with self.changed:
            self.changed.wait_for(lambda: self._is_stopping, timeout=_RELOAD_PAUSE_S)

    def _let_go(self) -> None:
        """Forget the model and all that was made with it; every seat's newest scene is painted anew by the next."""
        from semdraw.painting import free_memory

        self.model = None
        with self.changed:
            for seat in self._seats:
                seat.painting, seat.settled, seat.has_mail = None, None, seat.newest is not None
                seat.failures = 0
        free_memory()

    def _announce(self, status: EngineStatus) -> None:
        with self.changed:
            self.status = status
            for seat in self._seats:
                if seat.is_live:
                    seat.tell(status)
                    if status.state == "live":
                        seat.try_again()

    def _serve(self) -> None:
        while (turn := self._next_turn()) is not None:
            if isinstance(turn, Switch):
                self._meet(turn)
            elif isinstance(turn, Question):
                assert self.model is not None, "questions are answered while there is a model"
                turn.meet(self.model)
            else:
                self._serve_one(turn)
            del turn  # while waiting, nothing of a picture or of a model is held here

    def _serve_one(self, seat: Seat) -> None:
        from semdraw.painting import free_memory

        assert self.model is not None, "seats are served while there is a model"
        try:
            self._work(seat, self.model)
        except SemdrawError as error:
            self._give_up(seat, str(error), may_retry=isinstance(error, EngineError))
        except Exception as error:
            log.exception("a picture failed")
            free_memory()
            self._give_up(seat, reason_of(error), may_retry=True)

    def _meet(self, wish: Switch) -> None:
        """Another model in the place of this one; if it cannot be loaded, this one goes on."""
        if not wish.done.set_running_or_notify_cancel():
            return
        self._announce(EngineStatus(state="loading", reason=f"loading {wish.name} …"))
        try:
            reason = self._load_another(wish)
        except BaseException as error:
            wish.done.set_exception(EngineError(reason_of(error)))
            raise
        if reason is None:
            wish.on_ready()
            wish.done.set_result(None)
        else:
            log.error("%s cannot be loaded: %s", wish.name, reason)
            wish.done.set_exception(reason)
        self._announce(EngineStatus(state="live"))

    def _load_another(self, wish: Switch) -> SemdrawError | None:
        """Beside the model that runs; where there is no memory for both, in its place. Why not, if it failed."""
        model, reason, is_full = attempt(wish.load)
        if is_full:
            self._let_go()
            model, reason, _ = attempt(wish.load)
        if model is not None:
            self._let_go()
            self.model, self._load = model, wish.load
        elif self.model is None:
            self.model = self._load()
        return reason

    def _next_turn(self) -> Seat | Switch | Question | None:
        """Wait until somebody has work; whoever is served goes to the end of the line, and wishes come first,
        then questions.
        """
        with self.changed:
            while not self._is_stopping:
                if self._wish is not None:
                    wish, self._wish = self._wish, None
                    return wish
                if self._questions:
                    return self._questions.pop(0)
                seat, wait_s = self._turns.choose(self._seats, time.monotonic())
                if seat is not None:
                    self._seats.remove(seat)
                    self._seats.append(seat)
                    return seat
                self.changed.wait(wait_s)
        return None

    def _work(self, seat: Seat, model: DiffusionModel) -> None:
        """One network call for one painter."""
        from semdraw.painting import Settled, show, step

        mail = seat.take()
        if mail is not None:
            seat.painting = self._begin(seat, *mail, model)
        painting = seat.painting
        if painting is None:
            return
        self.work.rows += step(painting, model)
        if seat.on_step is not None:
            seat.on_step(painting.taken, painting.num_steps)
        is_shown = seat.shows_previews and is_preview(painting.taken, painting.num_steps)
        if not painting.is_done and not is_shown:
            return
        self.work.decodes += 1
        frame = show(painting, model, seat.settled)
        if painting.is_done:
            self.work.pictures += 1
            seat.settled, seat.painting, seat.failures = (
                Settled(regions=painting.regions, frame=frame),
                None,
                0,
            )
        seat.tell(frame)
        if frame.is_settled:
            seat.tell(EngineStatus(state="live"))

    def _begin(self, seat: Seat, scene: Scene, revision: int, model: DiffusionModel) -> Painting | None:
        """A new picture; where it would look as a settled one does, that goes out again under the new revision."""
        from semdraw.painting import begin

        scene = with_fields(scene, recipe=fitted(scene.recipe, model.spec.recipe))
        if (settled := self._settled_as(scene, seat)) is not None:
            seat.settled = settled
            seat.tell(replace(settled.frame, revision=revision, timings=Timings()))
            seat.tell(EngineStatus(state="live"))
            return None
        newest = seat.painting or seat.settled
        return begin(scene, revision, model, newest.regions if newest else None)

    def _settled_as(self, scene: Scene, seat: Seat) -> Settled | None:
        """A settled picture that looks as this scene does: the seat's own, or for a still anybody's."""
        with self.changed:
            seats = (seat, *self._seats) if seat.is_still else (seat,)
        found = (each.settled for each in seats if each.settled is not None)
        return next((settled for settled in found if settled.shows(scene)), None)

    def _give_up(self, seat: Seat, reason: str, *, may_retry: bool) -> None:
        """Drop the picture; try its scene once more, or tell the painter why it failed."""
        with self.changed:
            seat.painting = None
            is_last = not may_retry or seat.failures >= _RETRIES
            seat.failures += 1
            if not is_last:
                seat.has_mail = True
        seat.tell(EngineStatus(state="failed" if is_last else "recovering", reason=reason))
