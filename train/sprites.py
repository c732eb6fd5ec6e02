"""Rasterise the object glyphs of Noto Color Emoji (needed for training only, never shipped)."""

from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from train.concepts import objects

FONT = Path("/usr/share/fonts/truetype/noto/NotoColorEmoji.ttf")  # Debian: fonts-noto-color-emoji
STRIKE_PX = 109  # the only size the font holds


@cache
def load_sprites() -> tuple[Image.Image, ...]:
    """One RGBA picture per object, cropped to what is visible (about 110-128 px on its long side)."""
    if not FONT.exists():
        raise FileNotFoundError(f"{FONT} is missing; install the Debian package fonts-noto-color-emoji")
    font = ImageFont.truetype(str(FONT), STRIKE_PX)
    return tuple(rasterize(chr(int(concept.codepoint, 16)), font) for concept in objects())


def rasterize(character: str, font: ImageFont.FreeTypeFont) -> Image.Image:
    """Draw on black and on white, and solve for colour and opacity: Pillow darkens edges on a clear page."""
    dark, light = (np.asarray(draw(character, font, page), np.float32) for page in ("black", "white"))
    alpha = 1 - (light - dark).mean(-1, keepdims=True) / 255
    colour = np.where(alpha > 0, dark / np.maximum(alpha, 1 / 255), 0)
    pixels = np.concatenate([colour, alpha * 255], -1)
    glyph = Image.fromarray(pixels.round().clip(0, 255).astype(np.uint8))
    box = glyph.getchannel("A").getbbox()
    if box is None:
        raise ValueError(f"the font has no picture for U+{ord(character):X}")
    return glyph.crop(box)


def draw(character: str, font: ImageFont.FreeTypeFont, page: str) -> Image.Image:
    canvas = Image.new("RGB", (160, 160), page)
    ImageDraw.Draw(canvas).text((10, 10), character, font=font, embedded_color=True)
    return canvas


def sheet(columns: int = 16, cell_px: int = 80) -> Image.Image:
    """All sprites on white, in the order of the table, to look at."""
    sprites = load_sprites()
    rows = -(-len(sprites) // columns)
    page = Image.new("RGBA", (columns * cell_px, rows * cell_px), "white")
    for index, sprite in enumerate(sprites):
        small = sprite.copy()
        small.thumbnail((cell_px - 6, cell_px - 6), Image.Resampling.LANCZOS)
        corner = (index % columns * cell_px + 3, index // columns * cell_px + 3)
        page.alpha_composite(small, corner)
    return page.convert("RGB")
