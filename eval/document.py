"""Write the figures of docs/quality.md from results, and its strips of pictures.

    python -m eval.document --run build/eval/test --tables build/eval/tables

Copies the run's result into eval/results/, and puts tables between the markers `<!-- figures: NAME -->` and
`<!-- end -->` of the page; what stands outside of them is written by hand.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np
from PIL import Image

from eval.bench import load_bench
from eval.circumstances import ROOT
from eval.markdown import (
    plain_table,
    table,
    table_of_figures,
    table_of_shares,
    table_of_slices,
    table_of_worth,
)
from eval.methods import LADDER
from eval.records import Store
from eval.results import Column, MethodResult, Result, Table, shown_figure
from eval.sketch import sketch
from eval.strips import grid, save, stack
from semdraw.disk import write_atomically

PAGE = ROOT / "docs" / "quality.md"
STRIPS = ROOT / "docs" / "quality"
RESULTS = ROOT / "eval" / "results"
NAIVE = ("naive-lcm", "naive-lcm-booted", "naive-lcm-guided", "naive-lcm-carried")
MAIN = ("ends", "reference", "published", "ours")
SLICED = ("published-lcm", "exact-lcm", "exact-euler", "joint-lcm", "joint-euler")
BROKEN = (
    "guidance 7.5 carried over",
    "20-step bootstrap carried over",
    "both carried over",
    "latent pre-averaging",
)
NOT_MEASURED = "Not measured yet; `python -m eval.everything` fills this."
FIRM = 100  # layouts; below, all figures of the page are called preliminary
SHOWN, SIDE_PX = 5, 112
WIDE_PX = {"canvas": 640, "panorama": 960}


def sections(result: Result, tables: Sequence[Table]) -> dict[str, str]:
    """What stands between the markers, by name."""
    main = [column for column in result.columns if column.is_main]
    worth = [each for each in result.worth if each.ingredient in BROKEN]
    broken = table_of_worth(worth, result.columns)
    found = {
        "circumstances": _circumstances(result),
        "main": table_of_figures(main, _in_groups(result, MAIN)),
        "calibrated": table_of_shares(result.columns, _in_groups(result, MAIN)),
        "naive": table_of_figures(main, _in_groups(result, ("naive",))),
        "broken": "\n\n".join([broken, *_verdicts(result)]),
        "ladder": table_of_figures(_few(result), _named(result, LADDER), has_intervals=True),
        "worth": table_of_worth([each for each in result.worth if each not in worth], result.columns),
        "slices": _slices(result),
        "columns": table(["figure", "what it says"], [[each.label, each.about] for each in result.columns]),
        "methods": table(
            ["method", "what it does"],
            [
                [each.label, f"{each.about}{f' ({each.note})' if each.note else ''}"]
                for each in result.methods
            ],
        ),
    }
    return found | {each.name: plain_table(each) for each in (*result.tables, *tables)}


def _circumstances(result: Result) -> str:
    told = result.circumstances
    most = max((method.num_pictures for method in result.methods), default=0)
    first = "" if most >= FIRM else f"**Preliminary: {most} layouts are too few to rank methods.** "
    return (
        f"{first}{result.title}: up to {most} layouts a method; {told['machine']}, {str(told['date'])[:10]}, "
        f"load {told.get('load')}, code {told['commit']}; weights {told['weights']}, bench {told['bench']}; "
        f"`{told['command']}`."
    )


def _in_groups(result: Result, groups: Sequence[str]) -> list[MethodResult]:
    return [method for method in result.methods if method.group in groups and method.num_pictures]


def _named(result: Result, names: Sequence[str]) -> list[MethodResult]:
    return [method for name in names if (method := result.method(name)) is not None and method.num_pictures]


def _few(result: Result) -> list[Column]:
    """What a table with intervals has room for."""
    return [each for each in result.columns if each.key in ("rca", "miou", "cov", "leak_ext", "bgf", "kid")]


def _slices(result: Result) -> str:
    (column,) = (each for each in result.columns if each.key == "rca")
    return table_of_slices(column, _named(result, SLICED))


def _verdicts(result: Result) -> list[str]:
    """What the intervals allow to say of the ingredients, in words."""
    columns = {column.key: column for column in result.columns}
    lines: list[str] = []
    for worth in result.worth:
        if worth.ingredient not in BROKEN:
            continue
        sure = [
            f"{columns[key].label} by {'+' if figure.value > 0 else ''}{shown_figure(columns[key], figure)}"
            for key, figure in worth.differences.items()
            if figure.low is not None and figure.high is not None and figure.low * figure.high > 0
        ]
        what = f"changes {', '.join(sure)}" if sure else "changes no figure for certain"
        lines.append(f"- **{worth.ingredient}** {what}.")
    return ["\n".join(lines)] if lines else []


def filled(page: str, found: dict[str, str]) -> str:
    """The page with new text between its markers; what this run did not measure says so: old figures never stay."""

    def fill(match: re.Match[str]) -> str:
        text = found.get(match[1]) or NOT_MEASURED
        return f"<!-- figures: {match[1]} -->\n{text}\n<!-- end -->"

    return re.sub(r"<!-- figures: (\w+) -->\n.*?<!-- end -->", fill, page, flags=re.S)


def draw_strips(result: Result, store: Store, tables: Sequence[Table], timed: Path) -> None:
    """All strips of pictures; of layouts the first of the run that have regions, none picked."""
    bench = load_bench()
    shown = [number for number in result.shown if len(bench.layout(number).regions) > 1][:SHOWN]
    for name, methods in (("ladder", (*LADDER, "joint-lcm", "truth")), ("naive", (*NAIVE, "exact-lcm"))):
        rows = _named(result, methods)
        pictures = [_row(number, rows, store) for number in shown]
        whole = [row for row in pictures if len(row) == len(rows) + 1]
        if whole:
            save(grid(whole, ["asked for", *(row.label for row in rows)], SIDE_PX), STRIPS / f"{name}.webp")
    for each in tables:
        if each.name in WIDE_PX:
            pictures = [np.asarray(Image.open(timed / path).convert("RGB")) for path in each.pictures]
            save(
                stack(pictures, [row[0] for row in each.rows], WIDE_PX[each.name]),
                STRIPS / f"{each.name}.webp",
            )


def _row(number: int, methods: Sequence[MethodResult], store: Store) -> list[np.ndarray]:
    layout = load_bench().layout(number)
    names = [region.prompt for region in layout.regions]
    asked = sketch([region.mask for region in layout.regions], names, layout.extent.shape)
    drawn = [method.name for method in methods if store.record(method.name, number)]
    return [asked, *(store.pixels(name, number) for name in drawn)]


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--run", type=Path, default=ROOT / "build" / "eval" / "test")
    options.add_argument("--tables", type=Path, default=ROOT / "build" / "eval" / "tables")
    args = options.parse_args()
    write_document(args.run, args.tables)


def write_document(run: Path, timed: Path) -> None:
    result = msgspec.json.decode((run / "result.json").read_bytes(), type=Result)
    tables = timed / "tables.json"
    measured = msgspec.json.decode(tables.read_bytes(), type=list[Table]) if tables.exists() else []
    RESULTS.mkdir(exist_ok=True)
    for name, value in (("bench", result), ("tables", measured)):
        write_atomically(
            RESULTS / f"{name}.json", msgspec.json.format(msgspec.json.encode(value), indent=1) + b"\n"
        )
    page = PAGE.read_text(encoding="utf-8")
    write_atomically(PAGE, filled(page, sections(result, measured)).encode())
    draw_strips(result, Store(run), measured, timed)
    print(f"{PAGE.relative_to(ROOT)}: figures of {result.circumstances['date']}")


if __name__ == "__main__":
    main()
