"""What `semdraw eval` does: plans, runs, and writes result.json, table.md and report.html."""

from __future__ import annotations

import argparse
from pathlib import Path

import msgspec

from eval.bench_result import page_rows, result_of
from eval.markdown import whole
from eval.page import Row, page
from eval.plan import all_names, planned
from eval.results import Result
from eval.run import run_jobs
from eval.worker import Worker
from semdraw.disk import write_atomically


def evaluate(options: argparse.Namespace) -> int:
    """The verb."""
    if options.methods == ("list",):
        print(all_names())
        return 0
    plan = planned(options)
    if plan.is_quick:
        print("A quick look at few layouts: for yourself, never to be quoted.")
    run_jobs(plan.jobs(), plan.setup, workers=plan.workers)
    worker = Worker(plan.setup)
    result = result_of(plan, worker)
    write_result(result, page_rows(result, plan, worker.store), plan.setup.folder)
    return 0


def write_result(result: Result, rows: list[Row], folder: Path) -> None:
    """All three forms, and the tables on the terminal."""
    folder.mkdir(parents=True, exist_ok=True)
    table = whole(result)
    write_atomically(folder / "result.json", msgspec.json.format(msgspec.json.encode(result)) + b"\n")
    write_atomically(folder / "table.md", table.encode())
    write_atomically(folder / "report.html", page(result, rows).encode())
    print(f"\n{table}\n{folder / 'report.html'}: the pictures side by side")
