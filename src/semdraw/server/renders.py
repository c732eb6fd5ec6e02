"""Pictures in the background: an order is painted in turn with everybody's live pictures, and kept for a while.

No thread waits for them: the engine's news move an order on, from one of its pictures to the next.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec.structs import replace

from semdraw.enlarging import enlarged
from semdraw.errors import SceneError, UsageError, reason_of
from semdraw.frames import EngineStatus, Frame
from semdraw.protocol import unpack
from semdraw.rasters import Picture
from semdraw.scene import MAX_ENLARGE, ImageBackground, Scene, Seed, checked
from semdraw.seats import Seat
from semdraw.server.guard import is_loopback
from semdraw.server.limits import Limits
from semdraw.server.studio import Studio

MAX_PICTURES: Final = 8
MAX_ORDER_PX: Final = 40_000_000  # of all its pictures together
_KEPT_BYTES: Final = 2**30  # of all finished orders of a server; the largest takes a quarter of it
_WAITING_BYTES: Final = 2**30  # of all others
_KEPT_S: Final = 1_800.0

State = Literal["waiting", "painting", "done", "failed", "cancelled"]


class Order(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to paint: a scene, with as many steps, as large and with as many seeds as asked for.

    num_steps: None leaves the recipe as it is. scale: of the sides. seeds: one picture each; none is the scene's own.
    """

    scene: Scene
    num_steps: Annotated[int, msgspec.Meta(ge=1, le=100)] | None = None
    scale: Annotated[float, msgspec.Meta(ge=0.25, le=MAX_ENLARGE)] = 1.0
    seeds: Annotated[tuple[Seed, ...], msgspec.Meta(max_length=MAX_PICTURES)] = ()


def order_from_body(data: bytes) -> Order:
    """An order as it stands on the wire, or a SceneError."""
    try:
        return unpack(data, Order)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise SceneError(f"not an order for pictures: {error}") from None


def scenes_of(order: Order, *, multiple: int) -> tuple[Scene, ...]:
    """The scenes to paint, or a SceneError where they are too many pixels."""
    scene = checked(order.scene)
    if order.num_steps is not None:
        recipe = replace(scene.recipe, num_steps=order.num_steps, step_indices=())
        scene = replace(scene, recipe=recipe)
    scene = checked(enlarged(scene, order.scale, multiple=multiple))
    if order.scale > 1:  # so that it is the same picture, and not one with more things in it
        enlarge = min(MAX_ENLARGE, order.scale * scene.recipe.enlarge)
        scene = replace(scene, recipe=replace(scene.recipe, enlarge=enlarge))
    seeds = order.seeds or (scene.seed,)
    extent = scene.canvas.extent
    if len(seeds) * extent.area > MAX_ORDER_PX:
        raise SceneError(
            f"{len(seeds)} pictures of {extent} px are more than {MAX_ORDER_PX} px; ask for fewer or smaller ones"
        )
    return tuple(replace(scene, seed=seed) for seed in seeds)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Painted:
    """A finished picture, and the scene that makes it again, signed by the model that did."""

    picture: Picture
    scene: Scene


class Render:
    """One order on its way. Moved on by the engine's thread, looked at by the loop's."""

    def __init__(self, studio: Studio, scenes: tuple[Scene, ...], owner: str) -> None:
        self.id = secrets.token_urlsafe(12)
        self.owner = owner
        self.num_pictures, self.extent = len(scenes), scenes[0].canvas.extent
        self.painted: tuple[Painted, ...] = ()
        self.state: State = "waiting"
        self.reason = ""
        self.step, self.num_steps = 0, scenes[0].recipe.step_count
        self.ended_at: float | None = None
        self._studio = studio
        self._scenes = scenes  # until it is over: what is painted has its own
        self._lock = threading.Lock()
        self._seat: Seat | None = None

    @property
    def num_bytes(self) -> int:
        """Of the pictures, and of the masks and pictures in their scenes, which all of them share."""
        scenes = self._scenes[:1] or tuple(each.scene for each in self.painted[:1])
        return 3 * len(self.painted) * self.extent.area + sum(map(_bytes_of, scenes))

    @property
    def is_over(self) -> bool:
        return self.ended_at is not None

    def begin(self) -> None:
        self._seat = self._studio.engine.open_seat(self._listen, is_still=True, on_step=self._stepped)
        if scenes := self._scenes:
            self._seat.put(scenes[0], 0)
        else:  # the engine has ended
            self._seat.close()

    def cancel(self) -> None:
        """At once: of the picture in hand no further step is taken. What is finished stays."""
        self._end("cancelled", "")

    def told(self) -> dict[str, Any]:
        """How far it is, for the page."""
        return {
            "id": self.id,
            "state": self.state,
            "reason": self.reason,
            "extent": list(self.extent),
            "pictures": self.num_pictures,
            "finished": len(self.painted),
            "step": self.step,
            "num_steps": self.num_steps,
        }

    def _stepped(self, step: int, num_steps: int) -> None:
        with self._lock:
            if not self.is_over:
                self.state, self.step, self.num_steps = "painting", step, num_steps

    def _listen(self, news: Frame | EngineStatus) -> None:
        try:
            if isinstance(news, Frame):
                self._take(news)
            elif news.state == "failed":
                self._end("failed", news.reason)
        except Exception as error:
            self._end("failed", reason_of(error))
            raise

    def _take(self, frame: Frame) -> None:
        """A finished picture: keep it, and begin the next one."""
        scenes, number = self._scenes, len(self.painted)
        if not frame.is_settled or not scenes:
            return
        # by the model of this moment: it is the engine's thread
        painted = Painted(picture=Picture.from_array(frame.pixels), scene=self._studio.signed(scenes[number]))
        with self._lock:
            if self.is_over:
                return
            self.painted += (painted,)
        if number + 1 == len(scenes):
            self._end("done", "")
        elif self._seat is not None:
            self.step = 0
            self._seat.put(scenes[number + 1], number + 1)

    def _end(self, state: State, reason: str) -> None:
        with self._lock:
            if self.is_over:
                return
            self.state, self.reason, self.ended_at = state, reason, time.monotonic()
            self._scenes = ()
        if self._seat is not None:
            self._seat.close()


def _bytes_of(scene: Scene) -> int:
    """Of the pixels that a scene holds."""
    canvas = scene.canvas
    masks = len(canvas.layers) * canvas.extent.area
    frozen = sum(4 * layer.frozen.mask.extent.area for layer in canvas.layers if layer.frozen)
    behind = canvas.background
    return masks + frozen + (3 * behind.picture.extent.area if isinstance(behind, ImageBackground) else 0)


class Renders:
    """All orders of one server; used in the loop's thread alone."""

    def __init__(self, studio: Studio, clock: Callable[[], float] = time.monotonic) -> None:
        self._studio = studio
        self._clock = clock
        self._renders: dict[str, Render] = {}

    def begin(self, scenes: tuple[Scene, ...], owner: str) -> Render:
        """A new order, or a UsageError when too many wait already."""
        self._tidy()
        self._refuse_crowds(owner)
        render = Render(self._studio, scenes, owner)
        self._renders[render.id] = render
        render.begin()
        return render

    def find(self, name: str) -> Render | None:
        self._tidy()
        return self._renders.get(name)

    def forget(self, name: str) -> None:
        """Cancel it if it is on its way, and let its pictures go."""
        render = self._renders.pop(name, None)
        if render is not None:
            render.cancel()

    def _refuse_crowds(self, owner: str) -> None:
        limits: Limits = self._studio.limits
        waiting = [render for render in self._renders.values() if not render.is_over]
        own = [render for render in waiting if render.owner == owner]
        is_shared = limits.is_behind_proxy and is_loopback(owner)
        if not is_shared and len(own) >= limits.max_renders_per_address:
            raise UsageError(
                f"{len(own)} orders of yours are being painted; wait for one of them, or cancel one"
            )
        is_full = sum(render.num_bytes for render in waiting) >= _WAITING_BYTES
        if is_full or len(waiting) >= limits.max_renders:
            raise UsageError(f"{len(waiting)} orders wait on this server already; try again in a moment")

    def _tidy(self) -> None:
        """Finished orders are kept for a while, as many as there is room for, the newest longest."""
        now, kept = self._clock(), 0
        over = [render for render in self._renders.values() if render.is_over]
        for render in sorted(over, key=lambda each: each.ended_at or 0.0, reverse=True):
            kept += render.num_bytes
            if kept > _KEPT_BYTES or now - (render.ended_at or 0.0) > _KEPT_S:
                del self._renders[render.id]
