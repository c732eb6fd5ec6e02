"""Which pictures a run needs, and where they go."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from eval.bench import load_bench
from eval.bench_subjects import BenchSpec
from eval.circumstances import ROOT
from eval.methods import METHODS, MethodRow, chosen
from eval.sets import TAKES
from eval.tasks import EditTask, Job, Task
from eval.weights import Sources
from eval.worker import Setup
from semdraw.errors import UsageError

QUICK: Final = 24  # layouts of a quick run
QUICK_SLOW: Final = 8  # of them for methods of many steps
VARIED: Final = 8  # layouts of which further pictures are made, for DIV
QUICK_SCRIPTS: Final = 2
EDITED: Final = ("published-lcm", "exact-lcm", "joint-lcm")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """layouts: in the order in which they are taken; every method takes them from the first on."""

    is_quick: bool
    split: str
    methods: tuple[MethodRow, ...]
    layouts: tuple[int, ...]
    scripts: tuple[int, ...]
    setup: Setup
    workers: int

    def layouts_of(self, method: MethodRow) -> tuple[int, ...]:
        """None where its weights are missing."""
        if not self.setup.sources.has(method.weights):
            return ()
        if self.is_quick and method.is_slow:
            return self.layouts[:QUICK_SLOW]
        return self.layouts[: max(1, round(method.share * len(self.layouts)))]

    @property
    def varied(self) -> tuple[int, ...]:
        """The layouts of which the main methods paint further pictures."""
        if self.is_quick:
            return ()
        bench = load_bench()
        return tuple(each for each in self.layouts if bench.layout(each).regions)[:VARIED]

    @property
    def edited(self) -> tuple[MethodRow, ...]:
        return tuple(method for method in self.methods if method.name in EDITED and self.scripts)

    def jobs(self) -> list[Job]:
        """Layout by layout, so that a run that ends early compares all methods on the same ones."""
        return [*self._pictures(), *self._takes(), *self._edits()]

    def _pictures(self) -> Iterator[Job]:
        for place, layout in enumerate(self.layouts):
            for method in self.methods:
                if place < len(self.layouts_of(method)):
                    yield Task(method=method, layout=layout)

    def _takes(self) -> Iterator[Job]:
        for layout in self.varied:
            for method in self.methods:
                if method.is_quick and not method.is_slow and method.painter != "truth":
                    yield from (Task(method=method, layout=layout, take=take) for take in range(1, TAKES))

    def _edits(self) -> Iterator[Job]:
        for script in self.scripts:
            yield from (EditTask(method=method, script=script) for method in self.edited)


def planned(options: argparse.Namespace) -> Plan:
    """From the words of a command."""
    spec = BenchSpec(split=options.split, has_features=not options.quick)
    if options.quick and options.split == "test":
        raise UsageError("a quick look takes layouts of dev: who looks at test often has tuned on it")
    layouts = spec.open().ids()
    count = options.layouts or (QUICK if options.quick else len(layouts))
    if count > len(layouts):
        raise UsageError(f"--layouts {count}: split {options.split} has {len(layouts)}")
    folder: Path = options.out or ROOT / "build" / "eval" / ("quick" if options.quick else options.split)
    usual = QUICK_SCRIPTS if options.quick else len(load_bench().scripts)
    sources = Sources(model=options.model, few=options.few, base=options.base, euler=options.euler)
    return Plan(
        is_quick=options.quick,
        split=options.split,
        methods=chosen(options.methods, is_quick=options.quick),
        layouts=tuple(layouts[:count]),
        scripts=tuple(range(usual if options.scripts is None else options.scripts)),
        setup=Setup(sources=sources, subjects=spec, folder=folder, device=options.device or "cpu"),
        workers=options.workers or usual_workers(options.device or "cpu"),
    )


def usual_workers(device: str) -> int:
    """One a core that this process may use; graphics cards are shared by nobody."""
    if device != "cpu":
        return 1
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def all_names() -> str:
    """For whoever asks which methods there are."""
    return "\n".join(f"{method.name:20} {method.label}: {method.about}" for method in METHODS)
