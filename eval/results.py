"""The result of a run as a value: what the table, the page and the document are made from."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

Better = Literal["up", "down", "one", ""]


class Column(msgspec.Struct, frozen=True, kw_only=True):
    """A figure by which methods are compared. better: more, less, or nearer to one; "" is a cost or a count.

    is_main: in the first table of a report. scale: by what a value is multiplied where it is shown.
    """

    key: str
    label: str
    about: str
    better: Better = "up"
    digits: int = 2
    scale: float = 1.0
    unit: str = ""
    is_main: bool = True


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """A mean over n layouts and its 95 % interval. calibrated: 0 is one prompt without masks, 1 the truth."""

    value: float
    low: float | None = None
    high: float | None = None
    n: int = 0
    calibrated: float | None = None


class MethodResult(msgspec.Struct, frozen=True, kw_only=True):
    """One row. note: what a reader must know of it. slices: figures of a part of the layouts, by its name."""

    name: str
    label: str
    group: str
    about: str
    note: str = ""
    num_pictures: int = 0
    figures: dict[str, Figure] = {}
    slices: dict[str, dict[str, Figure]] = {}


class Worth(msgspec.Struct, frozen=True, kw_only=True):
    """What one ingredient changes: the mean difference on the same layouts, by column."""

    ingredient: str
    before: str
    after: str
    num_pictures: int
    differences: dict[str, Figure]


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """A further table in words, ready to be shown; pictures: file names beside the result, one for each row."""

    name: str
    title: str
    head: list[str]
    rows: list[list[str]]
    remarks: list[str] = []
    pictures: list[str] = []


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """circumstances: machine, date, commit, command and what the figures rest on."""

    title: str
    is_quick: bool
    circumstances: dict[str, Any]
    columns: list[Column]
    methods: list[MethodResult]
    worth: list[Worth] = []
    tables: list[Table] = []
    shown: list[int] = []  # the layouts whose pictures a page shows

    def method(self, name: str) -> MethodResult | None:
        return next((method for method in self.methods if method.name == name), None)


def shown_value(column: Column, value: float) -> str:
    """A number as a reader sees it: "0.82", "-0.04", "1280"."""
    text = f"{value * column.scale:.{column.digits}f}"
    return text.replace("-0.00", "0.00") if float(text) == 0 else text


def shown_figure(column: Column, figure: Figure | None) -> str:
    """ "0.82 (0.78-0.86)"; a dash where nothing was measured."""
    if figure is None:
        return "–"
    text = shown_value(column, figure.value)
    if figure.low is None or figure.high is None:
        return text
    return f"{text} ({shown_value(column, figure.low)} – {shown_value(column, figure.high)})"
