"""A stream of pictures that follows a scene while it is edited: `for frame in Stream(model, scene)`.

Every frame costs one network call. An edit takes hold of the pictures that are already on their way, so it shows in
the next frame, and a picture of its own sets out; the frames in between are unsettled. What is edited while a frame is
being drawn waits in one slot, where the newest wins.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Self

import torch

from semdraw.commands import Command, apply
from semdraw.models.base import DiffusionModel
from semdraw.previews import patched, touched_cells
from semdraw.rasters import Picture
from semdraw.refining import refuse_two_passes
from semdraw.regions import Regions, compile_regions
from semdraw.scene import Scene, checked
from semdraw.still import denoise_steps, develop
from semdraw.stream import Flight, advance, launch, noise_field


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamFrame:
    """One picture of a stream.

    revision: of the scene under which all its steps ran, the oldest if an edit met it on its way. is_settled: the
    picture is that of the newest scene, as `generate` makes it; with variation, its steps all ran under that scene.
    step of num_steps: how far it came; while the first picture is on its way its previews are shown. number: counts
    frames from 0.
    """

    picture: Picture
    revision: int
    is_settled: bool
    step: int
    num_steps: int
    number: int


@dataclass(frozen=True, slots=True, eq=False)
class _Flying:
    """A picture on its way, the revision at which it set out, and whether it had the network to itself."""

    flight: Flight
    revision: int
    is_alone: bool


class Stream(Iterator[StreamFrame]):
    """An endless iterator of frames. Edit from between frames or from another thread; `close` ends it.

    With `is_varied` every frame is a new picture by other noise. Without, a scene at rest costs nothing: its settled
    frame comes again and again.
    """

    def __init__(self, model: DiffusionModel, scene: Scene, *, is_varied: bool = False) -> None:
        self._model = model
        self._is_varied = is_varied
        self._lock = threading.Lock()
        self._newest, self._revision = refuse_two_passes(checked(scene)), 0
        self._is_closed = False
        self._wants_flush = False
        # what follows belongs to the thread that takes frames
        self._regions: tuple[Regions, int] | None = None
        self._flying: list[_Flying] = []
        self._settled: tuple[Regions, StreamFrame] | None = None
        self._launched = 0
        self._number = 0

    # ---- edits, from any thread ----
    @property
    def scene(self) -> Scene:
        """The newest scene."""
        with self._lock:
            return self._newest

    @property
    def revision(self) -> int:
        """Of the newest scene; the first has 0."""
        with self._lock:
            return self._revision

    def update(self, scene: Scene) -> int:
        """Put another scene in place of the newest; its revision. One that was never drawn is forgotten."""
        checked(scene)
        with self._lock:
            return self._put(scene)

    def apply(self, command: Command) -> int:
        """Apply one edit to the newest scene; the new revision. A SceneError leaves everything as it was."""
        with self._lock:
            return self._put(apply(self._newest, command))

    def flush(self) -> None:
        """Forget the pictures on their way, so that none of the older scenes shows in later frames."""
        with self._lock:
            self._wants_flush = True

    def close(self) -> None:
        """No frame comes after this."""
        with self._lock:
            self._is_closed = True

    def _put(self, scene: Scene) -> int:
        self._newest, self._revision = refuse_two_passes(scene), self._revision + 1
        return self._revision

    # ---- frames ----
    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @torch.inference_mode()
    def __next__(self) -> StreamFrame:
        with self._lock:
            if self._is_closed:
                raise StopIteration
            scene, revision = self._newest, self._revision
            wants_flush, self._wants_flush = self._wants_flush, False
        if wants_flush:
            self._flying = []
        regions = self._compiled(scene, revision)
        frame = self._at_rest(revision)
        return self._numbered(self._drawn(regions, revision) if frame is None else frame)

    def _compiled(self, scene: Scene, revision: int) -> Regions:
        """The newest scene; pictures of another size or recipe cannot go on under it and are forgotten."""
        before = self._regions
        if before is not None and before[1] == revision:
            return before[0]
        regions = compile_regions(scene, self._model, before and before[0])
        if before is not None and not _may_go_on(before[0], regions):
            self._flying = []
        self._regions = regions, revision
        return regions

    def _at_rest(self, revision: int) -> StreamFrame | None:
        """The settled frame of this revision, where there is one."""
        if self._settled is None or self._settled[1].revision != revision:
            return None
        return self._settled[1]

    def _drawn(self, regions: Regions, revision: int) -> StreamFrame:
        """Take all that is on its way one step down, and show the one that is furthest."""
        self._set_out(regions, revision)
        is_alone = len(self._flying) == 1
        flights, _ = advance([flying.flight for flying in self._flying], regions, self._model)
        stepped = [
            _Flying(flight, flying.revision, flying.is_alone and is_alone)
            for flight, flying in zip(flights, self._flying, strict=True)
        ]
        first, num_steps = stepped[-1], len(regions.schedule)
        self._flying = [flying for flying in stepped if flying.flight.step < num_steps]
        if first.flight.step < num_steps:
            return self._shown(first, regions, is_settled=False)
        return self._landed(first, regions, revision)

    def _set_out(self, regions: Regions, revision: int) -> None:
        """Launch a picture, unless the one of this revision is on its way and there is to be no other."""
        if not self._is_varied and any(flying.revision == revision for flying in self._flying):
            return
        field = noise_field(regions, self._model, ahead=self._launched if self._is_varied else 0)
        self._flying.insert(0, _Flying(launch(regions, field), revision, is_alone=True))
        self._launched += 1

    def _landed(self, flying: _Flying, regions: Regions, revision: int) -> StreamFrame:
        """A picture that took all its steps. Settled ones run by themselves, for the same bytes as `generate`."""
        if self._is_varied or flying.revision != revision:
            return self._shown(flying, regions, is_settled=flying.revision == revision)
        if not flying.is_alone:
            latents = [progress.latents for progress in denoise_steps(regions, self._model)][-1]
            flying = _Flying(replace(flying.flight, latents=latents), revision, is_alone=True)
        frame = self._shown(flying, regions, is_settled=True)
        self._settled = regions, frame
        return frame

    def _shown(self, flying: _Flying, regions: Regions, *, is_settled: bool) -> StreamFrame:
        flight, num_steps = flying.flight, len(regions.schedule)
        latents = flight.latents if flight.step == num_steps else flight.clean
        assert latents is not None, "a flight that took a step has a clean prediction"
        picture = develop(latents, regions, self._model)
        if flight.step < num_steps and self._settled is not None:
            picture = self._patched(picture, regions)
        return StreamFrame(
            picture=picture,
            revision=flying.revision,
            is_settled=is_settled,
            step=flight.step,
            num_steps=num_steps,
            number=0,
        )

    def _patched(self, preview: Picture, regions: Regions) -> Picture:
        """A preview where the scene has changed since it last settled; the settled picture elsewhere."""
        assert self._settled is not None
        before, frame = self._settled
        if before.scene.canvas.extent != regions.scene.canvas.extent:
            return preview
        return patched(frame.picture, preview, touched_cells(before, regions), self._model.spec.cell_px)

    def _numbered(self, frame: StreamFrame) -> StreamFrame:
        self._number += 1
        return replace(frame, number=self._number - 1)


def _may_go_on(before: Regions, after: Regions) -> bool:
    """Whether a picture that set out under one compiled scene may take its next step under another."""
    old, new = before.scene, after.scene
    return old.canvas.extent == new.canvas.extent and old.recipe == new.recipe
