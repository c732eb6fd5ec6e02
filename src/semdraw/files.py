"""The project file `.semdraw`: a zip of scene.json, masks and background as PNG, and a thumbnail.

Reading is strict and bounded: known names only, actual bytes counted, nothing extracted to disk. A file of a newer
version is refused by name and left untouched. Same scene, same bytes.
"""

from __future__ import annotations

import io
import re
import struct
import zipfile
import zlib
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np
from PIL import Image

from semdraw.disk import MAX_FILE_BYTES, read_bounded, write_atomically
from semdraw.errors import FileError, SceneError
from semdraw.geometry import MAX_AREA_PX, Extent
from semdraw.rasters import Mask, Picture
from semdraw.scene import MAX_BRUSHES, ColorBackground, ImageBackground, Scene, checked

VERSION: Final = 1
SUFFIX: Final = ".semdraw"
MIMETYPE: Final = b"application/vnd.semdraw+zip"
MAX_INFLATED_BYTES: Final = 96 * 2**20
MAX_JSON_BYTES: Final = 2**20
THUMBNAIL_PX: Final = 256

_NAMES: Final = re.compile(
    r"mimetype|scene\.json|thumbnail\.png|background\.png|(masks|frozen)/[0-9]{3}\.png"
)
_MOST_ENTRIES: Final = 3 * MAX_BRUSHES + 4  # a mask, and what is frozen, its picture and its mask
_EPOCH: Final = (1980, 1, 1, 0, 0, 0)
UNREADABLE: Final = (  # all that zipfile raises on damaged, locked or foreign archives
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    NotImplementedError,
    RuntimeError,
    EOFError,
    OSError,
    ValueError,
)


class _Version(msgspec.Struct):
    """The one field that every version has."""

    version: int


class _Document(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """scene.json of version 1: masks and pictures stand there by the names of their entries."""

    version: int
    scene: Scene


def project_bytes(scene: Scene, *, picture: Picture | None = None) -> bytes:
    """The project file of a scene; the thumbnail shows `picture`, or the painted areas in their brushes' colours."""
    entries: dict[str, bytes] = {}
    document = msgspec.json.encode(
        _Document(VERSION, checked(scene)), enc_hook=lambda value: _store(value, scene, entries)
    )
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        add_entry(archive, "mimetype", MIMETYPE)
        add_entry(
            archive,
            "scene.json",
            _checked_words(msgspec.json.format(document, indent=1)),
            zipfile.ZIP_DEFLATED,
        )
        for name, data in entries.items():
            add_entry(archive, name, data)
        add_entry(archive, "thumbnail.png", thumbnail_bytes(picture or painted_areas(scene)))
    return checked_size(out.getvalue())


def scene_from_project(data: bytes) -> Scene:
    """The scene of a project file, or a FileError that says what is wrong with it."""
    if len(data) > MAX_FILE_BYTES:
        raise FileError(
            f"a project file may have {MAX_FILE_BYTES // 2**20} MiB, got {len(data) / 2**20:.0f} MiB"
        )
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = _read_entries(archive)
    except UNREADABLE as error:
        raise FileError(f"not a readable project file: {error}") from None
    return _scene_from_entries(entries)


def save_project(path: Path, scene: Scene, *, picture: Picture | None = None) -> None:
    """Write a project file; on a failure the earlier file stays as it was."""
    write_atomically(path, project_bytes(scene, picture=picture))


def open_project(path: Path) -> Scene:
    """Read a project file."""
    return scene_from_project(read_bounded(path))


def painted_areas(scene: Scene) -> Picture:
    """A map of the scene without any model: each visible layer in its brush's colour over the background."""
    canvas = scene.canvas
    match canvas.background:
        case ImageBackground(picture=picture):
            ground = Image.fromarray(picture.array).resize(canvas.extent)
        case ColorBackground(color=color):
            ground = Image.new("RGB", canvas.extent, color)
        case _:
            ground = Image.new("RGB", canvas.extent, "#ffffff")
    for layer in canvas.layers:
        if layer.visible:
            ground.paste(scene.brush(layer.brush_id).color, (0, 0), Image.fromarray(layer.mask.array))
    return Picture.from_array(np.asarray(ground))


def add_entry(
    archive: zipfile.ZipFile, name: str, data: bytes, compression: int = zipfile.ZIP_STORED
) -> None:
    """An entry without the time of day: same content, same bytes."""
    info = zipfile.ZipInfo(name, _EPOCH)
    info.compress_type = compression
    archive.writestr(info, data)


def _store(value: Any, scene: Scene, entries: dict[str, bytes]) -> str:
    """msgspec enc_hook: pixels become entries, json keeps their names."""
    behind = scene.canvas.background
    match value:
        case Mask():
            name = f"masks/{len(entries):03d}.png"
        case Picture() if isinstance(behind, ImageBackground) and value is behind.picture:
            name = "background.png"
        case Picture():
            name = f"frozen/{len(entries):03d}.png"
        case _:
            raise NotImplementedError(f"no file form for {type(value)}")
    entries[name] = _png(value)
    return name


def checked_size(data: bytes) -> bytes:
    """`data`, or a FileError where it is larger than what is read again."""
    if len(data) > MAX_FILE_BYTES:
        raise FileError(
            f"this scene makes a file of {len(data) / 2**20:.0f} MiB and {MAX_FILE_BYTES // 2**20} MiB "
            "can be opened again; merge or clear some regions, or take a plainer picture behind"
        )
    return data


def _checked_words(document: bytes) -> bytes:
    """scene.json, or a FileError where it is larger than what is read again."""
    if len(document) > MAX_JSON_BYTES:
        raise FileError(
            f"the words of this scene take {len(document) / 2**10:.0f} KiB and {MAX_JSON_BYTES // 2**10} KiB can be "
            "opened again; shorten prompts, or take fewer regions"
        )
    return document


def _png(raster: Mask | Picture) -> bytes:
    out = io.BytesIO()
    Image.fromarray(raster.array).save(out, "PNG", compress_level=6)
    return out.getvalue()


def thumbnail_bytes(picture: Picture) -> bytes:
    """A PNG of at most 256 px a side."""
    image = Image.fromarray(picture.array)
    image.thumbnail((THUMBNAIL_PX, THUMBNAIL_PX))
    return _png(Picture.from_array(np.asarray(image)))


def _read_entries(archive: zipfile.ZipFile) -> dict[str, bytes]:
    infos = archive.infolist()
    if len(infos) > _MOST_ENTRIES:
        raise FileError(f"a project file has at most {_MOST_ENTRIES} entries, got {len(infos)}")
    budget = MAX_INFLATED_BYTES
    entries: dict[str, bytes] = {}
    for info in infos:
        if not _NAMES.fullmatch(info.filename) or info.filename in entries:
            raise FileError(f"not a project file: unexpected entry {info.filename!r}")
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise FileError(f"not a project file: {info.filename!r} is packed in an unknown way")
        with archive.open(info) as file:
            data = file.read(budget + 1)
        budget -= len(data)
        if budget < 0:
            raise FileError(
                f"a project file may inflate to {MAX_INFLATED_BYTES // 2**20} MiB, this one is larger"
            )
        entries[info.filename] = data
    return entries


def _scene_from_entries(entries: dict[str, bytes]) -> Scene:
    document = entries.get("scene.json", b"")
    if entries.get("mimetype") != MIMETYPE or not 0 < len(document) <= MAX_JSON_BYTES:
        raise FileError("not a semdraw project file: its mimetype or scene.json is missing or too large")
    try:
        version = msgspec.json.decode(document, type=_Version).version
        if version != VERSION:
            raise FileError(
                f"this project file has version {version}; this semdraw reads version {VERSION}. "
                "Update semdraw to open it; the file was left as it is"
            )
        rasters = _Rasters(entries)
        return checked(msgspec.json.decode(document, type=_Document, dec_hook=rasters.load).scene)
    except (msgspec.DecodeError, SceneError, ValueError, RecursionError) as error:
        raise FileError(f"the scene in this project file makes no sense: {error}") from None


class _Rasters:
    """The pixels of the entries; each is decoded once, however often the scene names it."""

    def __init__(self, entries: dict[str, bytes]) -> None:
        self._entries = entries
        self._decoded: dict[tuple[type, str], Mask | Picture] = {}

    def load(self, kind: type, name: Any) -> Mask | Picture:
        """msgspec dec_hook: the pixels of an entry."""
        if not isinstance(name, str) or name not in self._entries:
            raise ValueError(f"there is no entry {name!r}")
        if (kind, name) not in self._decoded:
            self._decoded[kind, name] = _raster(kind, self._entries[name])
        return self._decoded[kind, name]


def _raster(kind: type, data: bytes) -> Mask | Picture:
    if kind is Mask:
        return Mask.from_array(_pixels(data, "L"))
    if kind is Picture:
        return Picture.from_array(_pixels(data, "RGB"))
    raise NotImplementedError(f"no file form for {kind}")


def _pixels(data: bytes, mode: str) -> np.ndarray[Any, np.dtype[np.uint8]]:
    try:
        with Image.open(io.BytesIO(data), formats=["PNG"]) as image:
            extent = Extent(*image.size)
            if extent.area > MAX_AREA_PX:
                raise ValueError(f"an image of {extent} px is out of bounds")
            return np.asarray(image.convert(mode))
    except (OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise ValueError(f"not a readable PNG: {error}") from None
