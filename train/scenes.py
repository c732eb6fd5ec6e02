"""Compose training scenes: a seed gives a picture, a caption, and the true mask of each object that shows.

Objects are as their glyphs have them, or some of them in a colour that the caption names. They keep
their size in pixels on small tiles and large canvases alike, so that one network serves both.
"""

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from PIL import Image, ImageFilter

from train.backgrounds import paint
from train.captions import PLAIN_GROUNDS, choose, describe
from train.colours import COLOURS, in_colour, is_colourable
from train.concepts import backgrounds, objects

MIN_VISIBLE = 0.55  # an object more covered than this is left out of the scene
KINDS = ("centred", "placed", "several", "ground")
SHARES = {128: (0.62, 0.20, 0.06, 0.12), 256: (0.34, 0.20, 0.31, 0.15)}
SIZES_PX = {128: (80, 118), 256: (80, 140)}
FAR_SIZES_PX = {128: (56, 72), 256: (70, 110)}  # of each of several
CROWD_PX = (56, 150)  # of two to five that may cover each other
NO_CAPTION = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    image: np.ndarray  # (H W 3) uint8
    caption: str
    objects: tuple[int, ...]  # every object that is there, back to front
    masks: np.ndarray  # (p H W) bool, what shows of each
    background: int | None  # None on plain ground
    colours: tuple[str, ...]  # of each object; empty as the glyph has it


def render(seed: int, size_px: int = 128, kind: str | None = None, *, coloured: float = 0.0) -> Scene:
    """One square scene; the same seed gives the same bytes. coloured: the share of objects in another colour."""
    random = np.random.default_rng([seed, size_px])
    kind = kind or KINDS[random.choice(len(KINDS), p=SHARES[size_px])]
    page, background, plain = lay_ground(random, size_px, plain=kind == "centred")
    colours = choose_colours(np.random.default_rng([seed, size_px, 1]), coloured)
    shown, masks = [], []
    for index in choose_objects(random, kind, size_px):
        layer = place(random, in_colour(index, colours.get(index, "")), size_px, kind)
        alpha = np.asarray(layer.getchannel("A")) > 127
        hidden = [mask & ~alpha for mask in masks]
        if any(left.sum() < MIN_VISIBLE * mask.sum() for left, mask in zip(hidden, masks, strict=True)):
            continue
        masks = [*hidden, alpha]
        shown.append(index)
        page = composite(random, page, layer)
    caption = caption_for(random, shown, background, plain, colours)
    return Scene(
        image=np.asarray(page.convert("RGB")),
        caption="" if random.random() < NO_CAPTION else caption,
        objects=tuple(shown),
        masks=np.array(masks, bool).reshape(len(masks), size_px, size_px),
        background=background,
        colours=tuple(colours.get(index, "") for index in shown),
    )


def choose_colours(random: Generator, share: float) -> dict[int, str]:
    """Colour words for some objects, by index."""
    if not share:
        return {}
    words, drawn = tuple(COLOURS), random.random(len(objects())) < share
    return {int(index): choose(random, words) for index in np.flatnonzero(drawn) if is_colourable(int(index))}


def caption_for(
    random: Generator, shown: list[int], background: int | None, plain: str, colours: dict[int, str]
) -> str:
    """All that is there; or one object alone, as the row of a painted region sees it."""
    if len(shown) > 1 and random.random() < 0.55:
        shown = [shown[int(random.integers(len(shown)))]]
    return describe(random, shown, ground=background, plain=plain, colours=colours)


def lay_ground(random: Generator, size_px: int, *, plain: bool) -> tuple[Image.Image, int | None, str]:
    if plain:
        name = "white" if random.random() < 0.6 else choose(random, tuple(PLAIN_GROUNDS))
        return plain_ground(random, name, size_px), None, name
    index = int(random.integers(len(backgrounds())))
    return paint(backgrounds()[index].name, random, size_px, size_px).convert("RGBA"), index, ""


def plain_ground(random: Generator, name: str, size_px: int) -> Image.Image:
    """Pure white, or a colour near the named one with a slight gradient."""
    colour = np.array([int(PLAIN_GROUNDS[name][i : i + 2], 16) for i in (0, 2, 4)], np.float32)
    if name == "white":
        return Image.new("RGBA", (size_px, size_px), "white")
    ends = np.clip(
        colour + random.normal(0, 8, 3) + np.array([[12.0], [-12.0]]) * random.uniform(-1, 1), 0, 255
    )
    column = np.linspace(ends[0], ends[1], size_px)[:, None].repeat(size_px, 1)
    return Image.fromarray(column.astype(np.uint8)).convert("RGBA")


def choose_objects(random: Generator, kind: str, size_px: int) -> list[int]:
    count = {"ground": 0, "centred": 1, "placed": 1}.get(kind)
    if kind == "crowd":
        count = int(random.integers(2, 6))
    if count is None:
        count = 2 if size_px == 128 else int(random.integers(2, 5))
    return [int(index) for index in random.choice(len(objects()), count, replace=False)]


def place(random: Generator, glyph: Image.Image, size_px: int, kind: str) -> Image.Image:
    """One object on a clear layer (RGBA, size_px square): centred with a little play, or anywhere in full view."""
    sizes = {"several": FAR_SIZES_PX[size_px], "crowd": CROWD_PX}
    sprite = scale(glyph, random.uniform(*sizes.get(kind, SIZES_PX[size_px])))
    free = np.array([size_px - sprite.width, size_px - sprite.height])
    if kind == "centred":
        corner = free / 2 + random.uniform(-1, 1, 2) * np.minimum(free / 2, 5)
    else:
        corner = random.uniform(0, 1, 2) * free
    layer = Image.new("RGBA", (size_px, size_px))
    layer.paste(sprite, (round(corner[0]), round(corner[1])))
    return layer


def scale(glyph: Image.Image, long_side_px: float) -> Image.Image:
    """The glyph upright, as drawn: turned and mirrored ones cost a small network most of its training time."""
    factor = long_side_px / max(glyph.size)
    extent = (max(1, round(glyph.width * factor)), max(1, round(glyph.height * factor)))
    return glyph.resize(extent, Image.Resampling.LANCZOS)


def composite(random: Generator, page: Image.Image, layer: Image.Image) -> Image.Image:
    if random.random() < 0.2:
        shadow = layer.getchannel("A").filter(ImageFilter.GaussianBlur(3)).point(lambda value: value * 0.35)
        moved = Image.new("L", layer.size)
        moved.paste(shadow, (3, 4))
        dark = Image.new("RGBA", layer.size, "black")
        dark.putalpha(moved)
        page = Image.alpha_composite(page, dark)
    return Image.alpha_composite(page, layer)


def render_single(seed: int, index: int, size_px: int) -> Image.Image:
    """One given object, centred on white."""
    random = np.random.default_rng([seed, size_px, index])
    page = Image.new("RGBA", (size_px, size_px), "white")
    return composite(random, page, place(random, in_colour(index, ""), size_px, "centred")).convert("RGB")
