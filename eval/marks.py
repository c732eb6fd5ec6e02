"""Masks as people draw them: a blob, a scribble, a box; and the true outline of a glyph. All (H W) bool."""

import numpy as np
from numpy.random import Generator
from PIL import Image, ImageDraw

from eval.truth import place_glyph
from semdraw.geometry import Bounds

CLOSE_PX, LOOSE_PX = (15.0, 26.0), (6.0, 10.0)  # widths of a broad brush and of a thin one


def silhouette(index: int, box: Bounds, shape: tuple[int, int]) -> np.ndarray:
    return place_glyph(index, box, shape)[..., 3] > 127


def blob(random: Generator, box: Bounds, shape: tuple[int, int]) -> np.ndarray:
    """A round outline with a few waves, filling the box."""
    angle = np.linspace(0, 2 * np.pi, 90, endpoint=False)
    radius = np.ones_like(angle)
    for waves in (2, 3, 4, 5):
        radius += random.uniform(0, 0.16 / (waves - 1)) * np.cos(waves * angle + random.uniform(0, 2 * np.pi))
    return polygon(np.stack([radius * np.cos(angle), radius * np.sin(angle)], -1), box, shape)


def polygon(points: np.ndarray, box: Bounds, shape: tuple[int, int]) -> np.ndarray:
    """The outline (n 2), x before y, stretched to the box and filled."""
    low, high = points.min(0), points.max(0)
    corner, size = np.array([box.x, box.y]), np.array([box.width - 1, box.height - 1])
    placed = corner + (points - low) / (high - low) * size
    page = Image.new("1", (shape[1], shape[0]))
    ImageDraw.Draw(page).polygon([(float(x), float(y)) for x, y in placed], fill=1)
    return np.array(page, bool)


def box_mark(box: Bounds, shape: tuple[int, int]) -> np.ndarray:
    mask = np.zeros(shape, bool)
    mask[box.slices] = True
    return mask


def stroke(random: Generator, box: Bounds, shape: tuple[int, int], width_px: float) -> np.ndarray:
    """A scribble to and fro that stays in the box: close lines of a broad brush, loose ones of a thin one."""
    width_px = min(width_px, 0.45 * min(box.width, box.height))
    spacing = width_px * (random.uniform(0.5, 0.7) if width_px > LOOSE_PX[1] else 1.4)
    points = zigzag(random, box, width_px, spacing)
    page = Image.new("1", (shape[1], shape[0]))
    pen = ImageDraw.Draw(page)
    pen.line(points, fill=1, width=round(width_px), joint="curve")
    radius = width_px / 2
    for x, y in points:
        pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=1)
    return np.array(page, bool)


def zigzag(random: Generator, box: Bounds, width_px: float, spacing_px: float) -> list[tuple[float, float]]:
    """Turning points of the pen, row after row or column after column, with an unsteady hand."""
    is_upright = random.random() < 0.3
    along, across = (box.height, box.width) if is_upright else (box.width, box.height)
    room = (along - width_px, across - width_px)
    count = max(2, round(room[1] / spacing_px) + 1)
    steps = np.linspace(0, room[1], count) + random.uniform(-0.1, 0.1, count) * spacing_px
    ends = np.where(np.arange(count) % 2, room[0], 0) + random.uniform(-0.08, 0.08, count) * along
    ends, steps = np.clip(ends, 0, room[0]) + width_px / 2, np.clip(steps, 0, room[1]) + width_px / 2
    pairs = zip(steps, ends, strict=True) if is_upright else zip(ends, steps, strict=True)
    return [(box.x + float(x), box.y + float(y)) for x, y in pairs]
