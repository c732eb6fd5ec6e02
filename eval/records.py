"""What a run keeps, one picture and one record for each (method, layout): an unfinished run goes on where it ended."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from PIL import Image

from semdraw.disk import write_atomically
from semdraw.geometry import Bounds
from semdraw.pictures import png_bytes
from semdraw.rasters import Picture


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """One picture: how it was made, what that cost, and how it was judged.

    drawn_by, judged_by: hashes of all that the picture and its scores depend on. take: 0 is the layout's own seed,
    others are further pictures of it, which are not judged alone. error: why there is no picture; a blank one is
    judged in its place. windows: the parts of the canvas in which it was painted (x, y, width, height), in px.
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
    windows: list[Bounds] = []
    scores: dict[str, Any] = {}


class EditRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One edit. first_ms, settled_ms: until any frame came, and until one as good as the settled one did."""

    kind: str
    coll: float
    undo: float
    shows_soon: bool
    shows_settled: bool
    first_ms: float
    settled_ms: float


class ScriptRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One script by one method. varied: the flicker of a stream with new noise in every frame."""

    made_by: str
    method: str
    script: int
    flk: float
    varied: float
    edits: list[EditRecord]


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

    def features(self, method: str, layout: int, take: int = 0) -> dict[str, np.ndarray]:
        """What was kept of a picture for distributions; nothing where nothing was."""
        path = self._features(method, layout, take)
        if not path.exists():
            return {}
        with np.load(path) as kept:
            return {name: kept[name].astype(np.float32) for name in kept.files}

    def write(
        self, record: Record, pixels: np.ndarray | None, features: dict[str, np.ndarray] | None = None
    ) -> None:
        """The picture first, so that a record always has one; None: the picture is there already."""
        if pixels is not None:
            path = self.picture(record.method, record.layout, record.take)
            path.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(path, png_bytes(Picture.from_array(pixels).array))
        if features:
            out = io.BytesIO()
            halves: dict[str, Any] = {name: value.astype(np.float16) for name, value in features.items()}
            np.savez(out, **halves)
            path = self._features(record.method, record.layout, record.take)
            path.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(path, out.getvalue())
        path = self._record(record.method, record.layout, record.take)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, msgspec.json.encode(record))

    def script(self, method: str, script: int) -> ScriptRecord | None:
        """What is known of an edit script; None where nothing is."""
        try:
            return msgspec.json.decode(self._script(method, script).read_bytes(), type=ScriptRecord)
        except (OSError, msgspec.MsgspecError):
            return None

    def write_script(self, record: ScriptRecord) -> None:
        path = self._script(record.method, record.script)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, msgspec.json.encode(record))

    def _script(self, method: str, script: int) -> Path:
        return self.folder / "edits" / method / f"{script:02}.json"

    def _features(self, method: str, layout: int, take: int) -> Path:
        return self.folder / "features" / method / f"{_name(layout, take)}.npz"

    def _record(self, method: str, layout: int, take: int) -> Path:
        return self.folder / "records" / method / f"{_name(layout, take)}.json"


def _name(layout: int, take: int) -> str:
    return f"{layout:04}" if not take else f"{layout:04}-{take}"


def digest(*parts: object) -> str:
    """A short hash of the parts' own words."""
    return hashlib.blake2b(repr(parts).encode(), digest_size=10).hexdigest()
