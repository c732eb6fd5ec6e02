"""One self-contained page of a run: figures with their intervals, and the pictures side by side."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from pathlib import Path

import numpy as np
from PIL import Image

from eval.results import Column, Figure, MethodResult, Result, Table, Worth, shown_figure, shown_value

_HERE = Path(__file__).parent
_SHOT_PX = 224
ARROWS = {"up": "↑", "down": "↓", "one": "→1", "": ""}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Shot:
    """One picture of one layout: pixels (H W 3) uint8, and what is said below it."""

    method: str
    label: str
    pixels: np.ndarray
    said: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Row:
    """The pictures of one layout; the first shows what was asked."""

    title: str
    about: str
    shots: tuple[Shot, ...]


def page(result: Result, rows: list[Row]) -> str:
    """The whole page, to be written to one file."""
    return "\n".join(_page(result, rows))


def _page(result: Result, rows: list[Row]) -> Iterator[str]:
    style = (_HERE / "page.css").read_text(encoding="utf-8")
    script = (_HERE / "page.js").read_text(encoding="utf-8")
    yield '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield f"<title>{escape(result.title)}</title>\n<style>\n{style}</style>\n</head>\n<body>\n<main>"
    yield f"<h1>{escape(result.title)}</h1>"
    yield f'<p class="soft">{escape(_subtitle(result))}</p>'
    if result.is_quick:
        yield '<p class="warning">A quick look at few layouts: for yourself, never to be quoted.</p>'
    yield from _contents(result, rows)
    yield from _figures(result)
    if result.worth:
        yield from _worth(result.worth, result)
    for table in result.tables:
        yield from _table(table)
    if rows:
        yield from _pictures(result, rows)
    yield from _reading(result)
    yield f"</main>\n<dialog><img alt=''><p></p></dialog>\n<script>\n{script}</script>\n</body>\n</html>"


def _subtitle(result: Result) -> str:
    told = result.circumstances
    return ", ".join(str(told[name]) for name in ("date", "machine", "command") if told.get(name))


def _contents(result: Result, rows: list[Row]) -> Iterator[str]:
    yield "<nav>"
    yield '<a href="#figures">Figures</a>'
    if result.worth:
        yield '<a href="#worth">What each part is worth</a>'
    for table in result.tables:
        yield f'<a href="#{escape(table.name)}">{escape(table.title)}</a>'
    if rows:
        yield '<a href="#pictures">Pictures</a>'
    yield '<a href="#reading">How to read this</a></nav>'


def _figures(result: Result) -> Iterator[str]:
    yield '<h2 id="figures">Figures</h2>'
    yield (
        "<p>Means over layouts with their 95 % intervals. The line below a cell goes from one prompt without masks "
        "(empty) to the rendered truth (full). A click on a head sorts.</p>"
    )
    columns = [column for column in result.columns if _is_measured(column, result)]
    for part, title in ((True, ""), (False, "More figures")):
        chosen = [column for column in columns if column.is_main is part]
        if chosen:
            yield f"<h3>{title}</h3>" if title else ""
            yield from _figure_table(chosen, result)


def _is_measured(column: Column, result: Result) -> bool:
    return any(column.key in method.figures for method in result.methods)


def _figure_table(columns: list[Column], result: Result) -> Iterator[str]:
    yield '<div class="scroll"><table><thead><tr><th>method</th><th>n</th>'
    for column in columns:
        arrow = f' <span class="arrow">{ARROWS[column.better]}</span>' if column.better else ""
        unit = f" <span class='arrow'>{escape(column.unit)}</span>" if column.unit else ""
        yield (
            f'<th aria-sort="none" title="{escape(column.about)}"><button>{escape(column.label)}{unit}{arrow}'
            "</button></th>"
        )
    yield "</tr></thead><tbody>"
    best = {column.key: _best(column, result) for column in columns}
    group = ""
    for place, method in enumerate(result.methods):
        start = ' class="start"' if group and method.group != group else ""
        group = method.group
        yield f'<tr{start} data-method="{escape(method.name)}" data-place="{place}">'
        note = f"<small>{escape(method.note)}</small>" if method.note else ""
        yield f'<th title="{escape(method.about)}">{escape(method.label)}{note}</th>'
        yield f"<td>{method.num_pictures or '–'}</td>"
        for column in columns:
            figure = method.figures.get(column.key)
            is_best = figure is not None and method.group != "ends" and figure.value == best[column.key]
            yield _cell(column, figure, is_best=is_best)
        yield "</tr>"
    yield "</tbody></table></div>"


def _best(column: Column, result: Result) -> float | None:
    """The highest value of all methods that paint; none where a blank picture would win."""
    values = [
        method.figures[column.key].value
        for method in result.methods
        if method.group != "ends" and column.key in method.figures
    ]
    return max(values, default=None) if column.better == "up" else None


def _cell(column: Column, figure: Figure | None, *, is_best: bool) -> str:
    if figure is None:
        return "<td>–</td>"
    names = (["best"] if is_best else []) + (["bar"] if figure.calibrated is not None else [])
    share = "" if figure.calibrated is None else f' style="--share: {100 * figure.calibrated:.0f}%"'
    interval = ""
    if figure.low is not None and figure.high is not None:
        interval = f"<small>{shown_value(column, figure.low)} – {shown_value(column, figure.high)}</small>"
    value = f'data-value="{figure.value:g}"'
    return f'<td class="{" ".join(names)}" {value}{share}>{shown_value(column, figure.value)}{interval}</td>'


def _worth(worth: list[Worth], result: Result) -> Iterator[str]:
    columns = [column for column in result.columns if any(column.key in each.differences for each in worth)]
    yield '<h2 id="worth">What each part is worth</h2>'
    yield (
        "<p>Mean difference on the same layouts, with its 95 % interval: what comes with the ingredient. Coloured "
        "where the interval leaves zero out.</p>"
    )
    yield '<div class="scroll"><table><thead><tr><th>ingredient</th><th>n</th>'
    yield "".join(f"<th>{escape(column.label)}</th>" for column in columns)
    yield "</tr></thead><tbody>"
    for each in worth:
        names = f"{_label(each.before, result)} → {_label(each.after, result)}"
        yield f"<tr><th>{escape(each.ingredient)}<small>{escape(names)}</small></th><td>{each.num_pictures}</td>"
        yield "".join(_change(column, each.differences.get(column.key)) for column in columns)
        yield "</tr>"
    yield "</tbody></table></div>"


def _label(name: str, result: Result) -> str:
    method = result.method(name)
    return name if method is None else method.label


def _change(column: Column, figure: Figure | None) -> str:
    if figure is None:
        return "<td>–</td>"
    kind = ""
    if figure.low is not None and figure.high is not None and figure.low * figure.high > 0:
        is_rise = (figure.value > 0) == (column.better != "down")
        kind = "rise" if is_rise else "fall"
    sign = "+" if figure.value > 0 else ""
    words = shown_figure(column, figure).split(" (", 1)
    small = f"<small>{words[1].rstrip(')')}</small>" if len(words) > 1 else ""
    return f'<td class="{kind}">{sign}{words[0]}{small}</td>'


def _table(table: Table) -> Iterator[str]:
    yield f'<h2 id="{escape(table.name)}">{escape(table.title)}</h2>'
    yield '<div class="scroll"><table><thead><tr>'
    yield "".join(f"<th>{escape(head)}</th>" for head in table.head) + "</tr></thead><tbody>"
    for row in table.rows:
        cells = "".join(f"<td>{escape(cell)}</td>" for cell in row[1:])
        yield f"<tr><th>{escape(row[0])}</th>{cells}</tr>"
    yield "</tbody></table></div>"
    yield from (f'<p class="soft">{escape(remark)}</p>' for remark in table.remarks)


def _pictures(result: Result, rows: list[Row]) -> Iterator[str]:
    yield '<h2 id="pictures">Pictures</h2>'
    yield (
        "<p>None picked: the first layouts of the order in which the run takes them. A click opens a picture; then "
        "the arrow keys go through methods and layouts. Chips hide a method.</p>"
    )
    yield '<div class="chips">'
    drawn = {shot.method for row in rows for shot in row.shots}
    yield from (
        f'<button aria-pressed="true" data-of="{escape(method.name)}">{escape(method.label)}</button>'
        for method in result.methods
        if method.name in drawn
    )
    yield "</div>"
    for row in rows:
        yield f'<section class="layout"><header><strong>{escape(row.title)}</strong>'
        yield f'<span class="soft">{escape(row.about)}</span></header><div class="shots">'
        yield from map(_shot, row.shots)
        yield "</div></section>"


def _shot(shot: Shot) -> str:
    said = f' <span class="soft">{escape(shot.said)}</span>' if shot.said else ""
    return (
        f'<figure data-method="{escape(shot.method)}"><button class="shot">'
        f'<img loading="lazy" alt="{escape(shot.label)}" src="{inline(shot.pixels)}"></button>'
        f"<figcaption>{escape(shot.label)}{said}</figcaption></figure>"
    )


def inline(pixels: np.ndarray) -> str:
    """A picture as an address that holds it, at most `_SHOT_PX` wide."""
    picture = Image.fromarray(pixels)
    if picture.width > _SHOT_PX:
        picture = picture.resize(
            (_SHOT_PX, round(_SHOT_PX * picture.height / picture.width)), Image.Resampling.LANCZOS
        )
    out = io.BytesIO()
    picture.save(out, "WEBP", quality=82, method=4)
    return "data:image/webp;base64," + base64.b64encode(out.getvalue()).decode()


def _reading(result: Result) -> Iterator[str]:
    yield '<h2 id="reading">How to read this</h2>\n<h3>Columns</h3>\n<dl>'
    yield from (f"<dt>{escape(each.label)}</dt><dd>{escape(each.about)}</dd>" for each in result.columns)
    yield "</dl>\n<h3>Methods</h3>\n<dl>"
    yield from (f"<dt>{escape(each.label)}</dt><dd>{escape(_told(each))}</dd>" for each in result.methods)
    yield "</dl>\n<h3>Where these figures come from</h3>\n<dl>"
    yield from (
        f"<dt>{escape(str(name))}</dt><dd>{escape(str(value))}</dd>"
        for name, value in result.circumstances.items()
        if value not in (None, "")
    )
    yield "</dl>"


def _told(method: MethodResult) -> str:
    return f"{method.about}. {method.note}" if method.note else f"{method.about}."
