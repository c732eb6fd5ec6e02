"""A layout as a picture: who was asked for where."""

from __future__ import annotations

import colorsys
from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw

GROUND = (228, 226, 220)
INK = (25, 25, 30)


def sketch(masks: Sequence[np.ndarray], names: Sequence[str], shape: tuple[int, int]) -> np.ndarray:
    """Masks (H W) bool, bottom first, each in its own colour with its name in it -> (H W 3) uint8."""
    page = np.full((*shape, 3), GROUND, np.uint8)
    for number, mask in enumerate(masks):
        page[mask] = _color(number)
    picture = Image.fromarray(page)
    pen = ImageDraw.Draw(picture)
    size = max(10, shape[0] // 14)
    for mask, name in zip(masks, names, strict=True):
        if mask.any():
            y, x = (float(each.mean()) for each in np.nonzero(mask))
            half = pen.textlength(name, font_size=size) / 2
            left = min(max(x - half, 2), shape[1] - 2 * half - 2)
            pen.text(
                (left, y - size / 2), name, fill=INK, font_size=size, stroke_width=2, stroke_fill="white"
            )
    return np.asarray(picture)


def _color(number: int) -> tuple[int, ...]:
    rgb = colorsys.hls_to_rgb((0.08 + 0.381966 * number) % 1, 0.74, 0.6)
    return tuple(round(255 * value) for value in rgb)
