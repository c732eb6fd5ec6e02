"""Pictures in a row as one moving picture: an animated WebP, which every browser plays and shares as a picture."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from semdraw.errors import FileError
from semdraw.geometry import Extent
from semdraw.pictures import picture_from_bytes

if TYPE_CHECKING:
    from PIL.Image import Image as Pixels

MAX_FRAMES: Final = 400
MAX_MOVING_PX: Final = 200_000_000  # of all frames together; larger ones are made smaller
_LAST_STAYS_MS: Final = 2_000
_QUALITY: Final = 82


def animated_webp(frames: Sequence[bytes], *, frame_ms: int) -> bytes:
    """PNG, JPEG or WebP pictures -> animated WebP, of the size of the last one or, where they are many, smaller; the
    last one stays longest.
    """
    from PIL import Image

    if not 2 <= len(frames) <= MAX_FRAMES:
        raise FileError(f"a moving picture has 2 to {MAX_FRAMES} frames, got {len(frames)}")
    extent = _bounded(Extent(*Image.fromarray(picture_from_bytes(frames[-1])).size), len(frames))
    out = io.BytesIO()
    images = (_fitted(data, extent) for data in frames[1:])
    durations = [frame_ms] * (len(frames) - 1) + [max(frame_ms, _LAST_STAYS_MS)]
    _fitted(frames[0], extent).save(
        out,
        "WEBP",
        save_all=True,
        append_images=images,
        duration=durations,
        loop=0,
        quality=_QUALITY,
        method=2,
        minimize_size=False,
    )
    return out.getvalue()


def _bounded(extent: Extent, num_frames: int) -> Extent:
    """The extent, or one of the same shape in which so many frames are not too many pixels."""
    factor = math.sqrt(MAX_MOVING_PX / (num_frames * extent.area))
    return extent if factor >= 1 else Extent(*(max(1, int(factor * side)) for side in extent))


def _fitted(data: bytes, extent: Extent) -> Pixels:
    """A picture upon white, as large as fits into the middle."""
    from PIL import Image, ImageOps

    image = Image.fromarray(picture_from_bytes(data))
    if image.size == tuple(extent):
        return image
    return ImageOps.pad(image, extent, color="white")
