"""Photos as people have them: turned, transparent, for print, of 16 bits."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image

from semdraw.errors import SceneError
from semdraw.pictures import mask_from_bytes, picture_from_bytes

SIZE = (24, 16)


def encoded(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def test_a_photo_is_turned_upright_as_its_exif_says() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was held on its side
    data = encoded(Image.new("RGB", SIZE, "red"), "JPEG", exif=exif)
    assert picture_from_bytes(data).shape == (24, 16, 3)


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_what_is_transparent_lies_over_white(mode: str) -> None:
    image = Image.new("RGBA", SIZE, (0, 0, 0, 0))
    image.paste((0, 0, 0, 255), (0, 0, 12, 16))
    if mode == "P":
        palette = Image.new("P", SIZE, 1)
        palette.putpalette([0, 0, 0, 0, 0, 0])
        palette.paste(0, (0, 0, 12, 16))
        data = encoded(palette, transparency=1)
    else:
        data = encoded(image.convert(mode))
    pixels = picture_from_bytes(data)
    assert (pixels[:, :12] == 0).all()
    assert (pixels[:, 12:] == 255).all()


def test_a_half_transparent_pixel_is_half_white() -> None:
    pixels = picture_from_bytes(encoded(Image.new("RGBA", SIZE, (0, 0, 0, 128))))
    assert np.abs(pixels.astype(int) - 127).max() <= 1


def test_a_photo_for_print_comes_in_its_colours() -> None:
    red = Image.new("CMYK", SIZE, (0, 255, 255, 0))
    pixels = picture_from_bytes(encoded(red, "JPEG", quality=95)).astype(int)
    assert np.abs(pixels - (255, 0, 0)).max() < 12


def test_sixteen_bits_keep_their_shades() -> None:
    ramp = np.linspace(0, 65535, 24).round().astype(np.uint16)[None].repeat(16, axis=0)
    data = encoded(Image.fromarray(ramp))
    wanted = np.linspace(0, 255, 24)
    assert np.abs(picture_from_bytes(data)[0, :, 0] - wanted).max() <= 0.51
    assert np.abs(mask_from_bytes(data)[0] - wanted).max() <= 0.51


def test_what_is_no_picture_is_said_to_be_none() -> None:
    with pytest.raises(SceneError, match="not a readable"):
        picture_from_bytes(b"GIF89a")
