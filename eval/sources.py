"""The code that something depends on, as a hash: comments and layout change nothing, anything else does."""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterator
from functools import cache

from eval.circumstances import ROOT

PLACES = {"eval": ROOT, "train": ROOT, "semdraw": ROOT / "src"}


@cache
def code_of(*names: str) -> str:
    """Of these modules and of all that they import from this repository."""
    files = sorted(reached(names).items())
    return hashlib.blake2b(repr(files).encode(), digest_size=10).hexdigest()


@cache
def code_of_these(*names: str) -> str:
    """Of these modules alone."""
    found = [(name, _told(tree)) for name in names if (tree := _tree(name)) is not None]
    return hashlib.blake2b(repr(found).encode(), digest_size=10).hexdigest()


def reached(names: tuple[str, ...]) -> dict[str, str]:
    """Each module with a hash of what it says."""
    left, found = list(names), dict[str, str]()
    while left:
        name = left.pop()
        tree = None if name in found else _tree(name)
        if tree is not None:
            found[name] = _told(tree)
            left += _imported(tree)
    return found


def _told(tree: ast.Module) -> str:
    return hashlib.blake2b(ast.dump(tree).encode(), digest_size=10).hexdigest()


def _tree(name: str) -> ast.Module | None:
    """None for what is not a module of this repository."""
    top = name.split(".")[0]
    if top not in PLACES:
        return None
    place = PLACES[top].joinpath(*name.split("."))
    for file in (place.with_suffix(".py"), place / "__init__.py"):
        if file.is_file():
            return ast.parse(file.read_text(encoding="utf-8"))
    return None


def _imported(tree: ast.Module) -> Iterator[str]:
    """`from a import b` may mean a module a.b."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{each.name}" for each in node.names)
