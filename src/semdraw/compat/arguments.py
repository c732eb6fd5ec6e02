"""Published arguments -> plain values: one text or number for all, or one for each. Imports no torch."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any, TypeVar

from semdraw.errors import UsageError

T = TypeVar("T")


def texts(value: str | Sequence[str] | None, count: int, what: str) -> list[str]:
    """One text for each of `count`: a single one stands for all, None for empty ones."""
    several = [value or ""] if value is None or isinstance(value, str) else list(value)
    return spread(several, count, what)


def numbers(value: Any, count: int, what: str, *, default: float) -> list[float]:
    """One number for each of `count`; takes numbers, sequences and tensors of one or `count` entries."""
    if value is None:
        return [float(default)] * count
    plain = value.tolist() if hasattr(value, "tolist") else value
    several = list(plain) if isinstance(plain, Sequence) else [plain]
    return spread([float(one) for one in several], count, what)


def spread(several: list[T], count: int, what: str) -> list[T]:
    """`count` values, of which one stands for all."""
    if len(several) == count:
        return several
    if len(several) != 1:
        raise UsageError(f"{what} is one value for all or one each of {count}, got {len(several)}")
    return several * count


def unused(what: str, given: Any, usual: Any, why: str) -> None:
    """Say so where an argument that changes nothing here was given another value than it usually has."""
    if given != usual:
        warnings.warn(f"{what}={given!r} changes nothing here: {why}", UserWarning, stacklevel=4)


def first(*values: Any) -> Any:
    """The first that is not None."""
    return next((value for value in values if value is not None), None)
