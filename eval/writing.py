"""A result on disk: all numbers, tables for a terminal, and the page with its pictures."""

from __future__ import annotations

from pathlib import Path

import msgspec

from eval.markdown import whole
from eval.page import Row, page
from eval.results import Result
from semdraw.disk import write_atomically


def write_result(result: Result, rows: list[Row], folder: Path) -> None:
    """All three forms, and the tables on the terminal."""
    folder.mkdir(parents=True, exist_ok=True)
    table = whole(result)
    write_atomically(folder / "result.json", msgspec.json.format(msgspec.json.encode(result)) + b"\n")
    write_atomically(folder / "table.md", table.encode())
    write_atomically(folder / "report.html", page(result, rows).encode())
    print(f"\n{table}\n{folder / 'report.html'}: the pictures side by side")
