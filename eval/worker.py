"""One process of a run: draws and judges pictures, and keeps what it made."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np

from eval.drawing import Drawn, Studio, recipe_of
from eval.edit_runs import edit_record
from eval.methods import MethodRow
from eval.records import Record, Store, digest
from eval.scores import as_failed
from eval.sources import code_of
from eval.subjects import Subjects, SubjectsSpec
from eval.tasks import EditTask, Job, Task
from eval.weights import Models, Sources
from semdraw.errors import SemdrawError
from semdraw.methods import method_of
from semdraw.models.registry import ModelCard

DRAWN_BY, EDITED_BY = (
    ("eval.drawing", "eval.naive"),
    ("eval.edit_runs",),
)  # the modules at whose top it begins
GREY = 128


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
        self._cards: dict[str, ModelCard] = {}

    def is_done(self, job: Job) -> bool:
        if isinstance(job, EditTask):
            script = self.store.script(job.method.name, job.script)
            return script is not None and script.made_by == self._edited_by(job)
        record = self._record(job)
        if record is None or record.error:
            return False
        return (record.drawn_by, record.judged_by) == self._made_by(job)

    def work(self, job: Job) -> None:
        """Bring a picture, or what a script says, and its record up to date."""
        if isinstance(job, EditTask):
            model = self.models.get(job.method.weights)
            self.store.write_script(edit_record(job.script, job.method, model, self._edited_by(job)))
        else:
            self._picture(job)

    def _picture(self, task: Task) -> None:
        """A picture that stands is only judged again; one that failed is tried again."""
        drawn_by, _ = self._made_by(task)
        record = self._record(task)
        if record is None or record.error or record.drawn_by != drawn_by:
            drawn, error = self._drawn(task)
            pixels = drawn.pixels
            record = Record(
                drawn_by=drawn_by,
                judged_by="",
                method=task.method.name,
                layout=task.layout,
                take=task.take,
                elapsed_ms=drawn.elapsed_ms,
                rows=drawn.rows,
                flops=drawn.flops,
                error=error,
                windows=list(drawn.windows),
            )
            self.store.write(record, pixels)
        else:
            pixels = self.store.pixels(task.method.name, task.layout, task.take)
        self._judge(task, record, pixels)

    def _record(self, task: Task) -> Record | None:
        return self.store.record(task.method.name, task.layout, task.take)

    def _made_by(self, task: Task) -> tuple[str, str]:
        """The hashes of all that a picture, and what is said of it, depend on."""
        what = (self.subjects.hash_of(task.layout), task.take)
        return digest(code_of(*DRAWN_BY), self._how(task.method), what), self.subjects.judged_by

    def _edited_by(self, job: EditTask) -> str:
        return digest(code_of(*EDITED_BY), self._how(job.method), job.script, self.subjects.judged_by)

    def _how(self, method: MethodRow) -> tuple[object, ...]:
        """Everything by which a method paints: what its recipe says over the model's own, its rules, its weights."""
        if method.weights not in self._cards:
            self._cards[method.weights] = self.models.card_of(method.weights)
        card = self._cards[method.weights]
        recipe = recipe_of(method, card.recipe)
        rules = method.change or method_of(recipe)
        return method.painter, method.weights, recipe, rules, card.facts, self.models.device

    def _drawn(self, task: Task) -> tuple[Drawn, str]:
        """The picture; where it failed a blank one in its place, and why."""
        try:
            return self._studio.draw(task.method, self.subjects, task.layout, take=task.take), ""
        except (SemdrawError, RuntimeError, MemoryError) as error:  # torch tells of memory by a RuntimeError
            shape = (*self.subjects.extent(task.layout).shape, 3)
            blank = np.full(shape, GREY, np.uint8)
            return Drawn(pixels=blank, elapsed_ms=None, rows=0, flops=0), str(error) or type(error).__name__

    def _judge(self, task: Task, record: Record, pixels: np.ndarray) -> None:
        scores = {} if task.take else self.subjects.judge(task.layout, pixels, record.windows)
        if record.error:
            scores = as_failed(scores)
        _, judged_by = self._made_by(task)
        judged = msgspec.structs.replace(record, judged_by=judged_by, scores=scores)
        self.store.write(judged, None, self.subjects.features(task.layout, pixels))
