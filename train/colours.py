"""Colour words: a glyph whose main hue is turned to a named one, so that "a blue car" is one."""

from dataclasses import dataclass
from functools import cache

import numpy as np
from PIL import Image

from train.sprites import load_sprites

NEAR_DEG = 42.0  # what lies so close to the main hue turns with it; eyes, wheels and leaves stay as they are
MIN_SHARE = 0.4  # of what is opaque must be of the main hue, or colouring it would change little


@dataclass(frozen=True, slots=True, kw_only=True)
class Colour:
    hue_deg: float
    saturation: float = 1.0  # factors on what the glyph has
    value: float = 1.0


# All are words of PLAIN_GROUNDS, so that the tokenizer knows each as one token.
COLOURS = {
    "red": Colour(hue_deg=3, saturation=1.15, value=0.95),
    "yellow": Colour(hue_deg=49, saturation=1.05, value=1.15),
    "green": Colour(hue_deg=125, saturation=0.95, value=0.85),
    "blue": Colour(hue_deg=213, saturation=1.05),
    "purple": Colour(hue_deg=276, saturation=0.9, value=0.9),
    "pink": Colour(hue_deg=335, saturation=0.6, value=1.15),
    "brown": Colour(hue_deg=23, saturation=0.9, value=0.6),
    "grey": Colour(hue_deg=0, saturation=0.04, value=0.9),
}


def to_hsv(sprite: Image.Image) -> np.ndarray:
    """(H W 3): hue in degrees, saturation and value in [0, 1]."""
    return np.asarray(sprite.convert("RGB").convert("HSV"), np.float32) * (360 / 256, 1 / 255, 1 / 255)


def turned(hue_deg: np.ndarray, from_deg: float) -> np.ndarray:
    """The way from one hue to others, -180 ... 180."""
    return (hue_deg - from_deg + 180) % 360 - 180


@cache
def main_hue(index: int) -> tuple[float, float]:
    """The hue in degrees that most of a glyph is near to, and the share of what is opaque that is."""
    sprite = load_sprites()[index]
    hue, saturation, value = np.moveaxis(to_hsv(sprite), -1, 0)
    opaque = np.asarray(sprite.getchannel("A")) > 127
    coloured = opaque & (saturation > 0.3) & (value > 0.25)
    near = [
        np.clip(1 - np.abs(turned(hue[coloured], centre)) / NEAR_DEG, 0, 1).sum() for centre in range(360)
    ]
    best = float(np.argmax(near))
    return best, float((coloured & (np.abs(turned(hue, best)) < NEAR_DEG)).sum() / opaque.sum())


@cache
def is_colourable(index: int) -> bool:
    return main_hue(index)[1] >= MIN_SHARE


@cache
def in_colour(index: int, word: str) -> Image.Image:
    """The glyph of an object in a named colour, as it is where the word is empty."""
    sprite = load_sprites()[index]
    if not word:
        return sprite
    colour, centre = COLOURS[word], main_hue(index)[0]
    hue, saturation, value = np.moveaxis(to_hsv(sprite), -1, 0)
    away = turned(hue, centre)
    share = np.clip((NEAR_DEG + 8 - np.abs(away)) / 8, 0, 1) * np.clip(saturation / 0.15, 0, 1)
    wanted = np.stack(
        [
            (colour.hue_deg + 0.4 * away) % 360 * (256 / 360),
            np.clip(saturation * colour.saturation, 0, 1) * 255,
            np.clip(value * colour.value, 0, 1) * 255,
        ],
        -1,
    )
    pixels = np.asarray(Image.fromarray(wanted.astype(np.uint8), "HSV").convert("RGB"), np.float32)
    mixed = pixels * share[..., None] + np.asarray(sprite.convert("RGB"), np.float32) * (1 - share[..., None])
    image = Image.fromarray(mixed.round().astype(np.uint8))
    image.putalpha(sprite.getchannel("A"))
    return image
