"""Growing, shrinking and counting areas (H W) bool."""

import numpy as np
import torch
import torch.nn.functional as F

REACH_PX = (
    6  # how exactly an oracle knows an outline: areas are grown or shrunk by so much before they are compared
)


def grow(area: np.ndarray, radius_px: int = REACH_PX) -> np.ndarray:
    """All within `radius_px` of the area, in squares."""
    wide = F.max_pool2d(torch.from_numpy(area)[None, None].float(), 2 * radius_px + 1, 1, radius_px)
    return wide[0, 0].numpy() > 0


def shrink(area: np.ndarray, radius_px: int = REACH_PX) -> np.ndarray:
    return ~grow(~area, radius_px)


def reached(seed: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """The parts of `inside` that hang together with the seed."""
    found = seed & inside
    while True:
        more = grow(found, 1) & inside
        if (more == found).all():
            return found
        found = more


def pieces(area: np.ndarray) -> list[np.ndarray]:
    """The parts that hang together."""
    left, found = area.copy(), list[np.ndarray]()
    while left.any():
        seed = np.zeros_like(left)
        seed.flat[int(left.argmax())] = True
        found.append(reached(seed, left))
        left &= ~found[-1]
    return found


def largest_part(area: np.ndarray) -> int:
    """Pixels of the largest piece that hangs together."""
    return max((int(piece.sum()) for piece in pieces(area)), default=0)


def share(part: np.ndarray, whole: np.ndarray) -> float:
    """Of the pixels of `whole`, those in `part` too; 0 where there is no whole."""
    return float((part & whole).sum() / max(1, whole.sum()))
