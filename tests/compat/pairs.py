"""All pairs: a small table in which every value of every argument meets every value of every other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

Pair = tuple[tuple[str, int], tuple[str, int]]


def all_pairs(values: Mapping[str, Sequence[Any]]) -> list[dict[str, Any]]:
    """Rows that hold every pair, chosen greedily: each row begins with a pair that is missing."""
    names = list(values)
    missing = {
        ((a, i), (b, j))
        for a, b in combinations(names, 2)
        for i in range(len(values[a]))
        for j in range(len(values[b]))
    }
    rows: list[dict[str, Any]] = []
    while missing:
        row = dict(min(missing))
        for name in names:
            if name not in row:
                row[name] = max(
                    range(len(values[name])),
                    key=lambda i, n=name: len(missing & _pairs({**row, n: i}, names)),
                )
        missing -= _pairs(row, names)
        rows.append({name: values[name][row[name]] for name in names})
    return rows


def _pairs(row: Mapping[str, int], names: Sequence[str]) -> set[Pair]:
    return {((a, row[a]), (b, row[b])) for a, b in combinations([n for n in names if n in row], 2)}
