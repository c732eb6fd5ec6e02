"""Procedural grounds in numpy: gradients, fractal noise, cells and polygons, varied by their random generator.

Every painter takes (random, height, width) and returns (height width 3) float in [0, 1].
"""

from collections.abc import Callable

import numpy as np
from numpy.random import Generator
from PIL import Image, ImageDraw

Painter = Callable[[Generator, int, int], np.ndarray]


def rgb(code: str) -> np.ndarray:
    return np.array([int(code[i : i + 2], 16) for i in (0, 2, 4)], np.float32) / 255


def tinted(random: Generator, code: str, amount: float = 0.05) -> np.ndarray:
    """The colour `code`, moved a little, so that no ground is a constant."""
    return np.clip(rgb(code) + random.normal(0, amount, 3) * 0.5 + random.normal(0, amount), 0, 1).astype(
        np.float32
    )


def fractal(
    random: Generator, shape: tuple[int, int], cell_px: float | tuple[float, float], octaves: int = 3
) -> np.ndarray:
    """Sum of smooth noise, each octave half as large and half as strong; (h w) with about zero mean, in [-1, 1]."""
    height, width = shape
    tall, wide = cell_px if isinstance(cell_px, tuple) else (cell_px, cell_px)
    total = np.zeros(shape, np.float32)
    for octave in range(octaves):
        rows, columns = (
            max(2, round(side * 2**octave / cell) + 2) for side, cell in ((height, tall), (width, wide))
        )
        grid = Image.fromarray(random.uniform(-1, 1, (rows, columns)).astype(np.float32))
        total += np.asarray(grid.resize((width, height), Image.Resampling.BICUBIC)) * 0.5**octave
    return total / 1.5


def ramp(height: int, width: int, *stops: np.ndarray) -> np.ndarray:
    """A vertical gradient through `stops`, top to bottom; (h w 3)."""
    at = np.linspace(0, 1, len(stops))
    y = np.linspace(0, 1, height)
    column = np.stack([np.interp(y, at, [stop[c] for stop in stops]) for c in range(3)], -1)
    return np.repeat(column[:, None], width, 1).astype(np.float32)


def blend(below: np.ndarray, above: np.ndarray, amount: np.ndarray) -> np.ndarray:
    return below + (above - below) * np.clip(amount, 0, 1)[..., None]


def ridge(
    random: Generator, width: int, level: float, roughness: float, cell_px: float, octaves: int = 2
) -> np.ndarray:
    """A skyline: the height (w,) in pixels from the top of where the ground begins."""
    return level + roughness * fractal(random, (2, width), (2.0, cell_px), octaves)[0]


def below(line: np.ndarray, height: int) -> np.ndarray:
    """(h w) 1 below the line, 0 above it, with a soft edge of one pixel."""
    return np.clip(np.arange(height, dtype=np.float32)[:, None] - line[None] + 0.5, 0, 1)


def dots(random: Generator, shape: tuple[int, int], count: int, radii_px: tuple[float, float]) -> np.ndarray:
    """(h w) in [0, 1]: round spots of random size and brightness, smoothed by drawing at twice the size."""
    height, width = shape
    layer = Image.new("L", (width * 2, height * 2))
    draw = ImageDraw.Draw(layer)
    for x, y, radius, light in zip(
        random.uniform(0, width * 2, count),
        random.uniform(0, height * 2, count),
        2 * random.uniform(*radii_px, count),
        random.uniform(0.5, 1, count),
        strict=True,
    ):
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=int(255 * light))
    return np.asarray(layer.resize((width, height), Image.Resampling.BOX), np.float32) / 255


def night_sky(random: Generator, height: int, width: int) -> np.ndarray:
    sky = ramp(height, width, tinted(random, "0b1240", 0.02), tinted(random, "2a3f86", 0.03))
    stars = dots(random, (height, width), height * width // 600, (0.4, 1.2))
    return blend(sky, rgb("fffbe8"), stars)


def blue_sky(random: Generator, height: int, width: int) -> np.ndarray:
    sky = ramp(height, width, tinted(random, "4f9fe8", 0.03), tinted(random, "b5def8", 0.03))
    clouds = fractal(random, (height, width), (30, 60), 4) * 2.2 - random.uniform(0.2, 0.8)
    return blend(sky, rgb("ffffff"), clouds)


def sunset(random: Generator, height: int, width: int) -> np.ndarray:
    sky = ramp(
        height, width, *(tinted(random, code, 0.03) for code in ("5a3a8e", "c9527f", "f68a4c", "fdd06b"))
    )
    bands = fractal(random, (height, width), (12, 110), 3) * 1.6 - 0.5
    return blend(sky, tinted(random, "8a3f7c", 0.03), bands * 0.7)


def sea(random: Generator, height: int, width: int) -> np.ndarray:
    horizon = round(height * random.uniform(0.15, 0.35))
    water = ramp(height, width, tinted(random, "3f9ad0", 0.03), tinted(random, "124f96", 0.03))
    water += 0.10 * fractal(random, (height, width), (7, 40), 3)[..., None]
    sky = ramp(height, width, tinted(random, "bfe3f7", 0.02), tinted(random, "e6f5fb", 0.02))
    return blend(sky, water, below(np.full(width, horizon, np.float32), height))


def beach(random: Generator, height: int, width: int) -> np.ndarray:
    scene = sea(random, height, width)
    shore = ridge(random, width, height * random.uniform(0.5, 0.62), 5, 50)
    sand = tinted(random, "f3dca4", 0.02) + 0.04 * fractal(random, (height, width), 4, 2)[..., None]
    scene = blend(scene, rgb("ffffff"), below(shore - 5, height))
    return blend(scene, sand, below(shore, height))


def desert(random: Generator, height: int, width: int) -> np.ndarray:
    scene = ramp(height, width, tinted(random, "f7c98a", 0.03), tinted(random, "fdeccb", 0.02))
    for level, code in ((0.35, "e9b064"), (0.5, "d99546"), (0.72, "c97f36")):
        line = ridge(random, width, height * level, height * 0.09, width * 0.5)
        dune = tinted(random, code, 0.02) + 0.05 * fractal(random, (height, width), (5, 60), 2)[..., None]
        scene = blend(scene, dune, below(line, height))
    return scene


def grass(random: Generator, height: int, width: int) -> np.ndarray:
    blades = fractal(random, (height, width), (18, 4), 2)
    patches = fractal(random, (height, width), 50, 2)
    return (
        tinted(random, "57a639", 0.03)
        + np.array([0.16, 0.2, 0.08], np.float32) * blades[..., None]
        + 0.06 * patches[..., None]
    )


def flower_meadow(random: Generator, height: int, width: int) -> np.ndarray:
    scene = tinted(random, "5fae45", 0.02) + 0.1 * fractal(random, (height, width), (12, 5), 2)[..., None]
    for code in ("f46d9b", "ffe14d", "ffffff", "b565d8", "f2493f"):
        petals = dots(random, (height, width), height * width // 1300, (2.0, 4.0))
        scene = blend(scene, rgb(code), petals * 3)
    return scene


def forest(random: Generator, height: int, width: int) -> np.ndarray:
    scene = ramp(height, width, tinted(random, "6fa35c", 0.03), tinted(random, "2f5a34", 0.03))
    for code in ("4c6b3c", "3c3a24", "2c2418"):
        page = Image.new("L", (width, height))
        draw = ImageDraw.Draw(page)
        for x in random.uniform(0, width, max(2, width // 36)):
            half = random.uniform(2.5, 6)
            draw.polygon(
                [(x - half, 0), (x + half, 0), (x + half * 1.4, height), (x - half * 1.4, height)], fill=255
            )
        scene = blend(scene, tinted(random, code, 0.02), np.asarray(page, np.float32) / 255)
    leaves = (
        fractal(random, (height, width), 14, 3) * 3
        + np.linspace(2.2, -4.5, height, dtype=np.float32)[:, None]
    )
    scene = blend(
        scene,
        tinted(random, "2e6b33", 0.03) + 0.1 * fractal(random, (height, width), 6, 2)[..., None],
        leaves,
    )
    floor = ridge(random, width, height * 0.86, 5, 30)
    return blend(scene, tinted(random, "2b4a20", 0.02), below(floor, height))


def snowy_mountains(random: Generator, height: int, width: int) -> np.ndarray:
    scene = ramp(height, width, tinted(random, "8fc0ea", 0.03), tinted(random, "e4f1fa", 0.02))
    for level, tall, code in ((0.55, 0.45, "8195b3"), (0.75, 0.4, "5d7090")):
        peaks, x = [], -width * random.uniform(0, 0.3)
        while x < width * 1.3:
            peaks.append((x, height * (level - tall * random.uniform(0.5, 1))))
            x += random.uniform(40, 75)
            peaks.append((x, height * (level - tall * random.uniform(0, 0.2))))
            x += random.uniform(30, 55)
        line = np.interp(np.arange(width), *np.array(peaks).T).astype(np.float32)
        rock = below(line, height)
        depth = np.arange(height, dtype=np.float32)[:, None] - line[None]
        cap = 1 - np.clip((depth - height * 0.12 - 8 * fractal(random, (height, width), 14, 2)) / 2, 0, 1)
        face = blend(np.broadcast_to(tinted(random, code, 0.02), (height, width, 3)), rgb("fbfdff"), cap)
        scene = blend(scene, face, rock)
    return blend(scene, rgb("f2f7fc"), below(ridge(random, width, height * 0.86, 5, 60), height))


def green_hills(random: Generator, height: int, width: int) -> np.ndarray:
    scene = ramp(height, width, tinted(random, "7cc0f0", 0.03), tinted(random, "dcf1fb", 0.02))
    for level, code in ((0.45, "a3cf72"), (0.6, "7dba50"), (0.78, "5a9e3a")):
        line = ridge(random, width, height * level, height * 0.11, 70)
        shade = np.linspace(0.08, -0.08, height, dtype=np.float32)[:, None, None]
        scene = blend(scene, tinted(random, code, 0.02) + shade, below(line, height))
    return scene


def city_at_night(random: Generator, height: int, width: int) -> np.ndarray:
    sky = ramp(height, width, tinted(random, "1a1440", 0.02), tinted(random, "6a3f7e", 0.03))
    page = Image.fromarray((sky * 255).clip(0, 255).astype(np.uint8))
    draw = ImageDraw.Draw(page)
    for low, code in ((0.3, 0x2E), (0.5, 0x18)):
        x = -random.uniform(0, 12)
        while x < width:
            wide, top = random.uniform(18, 36), height * random.uniform(low, low + 0.3)
            draw.rectangle((x, top, x + wide, height), fill=(code, code, code + 24))
            for wx in np.arange(x + 4, x + wide - 4, 7):
                for wy in np.arange(top + 5, height, 9):
                    if random.random() < 0.55:
                        draw.rectangle((wx, wy, wx + 3, wy + 4), fill=(255, 214, 110))
            x += wide + random.uniform(0, 3)
    return np.asarray(page, np.float32) / 255


def brick_wall(random: Generator, height: int, width: int) -> np.ndarray:
    tall, wide = random.uniform(13, 17), random.uniform(28, 36)
    y, x = np.mgrid[:height, :width].astype(np.float32)
    y += random.uniform(0, tall)
    row = (y // tall).astype(int)
    x += (row % 2) * wide / 2 + random.uniform(0, wide)
    column = (x // wide).astype(int)
    shade = random.uniform(-0.07, 0.07, (row.max() + 1, column.max() + 1, 1)).astype(np.float32)[row, column]
    mortar = np.maximum(1.5 - np.minimum(y % tall, x % wide), 0)
    wall = tinted(random, "b5523b", 0.03) + shade + 0.04 * fractal(random, (height, width), 4, 2)[..., None]
    return blend(wall, rgb("d8cdbf"), mortar)


def wooden_planks(random: Generator, height: int, width: int) -> np.ndarray:
    wide = random.uniform(24, 32)
    x = np.arange(width, dtype=np.float32) + random.uniform(0, wide)
    plank = (x // wide).astype(int)
    shade = random.uniform(-0.08, 0.08, plank.max() + 1).astype(np.float32)[plank]
    grain = fractal(random, (height, width), (60, 4), 3)
    wood = tinted(random, "a8743f", 0.03) + shade[None, :, None] + 0.09 * grain[..., None]
    gap = np.broadcast_to(np.maximum(1.8 - x % wide, 0), (height, width))
    return blend(wood, rgb("4a2e16"), gap)


def underwater(random: Generator, height: int, width: int) -> np.ndarray:
    scene = ramp(
        height,
        width,
        tinted(random, "5fd3d8", 0.03),
        tinted(random, "0f7f9e", 0.03),
        tinted(random, "0a4a6e", 0.02),
    )
    rays = fractal(random, (height, width), (400, 16), 2)
    fade = np.linspace(0.28, 0, height, dtype=np.float32)[:, None]
    scene = scene + (np.clip(rays, 0, 1) * fade)[..., None]
    page = Image.new("L", (width * 2, height * 2))
    draw = ImageDraw.Draw(page)
    for _ in range(max(4, height * width // 1600)):
        cx, cy, radius = random.uniform(0, width * 2), random.uniform(0, height * 2), random.uniform(3, 9)
        draw.ellipse((cx - radius, cy - radius, cx + radius, cy + radius), outline=220, width=2)
    bubbles = np.asarray(page.resize((width, height), Image.Resampling.BOX), np.float32) / 255
    scene = blend(scene, rgb("d8fbff"), bubbles)
    floor = ridge(random, width, height * 0.9, 4, 40)
    return blend(scene, tinted(random, "b9a878", 0.02), below(floor, height))


def space(random: Generator, height: int, width: int) -> np.ndarray:
    scene = np.broadcast_to(rgb("06040f"), (height, width, 3))
    for code in ("8a1fb0", "d0307c", "1f66b8"):
        cloud = fractal(random, (height, width), 60, 4) * 1.5 - 0.25
        scene = blend(scene, tinted(random, code, 0.04), cloud * 0.75)
    return blend(scene, rgb("ffffff"), dots(random, (height, width), height * width // 900, (0.4, 1.0)))


def lava(random: Generator, height: int, width: int) -> np.ndarray:
    count = max(12, height * width // 700)
    points = np.stack(
        [random.uniform(-20, height + 20, count), random.uniform(-20, width + 20, count)], -1
    ).astype(np.float32)
    y, x = np.mgrid[:height:2, :width:2].astype(np.float32)
    distance = np.sqrt((y[..., None] - points[:, 0]) ** 2 + (x[..., None] - points[:, 1]) ** 2)
    first, second = np.moveaxis(np.partition(distance, 1, -1)[..., :2], -1, 0)
    crack = np.asarray(Image.fromarray(second - first).resize((width, height), Image.Resampling.BILINEAR))
    rock = tinted(random, "33201c", 0.02) + 0.05 * fractal(random, (height, width), 8, 2)[..., None]
    glow = blend(np.broadcast_to(rock, (height, width, 3)), tinted(random, "e8400c", 0.03), 1.3 - crack / 5)
    return blend(glow, rgb("ffd23c"), 1.1 - crack / 2.5)


def snow(random: Generator, height: int, width: int) -> np.ndarray:
    scene = ramp(height, width, tinted(random, "8d9db5", 0.03), tinted(random, "c9d4e2", 0.02))
    ground = rgb("f4f8fd") + 0.03 * fractal(random, (height, width), 20, 2)[..., None]
    scene = blend(scene, ground, below(ridge(random, width, height * 0.66, 7, 60), height))
    return blend(scene, rgb("ffffff"), dots(random, (height, width), height * width // 350, (0.8, 2.2)) * 1.3)


PAINTERS: dict[str, Painter] = {
    "night sky": night_sky,
    "blue sky": blue_sky,
    "sunset": sunset,
    "sea": sea,
    "beach": beach,
    "desert": desert,
    "grass": grass,
    "flower meadow": flower_meadow,
    "forest": forest,
    "snowy mountains": snowy_mountains,
    "green hills": green_hills,
    "city at night": city_at_night,
    "brick wall": brick_wall,
    "wooden planks": wooden_planks,
    "underwater": underwater,
    "space": space,
    "lava": lava,
    "snow": snow,
}


def paint(name: str, random: Generator, height: int, width: int) -> Image.Image:
    ground = np.clip(PAINTERS[name](random, height, width), 0, 1)
    return Image.fromarray((ground * 255).astype(np.uint8))
