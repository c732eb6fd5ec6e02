"""Claims about what a run writes: figures with their ends, tables, the page, and the document."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from eval.columns import COSTS, JUDGED, JUDGED_VALUES
from eval.document import NOT_MEASURED, filled, sections
from eval.markdown import table_of_figures, whole
from eval.methods import LADDER, METHODS
from eval.page import Row, Shot, page
from eval.records import Record
from eval.report import WORTH, Measured, judged_figures, method_result, worth
from eval.results import Figure, Result, Table, shown_figure
from eval.rungs import LADDERS
from eval.strips import grid, stack
from semdraw.cli.main import run

ROWS = {row.name: row for row in METHODS}
CIRCUMSTANCES = {
    "date": "2026-01-01",
    "machine": "toy",
    "commit": "",
    "weights": "w",
    "bench": "b",
    "command": "c",
}


def record(name: str, layout: int, rca: float, **more: Any) -> Record:
    """One region, on a ground that is half right."""
    region = dict.fromkeys(("miou", "cov", "cont", "leak_ext", "leak_int", "other"), 0.25)
    region |= {"rca": rca, "rca_second": rca, "top5": 1.0, "logprob": -1.0, "small": False}
    scores: dict[str, Any] = {"tier": "easy", "mask_kind": "silhouette", "regions": [region], "occ": []}
    scores |= {"bgf": 0.5, "intr": 0.0, "seam": 1.0, "seam_windows": None}
    return Record(
        drawn_by="", judged_by="", method=name, layout=layout, rows=12, flops=10**9, scores=scores, **more
    )


def measured(name: str, rca: list[float], **more: Any) -> Measured:
    found = {layout: record(name, layout, value, **more) for layout, value in enumerate(rca)}
    return Measured(method=ROWS[name], records=found)


def result_of(*given: Measured, is_quick: bool = False) -> Result:
    by_name = {each.method.name: each for each in given}
    ends = by_name.get("words"), by_name.get("truth")
    return Result(
        title="a <toy> run",
        is_quick=is_quick,
        circumstances=CIRCUMSTANCES,
        columns=[*JUDGED, *COSTS],
        methods=[method_result(each, ends) for each in given],
        worth=worth(by_name),
    )


def toy_run(*, is_quick: bool = False) -> Result:
    return result_of(
        measured("truth", [1.0] * 8),
        measured("words", [0.0] * 8),
        measured("naive-lcm", [0.0, 1.0] * 4),
        measured("merged", [1.0, 1.0, 1.0, 0.0] * 2),
        is_quick=is_quick,
    )


def test_a_figure_is_calibrated_between_its_ends_on_the_same_layouts() -> None:
    low = measured("words", [0.0] * 24 + [0.8] * 24)
    high = measured("truth", [1.0, 1.0, 0.6] * 8 + [0.0] * 24)
    asked = measured("naive-lcm", [0.2, 0.2, 0.5] * 8)  # the last layouts of the ends are not its own
    figures = method_result(asked, (low, high)).figures
    assert figures["rca"].value == pytest.approx(0.3)
    assert figures["rca"].calibrated == pytest.approx(0.3 / (2.6 / 3))
    assert figures["rca"].n == 24
    assert figures["leak_ext"].calibrated == 0.75, "leaks have fixed ends: none is 1, whatever the ends leak"
    assert figures["bgf"].calibrated is None, "both ends are the same"


def test_few_layouts_have_no_interval_no_bold_and_no_calibrated_figure() -> None:
    run_of_8 = toy_run()
    assert "**" not in sections(run_of_8, [])["worth"]
    found = [each.figures["rca"] for each in run_of_8.methods]
    assert {(figure.low, figure.calibrated) for figure in found} == {(None, None)}
    (told,) = (each for each in run_of_8.worth if each.ingredient == "latent pre-averaging")
    assert told.differences["rca"].low is None


def test_small_regions_count_apart_and_missing_numbers_not_at_all() -> None:
    small = record("merged", 0, 0.0)
    small.scores["regions"].append(small.scores["regions"][0] | {"rca": 1.0, "small": True})
    figures = judged_figures([msgspec.structs.replace(small, scores=small.scores | {"bgf": None})])
    assert (figures["rca"].value, figures["rca_small"].value) == (0.0, 1.0)
    assert not {"bgf", "rca_drawn", "seam_windows"} & figures.keys()


def test_what_an_ingredient_is_worth_is_told_on_the_layouts_that_both_painted() -> None:
    (told,) = (each for each in toy_run().worth if each.ingredient == "latent pre-averaging")
    assert (told.before, told.after, told.num_pictures) == ("naive-lcm", "merged", 8)
    assert told.differences["rca"].value == pytest.approx(0.25)
    assert told.differences["bgf"].value == 0


def test_pictures_that_failed_are_told_of() -> None:
    broken = measured("exact-lcm", [0.0, 0.0], error="no canvas today")
    assert "2 pictures failed" in method_result(broken, (None, None)).note


def test_every_name_in_a_table_is_a_method_and_every_column_has_its_values() -> None:
    assert {name for _, *pair in WORTH for name in pair} <= ROWS.keys()
    assert set(LADDER) <= ROWS.keys()
    assert len(ROWS) == len(METHODS)
    assert {column.key for column in JUDGED} <= JUDGED_VALUES.keys()
    for ladder in LADDERS:
        assert len({rung.name for rung in ladder.rungs}) == len(ladder.rungs)


def test_a_table_leaves_out_what_nobody_measured() -> None:
    lines = table_of_figures([*JUDGED, *COSTS], toy_run().methods).splitlines()
    assert "RCA ↑" in lines[0]
    assert "COV" not in lines[0], "there are no drawn masks"
    assert len({line.count("|") for line in lines}) == 1
    assert lines[-1].startswith("| + latent pre-averaging | 8 | 0.75 |")


@pytest.mark.parametrize("is_quick", [True, False])
def test_a_page_is_one_file_that_fetches_nothing_and_says_when_not_to_quote_it(is_quick: bool) -> None:
    pixels = np.random.default_rng(1).integers(0, 255, (256, 256, 3), np.uint8)
    shots = (Shot(method="merged", label="<b>", pixels=pixels, said="1 of 2"),)
    text = page(toy_run(is_quick=is_quick), [Row(title="Layout 3", about="easy", shots=shots)])
    assert ("never to be quoted" in text) is is_quick
    assert ("never to be quoted" in whole(toy_run(is_quick=is_quick))) is is_quick
    sources = re.findall(r'(?:src|href)="([^"#]*)', text)
    assert all(source == "" or source.startswith("data:image/webp;base64,") for source in sources)
    assert not re.search(r"https?://|<link|@import", text)
    assert "a &lt;toy&gt; run" in text
    assert "<b>" not in text


def test_a_document_takes_figures_between_its_markers_and_keeps_no_old_ones() -> None:
    unknown = "words\n<!-- figures: edits -->\nold figures\n<!-- end -->\n"
    text = f"# Title\n\n<!-- figures: naive -->\nold\n<!-- end -->\n{unknown}"
    found = sections(toy_run(), [Table(name="panorama", title="", head=["a", "b"], rows=[["c", "d"]])])
    new = filled(text, found)
    assert "old" not in new
    assert "| MultiDiffusion + LCM |" in new
    assert f"words\n<!-- figures: edits -->\n{NOT_MEASURED}\n" in new
    assert "Preliminary: 8 layouts" in found["circumstances"]
    assert filled(new, found) == new
    assert "latent pre-averaging" in found["broken"]
    assert found["panorama"].endswith("| c | d |")


def test_the_document_asks_for_nothing_that_is_never_made() -> None:
    page_of = (Path(__file__).parents[2] / "docs" / "quality.md").read_text(encoding="utf-8")
    asked = set(re.findall(r"<!-- figures: (\w+) -->", page_of))
    made = sections(toy_run(), []).keys() | {ladder.name for ladder in LADDERS} | {"edits"}
    assert asked == made


def test_numbers_are_shown_without_a_negative_nothing() -> None:
    column = next(column for column in JUDGED if column.key == "rca")
    assert shown_figure(column, Figure(value=-0.001, low=-0.004, high=0.5)) == "0.00 (0.00 – 0.50)"
    assert shown_figure(column, None) == "–"


def test_strips_have_a_place_for_every_picture() -> None:
    red, blue = (np.full((16, 16, 3), color, np.uint8) for color in ((255, 0, 0), (0, 0, 255)))
    strip = np.asarray(grid([[red, blue], [blue, red]], ["one", "a longer name of two"], 32))
    assert strip.shape[1] == 2 * 32 + 4
    assert strip[-1, 0].tolist() == [0, 0, 255]
    assert strip[-1, -1].tolist() == [255, 0, 0]
    tall = np.asarray(stack([np.repeat(red, 4, axis=1)], ["wide"], 64))
    assert tall.shape[1] == 64
    assert (tall[20:30, :, 0] == 255).all()


def test_methods_are_listed_and_a_lone_installation_says_what_to_do(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run(["eval", "--methods", "list"]) == 0
    assert "exact-lcm" in capsys.readouterr().out
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("semdraw.cli.evaluate.__file__", str(tmp_path / "a" / "b" / "c" / "evaluate.py"))
    assert run(["eval", "--quick"]) == 2
    assert "clone the repository" in capsys.readouterr().err
