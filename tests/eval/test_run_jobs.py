"""Claims about runs: they go on where they ended, and do no more than what is left to do."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from eval import summary
from eval.bench import load_bench
from eval.methods import METHODS, MethodRow, chosen
from eval.plan import planned
from eval.records import Store
from eval.report import WORTH
from eval.run import interleaved, run_jobs
from eval.sets import FEWEST
from eval.sources import code_of, reached
from eval.tasks import EditTask, Task
from eval.weights import Sources
from eval.worker import Setup, Worker
from semdraw import methods
from semdraw.cli.main import parser
from semdraw.errors import SceneError, UsageError
from semdraw.models.registry import ModelCard, find_model
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


def test_other_rules_of_a_method_and_another_manner_of_the_model_are_drawn_anew(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    row, told = ROWS["exact-lcm"], setup(model, tmp_path)
    (job,) = jobs(row)[:1]
    run_jobs([job], told, is_quiet=True)
    assert Worker(told).is_done(job)
    monkeypatch.setattr(methods, "EXACT", replace(methods.EXACT, leak="none"))
    assert not Worker(told).is_done(job)
    monkeypatch.undo()
    monkeypatch.setattr("eval.worker.DRAWN_BY", ("eval.oracles",))
    assert not Worker(told).is_done(job)
    monkeypatch.undo()
    card = find_model(str(model))
    other = replace(card, recipe=msgspec.structs.replace(card.recipe, window_px=32))

    def card_of(*_: object, **__: object) -> ModelCard:
        return other

    monkeypatch.setattr("eval.weights.find_model", card_of)
    assert not Worker(told).is_done(job)


def test_the_code_that_draws_is_all_that_the_studio_imports() -> None:
    assert code_of("eval.drawing") != code_of("eval.naive")
    assert code_of("eval.nothing") == code_of("numpy")
    found = reached(("eval.drawing", "eval.edit_runs"))
    assert {
        "semdraw.methods",
        "semdraw.still",
        "semdraw.joint",
        "eval.edits_scores",
        "eval.easel",
    } <= found.keys()


@pytest.mark.parametrize("wrong", [SceneError, RuntimeError])
def test_a_picture_that_fails_counts_as_a_blank_one_and_is_tried_again(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wrong: type[Exception]
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise wrong("no canvas today")

    monkeypatch.setattr("eval.drawing.compile_regions", fail)
    run_jobs(jobs(ROWS["merged"]), setup(model, tmp_path), is_quiet=True)
    record = Store(tmp_path).record("merged", 1)
    assert record is not None
    assert (record.error, record.scores["mean"]) == ("no canvas today", 128)
    monkeypatch.undo()
    run_jobs(jobs(ROWS["merged"]), setup(model, tmp_path), is_quiet=True)
    again = Store(tmp_path).record("merged", 1)
    assert again is not None
    assert again.error == ""
    assert (Store(tmp_path).pixels("merged", 1) != 128).any()


def test_every_method_paints_and_its_costs_are_those_of_its_recipe(model: Path, tmp_path: Path) -> None:
    """`rows` is arithmetic: regions and background, times steps, times two under guidance."""
    mannered = shutil.copytree(model, tmp_path / "mannered")
    (mannered / "semdraw.json").write_text('{"window_px": 32, "region_suffix": " on white"}')
    given = replace(setup(mannered, tmp_path), sources=Sources(model=str(mannered), base=mannered))
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
    pictures = {name: Store(tmp_path).pixels(name, 0) for name in found}
    same = [told for told, before, after in WORTH if (pictures[before] == pictures[after]).all()]
    left = "leak test, taken from exact"  # a network that knows nothing leaves no plain ground
    assert same == [left], "an ingredient whose rows are one picture is never measured"


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


def test_edits_come_last_and_nothing_runs_beside_them(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts: list[tuple[list[str], int]] = []

    def noted(left: list[Any], _own: Worker, _setup: Setup, workers: int) -> list[str]:
        parts.append(([type(job).__name__ for job in left], workers))
        return []

    monkeypatch.setattr("eval.run._worked", noted)
    row = ROWS["exact-lcm"]
    asked = [EditTask(method=row, script=0), *jobs(row)]
    run_jobs(asked, setup(model, tmp_path), workers=4, is_quiet=True)
    assert parts == [(["Task", "Task"], 4), (["EditTask"], 1)]


@pytest.mark.parametrize("words", ["--quick --split test", "--layouts 500"])
def test_a_plan_that_would_look_at_test_or_at_layouts_that_are_not_there_is_refused(words: str) -> None:
    with pytest.raises(UsageError, match="dev"):
        planned(parser().parse_args(["eval", *words.split()]))


def test_methods_of_many_steps_take_fewer_layouts_and_the_teacher_enough_for_kid() -> None:
    def counts(words: str) -> dict[str, int]:
        plan = planned(parser().parse_args(["eval", "--scripts", "0", *words.split()]))
        names = [job.method.name for job in plan.jobs() if isinstance(job, Task) and job.take == 0]
        return {name: names.count(name) for name in ("exact-lcm", "md-50", "teacher-25")}

    assert counts("--quick") == {"exact-lcm": 24, "md-50": 8, "teacher-25": 8}
    assert counts("--split test --layouts 100") == {"exact-lcm": 100, "md-50": 25, "teacher-25": FEWEST}


def test_the_reference_has_an_interval_and_ends_though_some_layouts_have_no_regions() -> None:
    plan = planned(parser().parse_args(["eval", "--split", "test", "--layouts", "100"]))
    taken = [load_bench().layout(number) for number in plan.layouts_of(ROWS["md-50"])]
    assert sum(bool(layout.regions) for layout in taken) >= summary.FEWEST
