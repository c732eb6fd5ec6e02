"""The header of a safetensors file: names, types and shapes of its tensors, read and checked without reading a weight.

The format begins with 8 bytes that tell the length of a json object; the tensors follow, one behind the other.
Whatever is not so is refused, whatever the name of the file; a pickle is never opened.
"""

from __future__ import annotations

import json
import math
import re
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final

from semdraw.errors import CheckpointError

MAX_HEADER_BYTES: Final = 16 * 2**20
MAX_TENSORS: Final = 20_000
MAX_DIMENSIONS: Final = 8
_BYTES: Final = {
    **dict.fromkeys(("BOOL", "U8", "I8", "F8_E4M3", "F8_E5M2"), 1),
    **dict.fromkeys(("U16", "I16", "F16", "BF16"), 2),
    **dict.fromkeys(("U32", "I32", "F32"), 4),
    **dict.fromkeys(("U64", "I64", "F64"), 8),
}


@dataclass(frozen=True, slots=True)
class Entry:
    """A tensor as the header tells it; begin and end count bytes behind the header."""

    dtype: str
    shape: tuple[int, ...]
    begin: int
    end: int


@dataclass(frozen=True, slots=True)
class Header:
    """All tensors of a file by name, and what its maker wrote beside them."""

    tensors: dict[str, Entry]
    metadata: dict[str, str]

    def __contains__(self, name: str) -> bool:
        return name in self.tensors

    def shape(self, name: str) -> tuple[int, ...]:
        """() where there is no such tensor."""
        return self.tensors[name].shape if name in self.tensors else ()

    def has(self, *beginnings: str) -> bool:
        """Whether the name of any tensor begins so."""
        return any(name.startswith(beginnings) for name in self.tensors)

    def find(self, pattern: str) -> str | None:
        """The first name, in order, in which a pattern is found."""
        return min((name for name in self.tensors if re.search(pattern, name)), default=None)


def read_header(path: Path) -> Header:
    """The header of a safetensors file; a CheckpointError says what is wrong with it."""
    try:
        with path.open("rb") as file:
            return _parsed(path, file, path.stat().st_size)
    except OSError as error:
        raise CheckpointError(f"{path} cannot be read: {error.strerror}") from None


def _parsed(path: Path, file: BinaryIO, size: int) -> Header:
    start = file.read(8)
    length = struct.unpack("<Q", start)[0] if len(start) == 8 else 0
    if not 2 <= length <= min(MAX_HEADER_BYTES, size - 8):
        what = disguise(start) or f"its header says {length} bytes of {size}"
        raise CheckpointError(f"{path} is not a safetensors file: {what}; nothing in it was opened")
    try:
        header = _checked(json.loads(file.read(length).decode("utf-8"), object_pairs_hook=without_doubles))
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError) as error:
        raise CheckpointError(f"{path} has a malformed safetensors header: {error!r}") from None
    end = max((entry.end for entry in header.tensors.values()), default=0)
    if end != size - 8 - length:
        raise CheckpointError(
            f"{path}, a safetensors file, is cut off or has a tail: {size} bytes, wanted {8 + length + end}"
        )
    return header


def disguise(start: bytes) -> str | None:
    """What the first bytes of a file give away, for kinds that may carry code whatever their names."""
    if start[:1] == b"\x80" and start[1:2] in {b"\x02", b"\x03", b"\x04", b"\x05"}:
        return "it is a pickle, which may carry code"
    if start[:4] in {b"PK\x03\x04", b"PK\x05\x06"}:
        return "it is a zip archive, such as torch.save writes with a pickle inside"
    return None


def without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Two readers of the same json may take different ones of two equal names; so neither is taken."""
    told = dict(pairs)
    if len(told) != len(pairs):
        raise ValueError("a name stands twice in one object")
    return told


def _checked(told: Any) -> Header:
    if not isinstance(told, dict):
        raise TypeError(f"an object is wanted, got {type(told).__name__}")
    metadata = told.pop("__metadata__", {})
    if not isinstance(metadata, dict) or not all(isinstance(value, str) for value in metadata.values()):
        raise TypeError("__metadata__ should hold texts only")
    if len(told) > MAX_TENSORS:
        raise ValueError(f"{len(told)} tensors, at most {MAX_TENSORS}")
    tensors = {name: _entry(name, value) for name, value in told.items()}
    _require_gapless(tensors.values())
    return Header(tensors, metadata)


def _entry(name: str, told: dict[str, Any]) -> Entry:
    if set(told) != {"dtype", "shape", "data_offsets"}:
        raise ValueError(f"{name!r} tells {sorted(told)}")
    dtype, shape, (begin, end) = told["dtype"], told["shape"], told["data_offsets"]
    if dtype not in _BYTES:
        raise ValueError(f"{name!r} is of type {dtype!r}, which is not read here")
    if (
        not isinstance(shape, list)
        or len(shape) > MAX_DIMENSIONS
        or not all(map(_is_count, [*shape, begin, end]))
    ):
        raise ValueError(f"{name!r} has the shape {shape} at {begin}, {end}")
    if math.prod(shape) * _BYTES[dtype] != end - begin:
        raise ValueError(f"{name!r} is {shape} of {dtype} and has {end - begin} bytes")
    return Entry(dtype, tuple(shape), begin, end)


def _is_count(value: Any) -> bool:
    return type(value) is int and 0 <= value < 2**48


def _require_gapless(entries: Iterable[Entry]) -> None:
    """Tensors lie behind one another: none shares bytes with another, and nothing hides between them."""
    at = 0
    for entry in sorted(entries, key=lambda entry: (entry.begin, entry.end)):
        if entry.begin != at:
            raise ValueError(f"tensors overlap or leave a gap at byte {min(at, entry.begin)}")
        at = entry.end
