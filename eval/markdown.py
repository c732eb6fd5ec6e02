"""Tables of a result in Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from eval.results import Column, MethodResult, Result, Table, Worth, shown_figure, shown_value

ARROWS = {"up": " ↑", "down": " ↓", "one": " →1", "": ""}


def table_of_figures(
    columns: Sequence[Column], methods: Sequence[MethodResult], *, has_intervals: bool = False
) -> str:
    """One line a method; columns that nothing was measured for are left out."""
    kept = [column for column in columns if any(column.key in method.figures for method in methods)]
    head = ["method", "n", *(f"{column.label}{ARROWS[column.better]}" for column in kept)]
    return table(head, [_line(kept, method, has_intervals=has_intervals) for method in methods])


def _line(columns: Sequence[Column], method: MethodResult, *, has_intervals: bool) -> list[str]:
    cells = [method.label, str(method.num_pictures or "–")]
    for column in columns:
        figure = method.figures.get(column.key)
        if figure is None:
            cells.append("–")
        else:
            shown = shown_figure(column, figure) if has_intervals else shown_value(column, figure.value)
            cells.append(shown)
    return cells


def table_of_shares(columns: Sequence[Column], methods: Sequence[MethodResult]) -> str:
    """Where each figure lies between its ends, 0 to 1, and the one figure that takes all together."""
    shares = [
        (
            method,
            {
                column.key: figure.calibrated
                for column in columns
                if (figure := method.figures.get(column.key))
            },
        )
        for method in methods
    ]
    kept = [column for column in columns if any(found.get(column.key) is not None for _, found in shares)]
    has_score = any("score" in method.figures for method in methods)
    lines = [
        [method.label, *(_share(found.get(column.key)) for column in kept)]
        + ([_share(score.value if (score := method.figures.get("score")) else None)] if has_score else [])
        for method, found in shares
    ]
    head = ["method", *(f"{column.label}'" for column in kept)]
    return table(head + (["Score"] if has_score else []), lines)


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value + 0.0:.2f}"


def table_of_slices(column: Column, methods: Sequence[MethodResult]) -> str:
    """One figure, for parts of the layouts."""
    names = list(dict.fromkeys(name for method in methods for name in method.slices))
    shown = [name for name in names if any(column.key in m.slices.get(name, {}) for m in methods)]
    lines = [
        [method.label, *(shown_figure(column, method.slices.get(name, {}).get(column.key)) for name in shown)]
        for method in methods
    ]
    return table(["method", *(name.replace("_", " ") for name in shown)], lines)


def table_of_worth(worth: Sequence[Worth], columns: Sequence[Column]) -> str:
    """What each ingredient changes, with intervals; bold where they leave zero out."""
    kept = [column for column in columns if any(column.key in each.differences for each in worth)]
    lines = [[each.ingredient, str(each.num_pictures), *_changes(each, kept)] for each in worth]
    return table(["ingredient", "n", *(column.label for column in kept)], lines)


def _changes(worth: Worth, columns: Sequence[Column]) -> Iterator[str]:
    for column in columns:
        figure = worth.differences.get(column.key)
        if figure is None:
            yield "–"
            continue
        sign = "+" if figure.value > 0 else ""
        words = f"{sign}{shown_figure(column, figure)}"
        is_sure = figure.low is not None and figure.high is not None and figure.low * figure.high > 0
        yield f"**{words}**" if is_sure else words


def plain_table(given: Table) -> str:
    return "\n\n".join([table(given.head, given.rows), *given.remarks])


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---", *("---:" for _ in head[1:])], *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "/") for cell in line) + " |" for line in lines)


def whole(result: Result) -> str:
    """All tables of a result, for a terminal or a note."""
    main = [column for column in result.columns if column.is_main]
    rest = [column for column in result.columns if not column.is_main]
    parts = [f"# {result.title}"]
    if result.is_quick:
        parts.append("**A quick look at few layouts: for yourself, never to be quoted.**")
    told = (f"{name}: {value}" for name, value in result.circumstances.items() if value not in (None, ""))
    parts += ["; ".join(told), table_of_figures(main, result.methods)]
    if rest:
        parts += ["## More figures", table_of_figures(rest, result.methods)]
    if any(figure.calibrated is not None for each in result.methods for figure in each.figures.values()):
        parts += ["## Calibrated", table_of_shares(result.columns, result.methods)]
    if result.worth:
        parts += ["## What each part is worth", table_of_worth(result.worth, result.columns)]
    for each in result.tables:
        parts += [f"## {each.title}", plain_table(each)]
    notes = [f"{method.label}: {method.note}." for method in result.methods if method.note]
    return "\n\n".join([*parts, *notes]) + "\n"
