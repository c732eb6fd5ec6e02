"""One process of a run: draws and judges pictures, and keeps what it made."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np

from eval.drawing import Drawn, Studio
from eval.methods import MethodRow
from eval.records import Record, Store, digest
from eval.subjects import Subjects, SubjectsSpec
from eval.weights import Models, Sources
from semdraw.errors import SemdrawError

DRAWING = 1  # raised when the same recipe gives other pictures, so that old ones are drawn anew
GREY = 128


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One picture of one layout by one method; a take above 0 is a further picture by another seed."""

    method: MethodRow
    layout: int
    take: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """All that a process needs in order to work: where the weights lie, what is painted, where pictures go."""

    sources: Sources
    subjects: SubjectsSpec
    folder: Path
    device: str = "cpu"


class Worker:
    """Loads what it needs when it first needs it."""

    def __init__(self, setup: Setup) -> None:
        self.store = Store(setup.folder)
        self.models = Models(setup.sources, setup.device)
        self.subjects: Subjects = setup.subjects.open()
        self._studio = Studio(self.models)
        self._hashes: dict[str, str] = {}

    def is_done(self, task: Task) -> bool:
        record = self._record(task)
        return record is not None and (record.drawn_by, record.judged_by) == self._made_by(task)

    def work(self, task: Task) -> Record:
        """Bring one picture and its record up to date; a picture that stands is only judged again."""
        drawn_by, judged_by = self._made_by(task)
        before = self._record(task)
        if before is not None and before.drawn_by == drawn_by:
            pixels = self.store.pixels(task.method.name, task.layout, task.take)
            record = msgspec.structs.replace(before, judged_by=judged_by, scores=self._judged(task, pixels))
            self.store.write(record, None)
            return record
        drawn, error = self._drawn(task)
        record = Record(
            drawn_by=drawn_by,
            judged_by=judged_by,
            method=task.method.name,
            layout=task.layout,
            take=task.take,
            elapsed_ms=drawn.elapsed_ms,
            rows=drawn.rows,
            flops=drawn.flops,
            error=error,
            scores=self._judged(task, drawn.pixels),
        )
        self.store.write(record, drawn.pixels)
        return record

    def _record(self, task: Task) -> Record | None:
        return self.store.record(task.method.name, task.layout, task.take)

    def _made_by(self, task: Task) -> tuple[str, str]:
        """The hashes of all that a picture, and what is said of it, depend on."""
        method = task.method
        if method.weights not in self._hashes:
            self._hashes[method.weights] = self.models.hash_of(method.weights)
        how = (method.painter, sorted(method.recipe.items()), method.change)
        what = (self.subjects.hash_of(task.layout), task.take, self._hashes[method.weights])
        return digest(DRAWING, how, what), self.subjects.judged_by

    def _drawn(self, task: Task) -> tuple[Drawn, str]:
        """The picture; where it failed a blank one in its place, and why."""
        try:
            return self._studio.draw(task.method, self.subjects, task.layout, take=task.take), ""
        except SemdrawError as error:
            shape = (*self.subjects.extent(task.layout).shape, 3)
            blank = np.full(shape, GREY, np.uint8)
            return Drawn(pixels=blank, elapsed_ms=None, rows=0, flops=0), str(error)

    def _judged(self, task: Task, pixels: np.ndarray) -> dict[str, object]:
        return {} if task.take else self.subjects.judge(task.layout, pixels)
