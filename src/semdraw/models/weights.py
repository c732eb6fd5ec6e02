"""Which files hold the weights of a part, told and checked from names and headers; bytes are read for the hash alone.

Only safetensors are taken. A pickle is never opened, whatever its name.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from semdraw.errors import CheckpointError
from semdraw.models.headers import read_header, without_doubles

MAX_JSON_BYTES: Final = 2 * 2**20
_STEMS: Final = ("diffusion_pytorch_model", "model")
_PICKLES: Final = frozenset({".bin", ".pt", ".pth", ".ckpt", ".pkl"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """The files of one part; `variant` is what their names carry, such as fp16."""

    files: tuple[Path, ...]
    variant: str | None


def find_weights(folder: Path) -> Weights:
    """The weights of a part, in one file or in several with an index; full precision before fp16. Headers checked."""
    for variant in (None, "fp16"):
        mark = f".{variant}" if variant else ""
        for stem in _STEMS:
            single = folder / f"{stem}{mark}.safetensors"
            index = folder / f"{stem}.safetensors.index{mark}.json"
            if single.exists():
                check_safetensors(single)
                return Weights(files=(single,), variant=variant)
            if index.exists():
                return Weights(files=_shards(index), variant=variant)
    raise CheckpointError(f"{folder} holds no model.safetensors{_what_lies_there(folder)}")


def _what_lies_there(folder: Path) -> str:
    pickles = sorted(path.name for path in folder.glob("*") if path.suffix in _PICKLES)
    found = sorted(path.name for path in folder.glob("*.safetensors"))
    hint = f"; {pickles} are pickles, which are never opened: convert them to safetensors" if pickles else ""
    return f", diffusion_pytorch_model.safetensors or .fp16.safetensors; found {found}{hint}"


def _shards(index: Path) -> tuple[Path, ...]:
    """The files that an index names; every tensor lies where the index says."""
    places = read_json(index).get("weight_map")
    if not isinstance(places, dict) or not places:
        raise CheckpointError(f"{index} has no weight_map of tensors to files")
    names = sorted({str(name) for name in places.values()})
    for name in names:
        if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._-]*\.safetensors", name):
            raise CheckpointError(f"{index} names {name!r}; wanted a .safetensors file in the same folder")
        if not (index.parent / name).is_file():
            raise CheckpointError(f"{index.parent / name} is missing; {index.name} names it")
        missing = {str(key) for key, place in places.items() if place == name} - check_safetensors(
            index.parent / name
        )
        if missing:
            raise CheckpointError(
                f"{index.parent / name} lacks {len(missing)} tensors, {min(missing)!r} first"
            )
    return tuple(index.parent / name for name in names)


def check_safetensors(path: Path) -> frozenset[str]:
    """The names of a file's tensors; a header that is not what such files begin with is refused."""
    return frozenset(read_header(path).tensors)


def read_json(path: Path) -> dict[str, Any]:
    """A small json object, or a CheckpointError."""
    try:
        if path.stat().st_size > MAX_JSON_BYTES:
            raise CheckpointError(f"{path} is larger than a config file may be ({MAX_JSON_BYTES} bytes)")
        value = json.loads(path.read_text(encoding="utf-8"), object_pairs_hook=without_doubles)
    except FileNotFoundError:
        raise CheckpointError(f"{path} is missing; wanted a model folder in diffusers layout") from None
    except (OSError, ValueError, RecursionError) as error:
        raise CheckpointError(f"{path} is not readable json: {error}") from None
    if not isinstance(value, dict):
        raise CheckpointError(f"{path} should hold a json object, got {type(value).__name__}")
    return value


def fingerprint(files: Iterable[Path]) -> str:
    """16 hex digits over all bytes of weight files, about a second per GB when they are asked for first."""
    digest = hashlib.sha256()
    for path in files:
        stat = path.stat()
        digest.update(_digest(path, stat.st_size, stat.st_mtime_ns))
    return digest.hexdigest()[:16]


@lru_cache(maxsize=256)
def _digest(path: Path, _size: int, _changed_ns: int) -> bytes:
    """SHA-256 of a file, computed anew where its size or time of change is another."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()
