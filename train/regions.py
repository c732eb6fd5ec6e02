"""Scenes with what a painter would have told of them: one prompt and one mask for each object, and the background's.

The masks are as people paint them (`brushwork`), at the resolution of the latents.
"""

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from train.brushwork import painted, to_cells, visible
from train.captions import describe_ground, describe_region
from train.networks import DOWNSCALE
from train.scenes import Scene, render

MAX_REGIONS = 6  # the background, and up to five objects
SIZE_PX = 256
CROWDED = 0.7  # share of scenes with two to five objects; the others have one
UNTOLD = 0.1  # share of regions without words
ALL_UNTOLD = 0.08  # share of scenes without any, for guidance


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A picture (H W 3) uint8, its prompts and their weights (MAX_REGIONS h w) uint8: the background comes first.

    Weights sum to 255 in each cell, but for rounding; those behind the last prompt are 0.
    """

    image: np.ndarray
    prompts: tuple[str, ...]
    weights: np.ndarray


def render_told(seed: int, *, coloured: float = 0.0) -> Told:
    """The same seed gives the same scene and the same masks."""
    random = np.random.default_rng([seed, SIZE_PX, 2])
    kind = "crowd" if random.random() < CROWDED else "placed"
    scene = render(seed, SIZE_PX, kind, coloured=coloured)
    masks = visible(np.stack([painted(random, mask) for mask in scene.masks]))
    return Told(image=scene.image, prompts=prompts_of(random, scene), weights=weights_of(masks))


def prompts_of(random: Generator, scene: Scene) -> tuple[str, ...]:
    assert scene.background is not None
    told = [describe_ground(random, scene.background)]
    told += [
        describe_region(random, index, colour)
        for index, colour in zip(scene.objects, scene.colours, strict=True)
    ]
    if random.random() < ALL_UNTOLD:
        return ("",) * len(told)
    return tuple("" if random.random() < UNTOLD else prompt for prompt in told)


def weights_of(masks: np.ndarray) -> np.ndarray:
    """What shows of each object (p H W) in [0, 1] -> (MAX_REGIONS h w) uint8."""
    ground = np.clip(1 - masks.sum(0, keepdims=True), 0, 1)
    cells = to_cells(np.concatenate([ground, masks]), DOWNSCALE)
    return np.pad(cells, ((0, MAX_REGIONS - len(cells)), (0, 0), (0, 0)))
