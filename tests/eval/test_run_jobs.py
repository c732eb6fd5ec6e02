"""Claims about runs: they go on where they ended, and do no more than what is left to do."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from eval.methods import METHODS, MethodRow, chosen
from eval.records import Store
from eval.run import interleaved, run_jobs
from eval.tasks import Task
from eval.weights import Sources
from eval.worker import Setup, Worker
from semdraw.errors import SceneError, UsageError
from tests.eval.rooms import RoomsSpec

ROWS = {row.name: row for row in METHODS}


def setup(model: Path, folder: Path, judged_by: str = "judges of today") -> Setup:
    return Setup(sources=Sources(model=str(model)), subjects=RoomsSpec(judged_by=judged_by), folder=folder)


def jobs(*rows: MethodRow) -> list[Task]:
    return [Task(method=row, layout=layout) for layout in (0, 1) for row in rows]


@pytest.fixture
def worked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was worked on, job by job."""
    done: list[str] = []
    work = Worker.work

    def noted(self: Worker, job: Any) -> None:
        done.append(f"{job.method.name} {job.layout}")
        work(self, job)

    monkeypatch.setattr(Worker, "work", noted)
    return done


def test_a_run_goes_on_where_it_ended(model: Path, tmp_path: Path, worked: list[str]) -> None:
    chosen_rows = ROWS["truth"], ROWS["merged"]
    run_jobs(jobs(*chosen_rows)[:3], setup(model, tmp_path), is_quiet=True)
    assert worked == ["truth 0", "merged 0", "truth 1"]
    run_jobs(jobs(*chosen_rows), setup(model, tmp_path), is_quiet=True)
    assert worked[3:] == ["merged 1"]
    record = Store(tmp_path).record("merged", 1)
    assert record is not None
    assert record.rows == 12, "two regions and a background in four steps, no guidance"
    assert record.flops > 0
    assert record.scores["mean"] == Store(tmp_path).pixels("merged", 1).mean()


def test_another_recipe_is_drawn_anew_and_another_judge_only_judges_anew(
    model: Path, tmp_path: Path, worked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    row = ROWS["merged"]
    run_jobs(jobs(row), setup(model, tmp_path), is_quiet=True)
    before = Store(tmp_path).pixels("merged", 0)
    told = replace(row, recipe=row.recipe | {"num_steps": 2}, label="another name alone changes nothing")
    run_jobs(jobs(told), setup(model, tmp_path), is_quiet=True)
    assert (Store(tmp_path).pixels("merged", 0) != before).any()
    assert len(worked) == 4
    with monkeypatch.context() as without:
        without.setattr("eval.worker.Worker._drawn", None)
        run_jobs(jobs(told), setup(model, tmp_path, "judges of tomorrow"), is_quiet=True)
    record = Store(tmp_path).record("merged", 0)
    assert record is not None
    assert record.scores["said by"] == "judges of tomorrow"


def test_a_picture_that_fails_counts_as_a_blank_one(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise SceneError("no canvas today")

    monkeypatch.setattr("eval.drawing.compile_regions", fail)
    run_jobs(jobs(ROWS["merged"]), setup(model, tmp_path), is_quiet=True)
    record = Store(tmp_path).record("merged", 1)
    assert record is not None
    assert (record.error, record.scores["mean"]) == ("no canvas today", 128)


def test_every_method_paints_and_its_costs_are_those_of_its_recipe(model: Path, tmp_path: Path) -> None:
    """`rows` is arithmetic: regions and background, times steps, times two under guidance."""
    given = replace(setup(model, tmp_path), sources=Sources(model=str(model), base=model))
    slow = {"num_steps": 3}
    rows = [replace(row, recipe=row.recipe | slow) if row.is_slow else row for row in METHODS]
    run_jobs([Task(method=row, layout=0) for row in rows], given, is_quiet=True)
    found = {row.name: Store(tmp_path).record(row.name, 0) for row in rows}
    assert [name for name, record in found.items() if record is None or record.error] == []
    counts = {name: record.rows for name, record in found.items() if record is not None}
    assert counts["truth"] == 0
    assert counts["words"] == 4
    assert counts["naive-lcm"] == counts["exact-euler"] == counts["without-leak-test"] == 12
    assert counts["naive-lcm-carried"] == 24
    assert counts["md-50"] == 18
    assert counts["published-lcm"] == 15
    assert counts["joint-lcm"] == 2 * 3 + 2
    assert counts["joint-unbound"] == 4


def test_weights_that_are_not_there_are_told_of(model: Path, tmp_path: Path) -> None:
    sources = Sources(model=str(model))
    assert not sources.has("base")
    assert "--base" in sources.note("base")
    assert "--euler" in sources.note("euler")
    assert Sources(model=str(model), base=model).has("base")
    own = Sources(model=str(model), few=tmp_path)
    assert own.has("base"), "without what makes it quick, the model is the base itself"
    assert own.given("euler") == tmp_path
    with pytest.raises(UsageError, match="no such folder"):
        Sources(model=str(model), base=tmp_path / "nothing").given("base")


def test_methods_are_chosen_by_name_and_unknown_ones_are_refused() -> None:
    assert [row.name for row in chosen(("exact-lcm", "truth"), is_quick=True)] == ["truth", "exact-lcm"]
    assert {row.name for row in chosen((), is_quick=True)} < {row.name for row in chosen((), is_quick=False)}
    with pytest.raises(UsageError, match="exact-lcm"):
        chosen(("magic",), is_quick=True)


def test_every_beginning_of_an_order_has_its_share_of_each_group() -> None:
    order = interleaved([range(100), range(100, 150), range(150, 160)])
    assert sorted(order) == list(range(160))
    first = order[:32]
    assert [
        sum(low <= each < high for each in first) for low, high in ((0, 100), (100, 150), (150, 160))
    ] == [
        20,
        10,
        2,
    ]
