"""SEAM: is the ground rougher along mask outlines and window edges than the same ground elsewhere?"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from eval.bench import Layout
from eval.views import blurred
from semdraw.geometry import Bounds

SIDE_PX = 5  # how far to both sides a place must show ground
PLACES = 50  # where the same outline is laid for comparison
FEWEST = 24  # points on ground without which there is nothing to see
FLOOR = 0.5  # grey levels a pixel that nobody sees
SEED = 72_000_000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Line:
    """Points on outlines (n 2), row before column, and the direction across (n 2)."""

    points: np.ndarray
    across: np.ndarray


def find_seam(
    layout: Layout,
    picture: np.ndarray,
    is_object: np.ndarray,
    windows: Sequence[Bounds] | None = None,
) -> float | None:
    """Mean change across the lines over that across the same lines elsewhere; 1 is invisible.

    The lines are outlines of masks, or edges of windows; None where too little of them lies on ground.

    picture (H W 3) uint8, is_object (H W) bool: what an oracle takes for one; windows: whose edges are looked at in
    the place of outlines, so that outlines have the same lines for every method.
    """
    drawn = () if layout.mask_kind == "silhouette" else layout.regions  # at a true outline an edge belongs
    lines = (
        [outline(region.mask) for region in drawn] if windows is None else [edges(each) for each in windows]
    )
    line = on_canvas(joined(lines), layout.extent.shape)
    slopes = changes(picture)
    near = np.zeros(layout.extent.shape, bool)
    near[tuple(line.points.astype(int).T)] = True
    here = is_on_ground(line, (0, 0), is_object)
    if here.sum() < FEWEST:
        return None
    rough = roughness(slopes, line, (0, 0), here)
    random = np.random.default_rng([SEED, layout.id])
    elsewhere: list[float] = []
    for dy, dx in random.integers(
        -layout.extent.height // 2, layout.extent.height // 2, (4 * PLACES, 2)
    ).tolist():
        there = is_on_ground(line, (dy, dx), is_object)
        there[there] &= ~near[tuple((line.points[there] + (dy, dx)).astype(int).T)]
        if there.sum() >= FEWEST:
            elsewhere.append(roughness(slopes, line, (dy, dx), there))
        if len(elsewhere) == PLACES:
            break
    if not elsewhere:
        return None
    return (rough + FLOOR) / (float(np.mean(elsewhere)) + FLOOR)


def outline(mask: np.ndarray) -> Line:
    """The band of three pixels along the outline of a mask (H W) bool, and the way across it."""
    soft = blurred(torch.from_numpy(mask)[None, None].float(), 1.0)[0, 0].numpy()
    down, right = np.gradient(soft)
    steep = np.hypot(down, right)
    points = np.argwhere(steep > 0.16)
    at = tuple(points.T)
    return Line(points=points, across=np.stack([down[at], right[at]], -1) / steep[at][:, None])


def edges(window: Bounds) -> Line:
    """The band of three pixels along the edges of a window, in pixels of the canvas."""
    xs = np.arange(window.x, window.x + window.width)
    ys = np.arange(window.y, window.y + window.height)
    points, across = [], []
    for off in (-1, 0, 1):
        for y in (window.y + off, window.y + window.height + off):
            points.append(np.stack([np.full_like(xs, y), xs], -1))
            across.append(np.tile((1.0, 0.0), (len(xs), 1)))
        for x in (window.x + off, window.x + window.width + off):
            points.append(np.stack([ys, np.full_like(ys, x)], -1))
            across.append(np.tile((0.0, 1.0), (len(ys), 1)))
    return Line(points=np.concatenate(points), across=np.concatenate(across))


def joined(lines: Sequence[Line]) -> Line:
    if not lines:
        return Line(points=np.zeros((0, 2), int), across=np.zeros((0, 2)))
    return Line(
        points=np.concatenate([line.points for line in lines]),
        across=np.concatenate([line.across for line in lines]),
    )


def on_canvas(line: Line, shape: tuple[int, int]) -> Line:
    inside = ((line.points >= 0) & (line.points < shape)).all(1)
    return Line(points=line.points[inside], across=line.across[inside])


def changes(picture: np.ndarray) -> np.ndarray:
    """(H W 2) grey levels per pixel, downwards and to the right, of the brightness."""
    grey = picture.astype(np.float32).mean(-1)
    return np.stack(np.gradient(grey), -1)


def is_on_ground(line: Line, move: tuple[int, int], is_object: np.ndarray) -> np.ndarray:
    """(n,) bool: whether the point, moved, lies on the canvas with ground on both of its sides."""
    good = np.ones(len(line.points), bool)
    for side in (-SIDE_PX, 0, SIDE_PX):
        at = np.round(line.points + move + side * line.across).astype(int)
        good &= ((at >= 1) & (at < np.array(is_object.shape) - 1)).all(1)
        good[good] &= ~is_object[tuple(at[good].T)]
    return good


def roughness(slopes: np.ndarray, line: Line, move: tuple[int, int], good: np.ndarray) -> float:
    """Mean change across the line at its good points, in grey levels per pixel."""
    at = tuple((line.points[good] + move).T)
    return float(np.abs((slopes[at] * line.across[good]).sum(-1)).mean())
