"""Draw and judge many pictures, in several processes of one thread each; what is there already is left alone."""

from __future__ import annotations

import multiprocessing
import sys
from collections.abc import Generator, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from itertools import chain

import torch
from tqdm import tqdm

from eval.tasks import EditTask, Job
from eval.worker import Setup, Worker
from semdraw.errors import UsageError

_worker: Worker | None = None  # of this process


def run_jobs(jobs: Sequence[Job], setup: Setup, *, workers: int = 1, is_quiet: bool = False) -> None:
    """Bring all pictures and records up to date. An interruption loses the pictures in hand, no more.

    Edits come last and one by one: what they say depends on time, so nothing else may run beside them.
    """
    with _one_thread():
        own = Worker(setup)
        left = [job for job in jobs if not own.is_done(job)]
        bar = tqdm(
            total=len(jobs),
            initial=len(jobs) - len(left),
            unit="job",
            disable=is_quiet,
            file=sys.stderr,
            smoothing=0.05,
        )
        with bar:
            edits = [job for job in left if isinstance(job, EditTask)]
            pictures = [job for job in left if not isinstance(job, EditTask)]
            for name in chain(_worked(pictures, own, setup, workers), _worked(edits, own, setup, 1)):
                bar.set_postfix_str(name, refresh=False)
                bar.update()


def _worked(left: Sequence[Job], own: Worker, setup: Setup, workers: int) -> Iterator[str]:
    """The name of each method as one of its pictures is done."""
    if workers < 2 or len(left) < 2:
        for job in left:
            own.work(job)
            yield job.method.name
        return
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(min(workers, len(left)), context, _begin, (setup,))
    try:
        for done in as_completed([pool.submit(_work, job) for job in left]):
            yield done.result()
    except BrokenProcessPool:
        raise UsageError(
            "a process of the run was ended from outside, most often for lack of memory; what is done is kept: give "
            "the same command again with --workers 1"
        ) from None
    finally:
        pool.shutdown(cancel_futures=True)


def _begin(setup: Setup) -> None:
    global _worker
    torch.set_num_threads(1)
    _worker = Worker(setup)


def _work(job: Job) -> str:
    assert _worker is not None, "a process begins before it works"
    _worker.work(job)
    return job.method.name


@contextmanager
def _one_thread() -> Generator[None]:
    """Pictures and times as in the other processes, which have one thread each."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def interleaved(groups: Iterable[Sequence[int]]) -> list[int]:
    """Numbers of several groups in one order, of which every beginning has its share of each group."""
    placed = [((place + 0.5) / len(group), number) for group in groups for place, number in enumerate(group)]
    return [number for _, number in sorted(placed)]
