"""What a perfect painter would paint: each layout drawn by the renderer itself (needs the emoji font)."""

import numpy as np
from PIL import Image

from eval.bench import Layout, bounds_of
from semdraw.geometry import Bounds
from train.backgrounds import paint
from train.concepts import backgrounds
from train.sprites import load_sprites

GROUND_STREAM = 5  # keeps these grounds apart from those of training


def rendered_truth(layout: Layout) -> np.ndarray:
    """(H W 3) uint8: every glyph as large as the box of its mask allows, seen where no region lies above it."""
    random = np.random.default_rng([layout.seed, GROUND_STREAM])
    page = np.asarray(paint(backgrounds()[layout.background].name, random, *layout.extent.shape), np.float32)
    above = [np.zeros(layout.extent.shape, bool)]
    for region in reversed(layout.regions):
        above.append(above[-1] | region.mask)
    for region, hidden in zip(layout.regions, above[-2::-1], strict=True):
        glyph = place_glyph(region.object, bounds_of(region.mask), layout.extent.shape)
        alpha = glyph[..., 3:] / 255 * ~hidden[..., None]
        page = page + (glyph[..., :3] - page) * alpha
    return page.round().astype(np.uint8)


def place_glyph(index: int, box: Bounds, shape: tuple[int, int]) -> np.ndarray:
    """(H W 4) float32, 0 to 255: the glyph in its own proportions, in the middle of the box."""
    sprite = load_sprites()[index]
    factor = min(box.width / sprite.width, box.height / sprite.height)
    size = (max(1, round(sprite.width * factor)), max(1, round(sprite.height * factor)))
    layer = Image.new("RGBA", (shape[1], shape[0]))
    corner = (box.x + (box.width - size[0]) // 2, box.y + (box.height - size[1]) // 2)
    layer.paste(sprite.resize(size, Image.Resampling.LANCZOS), corner)
    return np.asarray(layer, np.float32)
