"""What a run keeps, one picture and one record for each (method, layout): an unfinished run goes on where it ended."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from PIL import Image

from semdraw.disk import write_atomically
from semdraw.pictures import png_bytes
from semdraw.rasters import Picture


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """One picture: how it was made, what that cost, and how it was judged.

    drawn_by, judged_by: hashes of all that the picture and its scores depend on. take: 0 is the layout's own seed,
    others are further pictures of it, which are not judged alone. error: why there is no picture; a blank one is
    judged in its place.
    """

    drawn_by: str
    judged_by: str
    method: str
    layout: int
    take: int = 0
    elapsed_ms: float | None = None
    rows: int = 0
    flops: int = 0
    error: str = ""
    scores: dict[str, Any] = {}


@dataclass(frozen=True, slots=True)
class Store:
    """A folder of pictures and records."""

    folder: Path

    def picture(self, method: str, layout: int, take: int = 0) -> Path:
        return self.folder / "pictures" / method / f"{_name(layout, take)}.png"

    def record(self, method: str, layout: int, take: int = 0) -> Record | None:
        """What is known of a picture; None where nothing is, or it cannot be read."""
        try:
            return msgspec.json.decode(self._record(method, layout, take).read_bytes(), type=Record)
        except (OSError, msgspec.MsgspecError):
            return None

    def pixels(self, method: str, layout: int, take: int = 0) -> np.ndarray:
        """(H W 3) uint8."""
        return np.asarray(Image.open(self.picture(method, layout, take)).convert("RGB"))

    def write(self, record: Record, pixels: np.ndarray | None) -> None:
        """The picture first, so that a record always has one; None: the picture is there already."""
        if pixels is not None:
            path = self.picture(record.method, record.layout, record.take)
            path.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(path, png_bytes(Picture.from_array(pixels).array))
        path = self._record(record.method, record.layout, record.take)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, msgspec.json.encode(record))

    def _record(self, method: str, layout: int, take: int) -> Path:
        return self.folder / "records" / method / f"{_name(layout, take)}.json"


def _name(layout: int, take: int) -> str:
    return f"{layout:04}" if not take else f"{layout:04}-{take}"


def digest(*parts: object) -> str:
    """A short hash of the parts' own words."""
    return hashlib.blake2b(repr(parts).encode(), digest_size=10).hexdigest()
