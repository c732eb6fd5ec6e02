"""What a perfect painter would paint: each layout drawn by the renderer itself (needs the emoji font)."""

from collections.abc import Sequence

import numpy as np
from numpy.random import Generator
from PIL import Image

from eval.bench import Layout
from semdraw.geometry import Bounds
from train.backgrounds import paint
from train.sprites import load_sprites

GROUND_STREAM, TAKE_STREAM = 5, 6  # keep these grounds apart from those of training, and from each other
LEAST_SIZE = 0.75  # of the largest size that fits


def rendered_truth(layout: Layout) -> np.ndarray:
    """(H W 3) uint8: every glyph as large as the box of its mask allows, seen where no region lies above it."""
    random = np.random.default_rng([layout.seed, GROUND_STREAM])
    boxes = [region.bounds for region in layout.regions]
    return drawn(layout, random, boxes)


def varied_truth(layout: Layout, take: int) -> np.ndarray:
    """(H W 3) uint8: the same objects as other renders have them: on another ground, smaller or not, aside or not."""
    random = np.random.default_rng([layout.seed, TAKE_STREAM, take])
    boxes = [within(random, region.bounds) for region in layout.regions]
    return drawn(layout, random, boxes)


def within(random: Generator, box: Bounds) -> Bounds:
    """A smaller box of the same proportions, somewhere in the box."""
    factor = random.uniform(LEAST_SIZE, 1)
    width, height = max(1, round(box.width * factor)), max(1, round(box.height * factor))
    right, down = random.uniform(0, 1, 2) * (box.width - width, box.height - height)
    return Bounds(box.x + round(right), box.y + round(down), width, height)


def drawn(layout: Layout, random: Generator, boxes: Sequence[Bounds]) -> np.ndarray:
    """The layout's ground, and on it each glyph in its box, bottom first."""
    page = np.asarray(paint(layout.background_prompt, random, *layout.extent.shape), np.float32)
    for region, box, hidden in zip(layout.regions, boxes, covers(layout), strict=True):
        glyph = place_glyph(region.object, box, layout.extent.shape)
        alpha = glyph[..., 3:] / 255 * ~hidden[..., None]
        page = page + (glyph[..., :3] - page) * alpha
    return page.round().astype(np.uint8)


def covers(layout: Layout) -> list[np.ndarray]:
    """For each region what lies above it, (H W) bool."""
    above = [np.zeros(layout.extent.shape, bool)]
    for region in reversed(layout.regions):
        above.append(above[-1] | region.mask)
    return above[-2::-1]


def place_glyph(index: int, box: Bounds, shape: tuple[int, int]) -> np.ndarray:
    """(H W 4) float32, 0 to 255: the glyph in its own proportions, in the middle of the box."""
    sprite = load_sprites()[index]
    factor = min(box.width / sprite.width, box.height / sprite.height)
    size = (max(1, round(sprite.width * factor)), max(1, round(sprite.height * factor)))
    layer = Image.new("RGBA", (shape[1], shape[0]))
    corner = (box.x + (box.width - size[0]) // 2, box.y + (box.height - size[1]) // 2)
    layer.paste(sprite.resize(size, Image.Resampling.LANCZOS), corner)
    return np.asarray(layer, np.float32)
