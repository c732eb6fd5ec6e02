"""What a saved picture tells of itself: from a PNG, WebP or JPEG the whole scene can be read back.

The project file of the scene travels inside: in a PNG as text `semdraw` (base64), in a WebP as Exif maker note, in a
JPEG as APP9 segments, numbered since one holds 64 KiB. The text `parameters` says the same in the words that other
tools read.
"""

from __future__ import annotations

import base64
import io
import struct
from collections.abc import Iterator
from typing import Any, Final, Literal

from PIL import ExifTags, Image
from PIL.PngImagePlugin import PngInfo

from semdraw.disk import MAX_FILE_BYTES
from semdraw.errors import FileError
from semdraw.files import UNREADABLE, checked_size, project_bytes, scene_from_project
from semdraw.rasters import Picture
from semdraw.samplers import FACTS
from semdraw.scene import PromptBackground, Scene
from semdraw.version import __version__

PictureKind = Literal["png", "webp", "jpeg"]

KEYWORD: Final = "semdraw"
_APP9: Final = b"\xff\xe9"
_SIGNATURE: Final = b"semdraw\0"
_SEGMENT_BYTES: Final = 65_000
_MAGIC: Final = (b"\x89PNG", b"RIFF", b"\xff\xd8\xff")


def picture_file(picture: Picture, scene: Scene, kind: PictureKind = "png") -> bytes:
    """A picture that carries its scene. PNG and WebP keep every pixel, JPEG does not; each carries the scene whole."""
    project, out = project_bytes(scene, picture=picture), io.BytesIO()
    image, words = Image.fromarray(picture.array), parameters(scene)
    match kind:
        case "png":
            text = PngInfo()
            text.add_itxt("parameters", words)
            text.add_itxt(KEYWORD, base64.b64encode(project).decode("ascii"))
            image.save(out, "PNG", pnginfo=text, compress_level=6)
            data = out.getvalue()
        case "webp":
            image.save(out, "WEBP", lossless=True, exif=_exif(words, project))
            data = out.getvalue()
        case "jpeg":
            image.save(out, "JPEG", quality=95, subsampling=0, exif=_exif(words))
            data = _with_segments(out.getvalue(), project)
    return checked_size(data)


def scene_from_picture(data: bytes) -> Scene:
    """The scene that a picture carries, or a FileError where it carries none."""
    if len(data) > MAX_FILE_BYTES:
        raise FileError(
            f"a picture with a scene may have {MAX_FILE_BYTES // 2**20} MiB, got {len(data) / 2**20:.0f}"
        )
    try:
        with Image.open(io.BytesIO(data), formats=["PNG", "WEBP", "JPEG"]) as image:
            packed = _carried(image)
        if not packed:
            raise FileError(
                f"this {image.format} carries no scene; pictures saved by semdraw do, until another program saves "
                "them again"
            )
        return scene_from_project(packed)
    except (*UNREADABLE, SyntaxError, Image.DecompressionBombError) as error:
        raise FileError(f"no scene can be read from this picture: {error}") from None


def is_picture(data: bytes) -> bool:
    """Whether the first bytes are those of a PNG, WebP or JPEG."""
    return data.startswith(_MAGIC)


def parameters(scene: Scene) -> str:
    """The text that web interfaces for diffusion models write and read: prompts, negative prompts where there are any,
    and settings, a line each.
    """
    recipe, behind = scene.recipe, scene.canvas.background
    told = [*scene.brushes, *([behind] if isinstance(behind, PromptBackground) else [])]
    negatives = ", ".join(each.negative for each in told if each.negative)
    settings = {
        "Steps": recipe.step_count,
        "Sampler": FACTS[recipe.sampler].label,
        "CFG scale": f"{recipe.guidance_scale:g}",
        "Seed": scene.seed,
        "Size": scene.canvas.extent,
        "Model hash": recipe.weights_hash[:10],
        "Model": recipe.model,
        "Version": f"semdraw {__version__}",
    }
    line = ", ".join(f"{key}: {value}" for key, value in settings.items() if str(value))
    prompts = ", ".join(each.prompt for each in told if each.prompt)
    return "\n".join([prompts, *([f"Negative prompt: {negatives}"] if negatives else []), line])


def _exif(words: str, project: bytes | None = None) -> Image.Exif:
    """`words` as the user comment that web interfaces read, the project as maker note."""
    exif = Image.Exif()
    inner: dict[int, Any] = {ExifTags.Base.UserComment: b"UNICODE\0" + words.encode("utf-16-be")}
    if project is not None:
        inner[ExifTags.Base.MakerNote] = _SIGNATURE + project
    exif[ExifTags.IFD.Exif] = inner
    return exif


def _with_segments(jpeg: bytes, project: bytes) -> bytes:
    """The project in APP9 segments behind those that the JPEG begins with; each says which of how many it is."""
    parts = [project[start : start + _SEGMENT_BYTES] for start in range(0, len(project), _SEGMENT_BYTES)]
    segments = b"".join(
        _APP9 + struct.pack(">H", 2 + len(_SIGNATURE) + 4 + len(part)) + _SIGNATURE + head + part
        for head, part in zip(
            (struct.pack(">HH", n, len(parts)) for n in range(len(parts))), parts, strict=True
        )
    )
    end = 2
    while jpeg[end] == 0xFF and 0xE0 <= jpeg[end + 1] <= 0xEF:
        end += 2 + int(struct.unpack_from(">H", jpeg, end + 2)[0])
    return jpeg[:end] + segments + jpeg[end:]


def _carried(image: Image.Image) -> bytes:
    """The project file inside an opened picture; empty where there is none."""
    match image.format:
        case "PNG":
            packed = image.info.get(KEYWORD)
            return base64.b64decode(packed, validate=True) if isinstance(packed, str) else b""
        case "WEBP":
            note = image.getexif().get_ifd(ExifTags.IFD.Exif).get(ExifTags.Base.MakerNote, b"")
            return (
                note.removeprefix(_SIGNATURE)
                if isinstance(note, bytes) and note.startswith(_SIGNATURE)
                else b""
            )
        case _:
            return b"".join(_parts(getattr(image, "applist", [])))


def _parts(segments: list[tuple[str, bytes]]) -> Iterator[bytes]:
    """The pieces of the project in a JPEG, in order; a ValueError where one is missing."""
    own = [
        data[len(_SIGNATURE) :] for name, data in segments if name == "APP9" and data.startswith(_SIGNATURE)
    ]
    for number, data in enumerate(own):
        if struct.unpack_from(">HH", data) != (number, len(own)):
            raise ValueError("a part of the scene in this JPEG is missing")
        yield data[4:]
