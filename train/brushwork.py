"""Masks as people paint them: the true outline of an object, grown, shrunk, boxed, dabbed or scribbled over."""

import numpy as np
from numpy.random import Generator
from PIL import Image, ImageDraw, ImageFilter

FORMS = ("true", "wide", "narrow", "blob", "box", "hull", "strokes")
SHARES = (0.1, 0.2, 0.1, 0.2, 0.1, 0.15, 0.15)
SOFT = 0.6  # share of masks with a soft edge
HULL_SIDES = 24


def painted(random: Generator, mask: np.ndarray, form: str | None = None) -> np.ndarray:
    """What somebody might paint for an object that shows in `mask` (H W) bool; (H W) in [0, 1]."""
    form = form or str(random.choice(FORMS, p=SHARES))
    drawn = DRAWN[form](random, mask)
    if random.random() < SOFT:
        drawn = drawn.filter(ImageFilter.GaussianBlur(random.uniform(1, 5)))
    return np.asarray(drawn, np.float32) / 255


def as_image(mask: np.ndarray) -> Image.Image:
    return Image.fromarray(mask.astype(np.uint8) * 255)


def as_it_is(random: Generator, mask: np.ndarray) -> Image.Image:  # noqa: ARG001
    return as_image(mask)


def wide(random: Generator, mask: np.ndarray) -> Image.Image:
    return as_image(mask).filter(ImageFilter.MaxFilter(2 * int(random.integers(2, 10)) + 1))


def narrow(random: Generator, mask: np.ndarray) -> Image.Image:
    """Shrunk, but never to less than 40 % of what it was."""
    for radius in range(int(random.integers(1, 7)), 0, -1):
        small = as_image(mask).filter(ImageFilter.MinFilter(2 * radius + 1))
        if np.count_nonzero(np.asarray(small)) >= 0.4 * mask.sum():
            return small
    return as_image(mask)


def blob(random: Generator, mask: np.ndarray) -> Image.Image:
    """Round dabs of a broad brush, until most of the object is under them."""
    page = Image.new("L", mask.shape[::-1])
    pen, radius = ImageDraw.Draw(page), np.sqrt(mask.sum() / np.pi) * random.uniform(0.3, 0.7)
    points = np.argwhere(mask)
    for _ in range(40):
        y, x = points[int(random.integers(len(points)))]
        pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=255)
        if np.asarray(page)[mask].mean() > 0.85 * 255:
            break
    return page


def box(random: Generator, mask: np.ndarray) -> Image.Image:
    ys, xs = np.nonzero(mask)
    page, play = Image.new("L", mask.shape[::-1]), random.integers(-3, 10, 4)
    left, top, right, bottom = np.array([xs.min(), ys.min(), xs.max(), ys.max()]) + play * (-1, -1, 1, 1)
    ImageDraw.Draw(page).rectangle((left, top, max(left, right), max(top, bottom)), fill=255)
    return page


def hull(random: Generator, mask: np.ndarray) -> Image.Image:
    """The smallest polygon of given directions around the object."""
    directions = np.arange(HULL_SIDES) * 2 * np.pi / HULL_SIDES + random.uniform(0, 1)
    normals = np.stack([np.sin(directions), np.cos(directions)])
    reach = (np.argwhere(mask) @ normals).max(0)
    cells = np.moveaxis(np.indices(mask.shape), 0, -1)
    return as_image((cells @ normals <= reach + random.uniform(0, 3)).all(-1))


def strokes(random: Generator, mask: np.ndarray) -> Image.Image:
    """A scribble from one point of the object to the next."""
    page = Image.new("L", mask.shape[::-1])
    points = np.argwhere(mask)
    chosen = points[random.integers(len(points), size=int(random.integers(4, 12)))]
    width = max(6, round(float(np.sqrt(mask.sum())) * random.uniform(0.15, 0.4)))
    pen = ImageDraw.Draw(page)
    pen.line([(int(x), int(y)) for y, x in chosen], fill=255, width=width, joint="curve")
    for y, x in chosen:
        pen.ellipse((x - width / 2, y - width / 2, x + width / 2, y + width / 2), fill=255)
    return page


DRAWN = {
    "true": as_it_is,
    "wide": wide,
    "narrow": narrow,
    "blob": blob,
    "box": box,
    "hull": hull,
    "strokes": strokes,
}


def visible(masks: np.ndarray) -> np.ndarray:
    """Masks (p H W) in [0, 1], back to front -> what shows of each where those above cover it."""
    above, shown = np.ones(masks.shape[1:], np.float32), []
    for mask in masks[::-1]:
        shown.append(mask * above)
        above = above * (1 - mask)
    return np.stack(shown[::-1]) if len(masks) else masks


def to_cells(masks: np.ndarray, cell_px: int) -> np.ndarray:
    """(p H W) in [0, 1] -> the mean over each cell (p h w), uint8."""
    p, height, width = masks.shape
    cells = masks.reshape(p, height // cell_px, cell_px, width // cell_px, cell_px).mean((2, 4))
    return (cells * 255).round().astype(np.uint8)
