"""Pixels from bytes: what people bring (PNG, JPEG, WebP), with its size checked first, and PNG back.

Pixels are arrays here: (H W 3) for pictures and (H W) for masks, of uint8.
"""

from __future__ import annotations

import io
import math
from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from semdraw.errors import SceneError
from semdraw.geometry import MAX_AREA_PX, MAX_SIDE_PX, Extent

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL import Image

MAX_FILE_AREA_PX = 25_000_000
MAX_FILE_SIDE_PX = 16_384
FORMATS = ("PNG", "JPEG", "WEBP")


def picture_from_bytes(data: bytes) -> NDArray[np.uint8]:
    """Decode PNG, JPEG or WebP, upright, shrunk to what a scene may hold; checked before pixels are decoded.

    What is transparent lies over white; 16 bits and CMYK become 8 bits of RGB.
    """
    import numpy as np

    with _opened(data) as image:
        upright = _over_white(_eight_bits(image))
        upright.thumbnail(_bounded(Extent(*image.size)))
        return np.asarray(upright)


def mask_from_bytes(data: bytes, extent: Extent | None = None) -> NDArray[np.uint8]:
    """Decode a mask (white is painted, transparent is not), resized to `extent` if it has that shape."""
    with _opened(data) as image:
        return mask_from_image(image, extent)


def mask_from_image(image: Image.Image, extent: Extent | None = None) -> NDArray[np.uint8]:
    """A mask from an opened picture; see `mask_from_bytes`."""
    import numpy as np
    from PIL import Image

    own = Extent(*image.size)
    extent = extent or own
    if own.width * extent.height != own.height * extent.width:
        raise SceneError(f"a mask has the shape of the canvas; got {own} px for a canvas of {extent} px")
    grey = _eight_bits(image).convert("LA")
    painted = Image.composite(grey.getchannel("L"), Image.new("L", own), grey.getchannel("A"))
    return np.asarray(painted.resize(extent, Image.Resampling.BOX))


def png_bytes(rgb: NDArray[np.uint8]) -> bytes:
    """PNG with little compression: pictures on the wire are short-lived."""
    from PIL import Image

    out = io.BytesIO()
    Image.fromarray(rgb).save(out, "PNG", compress_level=1)
    return out.getvalue()


@contextmanager
def _opened(data: bytes) -> Generator[Image.Image]:
    """An upright image whose size is within bounds; whatever Pillow finds wrong with it is a SceneError."""
    from PIL import Image, ImageOps

    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            if image.width * image.height > MAX_FILE_AREA_PX or max(image.size) > MAX_FILE_SIDE_PX:
                raise SceneError(f"a picture may have 25 megapixels, got {image.width}x{image.height}")
            yield ImageOps.exif_transpose(image)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise SceneError(f"not a readable PNG, JPEG or WebP picture: {error}") from None


def _eight_bits(image: Image.Image) -> Image.Image:
    """A grey picture of 16 bits in 8; Pillow would cut off all that is brighter than 255 of 65535."""
    import numpy as np
    from PIL import Image

    if not image.mode.startswith("I"):
        return image
    values = np.asarray(image).astype(np.int64).clip(0, 65535)
    return Image.fromarray(((values * 255 + 32767) // 65535).astype(np.uint8))


def _over_white(image: Image.Image) -> Image.Image:
    """In RGB."""
    from PIL import Image

    if not image.has_transparency_data:
        return image.convert("RGB")
    return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image.convert("RGBA")).convert("RGB")


def _bounded(extent: Extent) -> Extent:
    """The largest size of this shape that a scene may hold, at most the size itself."""
    scale = min(1.0, MAX_SIDE_PX / max(extent), math.sqrt(MAX_AREA_PX / extent.area))
    return Extent(*(max(1, int(side * scale)) for side in extent))
