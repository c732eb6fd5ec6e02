"""What `semdraw eval` does: plans, runs, and writes result.json, table.md and report.html."""

from __future__ import annotations

import argparse

from eval.bench_result import page_rows, result_of
from eval.plan import all_names, planned
from eval.real import evaluate_real
from eval.run import run_jobs
from eval.worker import Worker
from eval.writing import write_result


def evaluate(options: argparse.Namespace) -> int:
    """The verb."""
    if options.methods == ("list",):
        print(all_names())
        return 0
    if options.coco is not None:
        return evaluate_real(options)
    plan = planned(options)
    if plan.is_quick:
        print("A quick look at few layouts: for yourself, never to be quoted.")
    run_jobs(plan.jobs(), plan.setup, workers=plan.workers)
    worker = Worker(plan.setup)
    result = result_of(plan, worker)
    write_result(result, page_rows(result, plan, worker.store), plan.setup.folder)
    return 0
