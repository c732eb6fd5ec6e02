"""Pictures that oracles learn from: glyphs on grounds with true labels, and much that is neither.

Composed while training, apart from a pool that went through the autoencoder once; then blurred, made noisy, packed
as JPEG and scaled, so that an oracle minds what is shown and not how cleanly.
"""

import io
from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
import torch.nn.functional as F
from numpy.random import Generator
from PIL import Image
from torch import Tensor

from eval.bench import EXTENT, bounds_of
from eval.marks import CLOSE_PX, LOOSE_PX, blob, box_mark, silhouette, stroke
from eval.oracle_nets import OTHER
from eval.views import blurred, square_of, view_of
from semdraw.geometry import Bounds
from train.backgrounds import paint
from train.captions import PLAIN_GROUNDS
from train.concepts import backgrounds, objects
from train.sprites import load_sprites

SHAPE = EXTENT.shape
PER_GROUND = 24  # pictures of each background that a process keeps
SIZES_PX = (28.0, 170.0)
PURE = 0.95  # share of one label in a view of ground


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Labelled:
    image: np.ndarray  # (256 256 3) uint8
    labels: np.ndarray  # (256 256) uint8, the class of each pixel
    things: tuple[tuple[int, np.ndarray], ...]  # class and what shows of it, (256 256) bool; `other` ones too


@cache
def grounds() -> np.ndarray:
    """(backgrounds, PER_GROUND, 256, 256, 3) uint8."""
    random = np.random.default_rng(60_000_000)
    return np.stack(
        [
            np.stack([np.asarray(paint(concept.name, random, *SHAPE)) for _ in range(PER_GROUND)])
            for concept in backgrounds()
        ]
    )


def compose(random: Generator) -> Labelled:
    """A ground with none to six things on it."""
    image, label = lay_ground(random)
    labels = np.full(SHAPE, label, np.uint8)
    things: list[tuple[int, np.ndarray]] = []
    count = int(random.choice(7, p=(0.1, 0.18, 0.2, 0.2, 0.14, 0.1, 0.08)))
    for _ in range(count):
        index, sprite = draw_thing(random)
        corner = random.uniform(-0.05, 1.05, 2) * (np.array(SHAPE) - sprite.shape[:2])
        y, x = (int(v) for v in np.clip(corner, 0, np.array(SHAPE) - sprite.shape[:2]))
        inside = (slice(y, y + sprite.shape[0]), slice(x, x + sprite.shape[1]))
        if random.random() < 0.15:
            halo = lay_halo(random, image, labels, Bounds(x, y, sprite.shape[1], sprite.shape[0]))
            things = [(each, shown & ~halo) for each, shown in things]
        alpha = sprite[..., 3:] / 255
        image[inside] += (sprite[..., :3] - image[inside]) * alpha
        solid = np.zeros(SHAPE, bool)
        solid[inside] = alpha[..., 0] > 0.5
        labels[solid] = index
        things = [(each, shown & ~solid) for each, shown in things] + [(index, solid)]
    return Labelled(image=image.round().astype(np.uint8), labels=labels, things=tuple(things))


def lay_ground(random: Generator) -> tuple[np.ndarray, int]:
    """(256 256 3) float32 and its class; plain colour is `other`."""
    if random.random() < 0.12:
        colour = list(PLAIN_GROUNDS.values())[int(random.integers(len(PLAIN_GROUNDS)))]
        rgb = np.array([int(colour[i : i + 2], 16) for i in (0, 2, 4)], np.float32)
        return np.broadcast_to(np.clip(rgb + random.normal(0, 8, 3), 0, 255), (*SHAPE, 3)).astype(
            np.float32
        ), OTHER
    kind, number = int(random.integers(len(backgrounds()))), int(random.integers(PER_GROUND))
    ground = grounds()[kind, number]
    ground = ground[:, ::-1] if random.random() < 0.5 else ground
    return ground.astype(np.float32), len(objects()) + kind


def lay_halo(random: Generator, image: np.ndarray, labels: np.ndarray, box: Bounds) -> np.ndarray:
    """A pale or plain patch around a thing, as a window of another ground leaves it; in place, labelled `other`.

    Returns where it lies, (H W) bool.
    """
    room = random.uniform(0.05, 0.3) * max(box.width, box.height)
    x, y = max(0, int(box.x - room)), max(0, int(box.y - room))
    wide = Bounds(
        x,
        y,
        min(SHAPE[1] - x, int(box.width + 2 * room)),
        min(SHAPE[0] - y, int(box.height + 2 * room)),
    )
    patch = blob(random, wide, SHAPE)
    light = random.uniform(200, 255) if random.random() < 0.8 else random.uniform(0, 255, 3)
    strength = random.uniform(0.5, 1)
    image[patch] += (light - image[patch]) * strength
    labels[patch] = OTHER
    return patch


def draw_thing(random: Generator) -> tuple[int, np.ndarray]:
    """A class and its sprite (h w 4) float32, at a random size; one of eight is `other`."""
    index = int(random.integers(len(objects())))
    size_px = float(np.exp(random.uniform(*np.log(SIZES_PX))))
    sprite = scaled(random, index, size_px)
    if random.random() < 0.125:
        return OTHER, spoiled(random, sprite)
    if random.random() < 0.3:
        sprite[..., :3] = np.clip(
            sprite[..., :3] * random.uniform(0.8, 1.2, 3) + random.uniform(-20, 20, 3), 0, 255
        )
    return index, sprite


def scaled(random: Generator, index: int, size_px: float, shape: tuple[int, int] | None = None) -> np.ndarray:
    """A glyph (h w 4) float32, a little turned and squeezed, or of a given shape."""
    sprite = load_sprites()[index]
    if random.random() < 0.35:
        sprite = sprite.rotate(random.uniform(-12, 12), Image.Resampling.BILINEAR, expand=True)
    squeeze = np.exp(random.normal(0, 0.06, 2))
    factor = size_px / max(sprite.size) * squeeze
    size = (max(8, round(sprite.width * factor[0])), max(8, round(sprite.height * factor[1])))
    if shape is not None:
        size = (shape[1], shape[0])
    size = (min(size[0], SHAPE[1]), min(size[1], SHAPE[0]))
    return np.array(sprite.resize(size, Image.Resampling.BILINEAR), np.float32)


def spoiled(random: Generator, sprite: np.ndarray) -> np.ndarray:
    """What must not be taken for an object: two glyphs in one, shuffled pieces, a filled outline, or noise in it."""
    sprite = sprite.copy()
    form = int(random.integers(4))
    if form == 0:
        second = scaled(random, int(random.integers(len(objects()))), 1, sprite.shape[:2])
        sprite[..., :3] = (sprite[..., :3] + second[..., :3]) / 2
        sprite[..., 3] = np.maximum(sprite[..., 3], second[..., 3])
    elif form == 1:
        sprite[..., :3] = shuffled(random, sprite[..., :3])
    elif form == 2:
        sprite[..., :3] = random.uniform(0, 255, 3)
    else:
        kind, number = int(random.integers(len(backgrounds()))), int(random.integers(PER_GROUND))
        texture = grounds()[kind, number, ::-1][: sprite.shape[0], : sprite.shape[1]]
        sprite[..., :3] = shuffled(random, texture.astype(np.float32) * random.uniform(0.4, 1, 3))
    return sprite


def shuffled(random: Generator, colours: np.ndarray) -> np.ndarray:
    """(h w 3) with its rows of pieces, and its columns of them, in another order."""
    for axis in (0, 1):
        pieces = np.array_split(colours, 4, axis)
        colours = np.concatenate([pieces[int(i)] for i in random.permutation(4)], axis)
    return colours


def views(random: Generator, scene: Labelled, count: int, side_px: int) -> list[tuple[np.ndarray, int]]:
    """Up to `count` views (side side 3) uint8 of things and of bare ground, each with its class."""
    seen: list[tuple[np.ndarray, int]] = []
    for _ in range(count):
        found = (
            thing_view(random, scene, side_px)
            if scene.things and random.random() < 0.8
            else ground_view(random, scene, side_px)
        )
        if found is not None:
            seen.append(found)
    return seen


def thing_view(random: Generator, scene: Labelled, side_px: int) -> tuple[np.ndarray, int] | None:
    """A thing under a mask drawn roughly where it stands; None where too little of it is left to tell."""
    index, shown = scene.things[int(random.integers(len(scene.things)))]
    if shown.sum() < 200:
        return None
    mask = rough_mask(random, shown)
    if (mask & shown).sum() < max(200, 0.3 * shown.sum()):
        return None
    cut = square_of if random.random() < 0.2 else view_of
    return cut(scene.image, mask, side_px), index


def rough_mask(random: Generator, shown: np.ndarray) -> np.ndarray:
    """What somebody might have painted for it: its outline, or a mark near its box."""
    form = int(random.choice(5, p=(0.36, 0.22, 0.18, 0.12, 0.12)))
    if form == 0:
        return grown(shown, int(random.integers(0, 7))) if random.random() < 0.4 else shown
    box = jittered(random, bounds_of(shown))
    if form == 1:
        return blob(random, box, SHAPE)
    if form == 2:
        return stroke(random, box, SHAPE, random.uniform(*(LOOSE_PX if random.random() < 0.35 else CLOSE_PX)))
    if form == 3:
        return box_mark(box, SHAPE)
    return outline_of_any(random, box)


def random_mark(random: Generator, box: Bounds) -> np.ndarray:
    form = random.random()
    if form < 0.5:
        return outline_of_any(random, box)
    return blob(random, box, SHAPE) if form < 0.8 else box_mark(box, SHAPE)


def outline_of_any(random: Generator, box: Bounds) -> np.ndarray:
    """The outline of any object: whatever lies in it, an outline alone shall not give a class away."""
    mask = silhouette(int(random.integers(len(objects()))), box, SHAPE)
    return mask if mask.any() else box_mark(box, SHAPE)


def jittered(random: Generator, box: Bounds) -> Bounds:
    """A box up to a third larger or a tenth smaller, not quite in the same place, inside the canvas."""
    sides = np.array([box.width, box.height]) * random.uniform(0.9, 1.35)
    middle = np.array([box.x, box.y]) + np.array([box.width, box.height]) * (
        0.5 + random.uniform(-0.1, 0.1, 2)
    )
    limits = np.array(SHAPE[::-1])
    low = np.clip(np.round(middle - sides / 2), 0, limits - 12)
    high = np.clip(np.round(middle + sides / 2), low + 12, limits)
    x, y, right, bottom = (int(v) for v in (*low, *high))
    return Bounds(x, y, right - x, bottom - y)


def grown(mask: np.ndarray, radius_px: int) -> np.ndarray:
    """(H W) bool, grown on all sides."""
    if radius_px == 0:
        return mask
    wide = F.max_pool2d(torch.from_numpy(mask)[None].float(), 2 * radius_px + 1, 1, radius_px)
    return wide[0].numpy() > 0


def ground_view(random: Generator, scene: Labelled, side_px: int) -> tuple[np.ndarray, int] | None:
    """A patch of one ground under some mark; None where more than one label lies in it."""
    sides = random.uniform(40, 140, 2)
    x, y = (int(v) for v in random.uniform(0, 1, 2) * (np.array(SHAPE[::-1]) - sides))
    box = Bounds(x, y, int(sides[0]), int(sides[1]))
    mask = random_mark(random, box)
    label = int(np.median(scene.labels[mask]))
    if (scene.labels[mask] == label).mean() < PURE or label < len(objects()):
        return None
    return view_of(scene.image, mask, side_px), label


def degraded(pixels: Tensor, random: Generator, *, strength: float = 1.0) -> Tensor:
    """(n 3 H W) in [-1, 1], each made worse in its own way: soft, noisy, packed, small for a while, paler."""
    worse = [degrade(each[None], random, strength) for each in pixels]
    return torch.cat(worse)


def degrade(pixels: Tensor, random: Generator, strength: float) -> Tensor:
    form = random.random()
    if form < 0.25:
        pixels = blurred(pixels, random.uniform(0.4, 1.4) * strength)
    elif form < 0.45:
        size = [int(side * random.uniform(0.4, 0.9)) for side in pixels.shape[-2:]]
        small = F.interpolate(pixels, size, mode="bilinear", antialias=True)
        pixels = F.interpolate(small, pixels.shape[-2:], mode="bilinear")
    elif form < 0.6:
        pixels = packed(pixels, int(random.integers(25, 85)))
    pixels = pixels * random.uniform(0.85, 1.15) + random.uniform(-0.1, 0.1)
    if random.random() < 0.4:
        pixels = pixels + random.uniform(0, 0.1) * strength * torch.randn_like(pixels)
    return pixels


def packed(pixels: Tensor, quality: int) -> Tensor:
    """(1 3 H W) as JPEG gives it back."""
    array = ((pixels[0].clamp(-1, 1) + 1) * 127.5).byte().permute(1, 2, 0).numpy()
    file = io.BytesIO()
    Image.fromarray(array).save(file, "JPEG", quality=quality)
    back = np.array(Image.open(file), np.float32) / 127.5 - 1
    return torch.from_numpy(back).permute(2, 0, 1)[None]
