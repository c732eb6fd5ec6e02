"""Pictures side by side for a document: rows of layouts, columns of methods, each with its name."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from semdraw.disk import write_atomically

PAPER, INK = (255, 255, 255), (40, 40, 44)
GAP_PX, LINE_PX, FONT_PX = 4, 13, 11


def grid(rows: Sequence[Sequence[np.ndarray]], labels: Sequence[str], side_px: int) -> Image.Image:
    """Square pictures (H W 3) uint8, a label of at most three lines above each column."""
    words = [_wrapped(label, side_px) for label in labels]
    top = LINE_PX * max(len(lines) for lines in words) + GAP_PX
    step = side_px + GAP_PX
    page = Image.new("RGB", (step * len(labels) - GAP_PX, top + step * len(rows) - GAP_PX), PAPER)
    pen = ImageDraw.Draw(page)
    for column, lines in enumerate(words):
        pen.text((column * step, 0), "\n".join(lines), fill=INK, font_size=FONT_PX, spacing=1)
    for number, row in enumerate(rows):
        for column, pixels in enumerate(row):
            page.paste(_sized(pixels, (side_px, side_px)), (column * step, top + number * step))
    return page


def stack(pictures: Sequence[np.ndarray], labels: Sequence[str], width_px: int) -> Image.Image:
    """Wide pictures (H W 3) uint8, one below the other, each under its label."""
    heights = [round(width_px * each.shape[0] / each.shape[1]) for each in pictures]
    line = LINE_PX + 2
    page = Image.new("RGB", (width_px, sum(height + line + GAP_PX for height in heights)), PAPER)
    pen, y = ImageDraw.Draw(page), 0
    for pixels, label, height in zip(pictures, labels, heights, strict=True):
        pen.text((0, y), label, fill=INK, font_size=FONT_PX)
        page.paste(_sized(pixels, (width_px, height)), (0, y + line))
        y += height + line + GAP_PX
    return page


def save(picture: Image.Image, path: Path) -> None:
    out = io.BytesIO()
    picture.save(out, "WEBP", quality=82, method=6)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, out.getvalue())


def _sized(pixels: np.ndarray, size: tuple[int, int]) -> Image.Image:
    return Image.fromarray(pixels).resize(size, Image.Resampling.LANCZOS)


def _wrapped(label: str, width_px: int) -> list[str]:
    """A label in lines that fit a column."""
    pen = ImageDraw.Draw(Image.new("RGB", (1, 1)))
    lines: list[str] = []
    for word in label.split():
        if lines and pen.textlength(f"{lines[-1]} {word}", font_size=FONT_PX) <= width_px:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines
