"""All regions in one pass: who is visible where, and one region that stands for all of them.

Letters: p prompts (0 is the ground), t steps, h w latent cells, n tokens, d width.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

import torch

from semdraw.areas import Region
from semdraw.grounds import Ground
from semdraw.models.base import Conditioning, ModelSpec
from semdraw.places import places_of
from semdraw.scene import Scene

EVERYONE: Final = "*"  # what stands for all regions goes by this id, which no brush can have


def stacked(regions: Iterable[Region], scene: Scene, spec: ModelSpec) -> dict[str, Region]:
    """By id, each as far as those above let it be seen: w_p = a_p prod (1 - a_q) over q above p; topmost first."""
    seen: dict[str, Region] = {}
    left: torch.Tensor | None = None
    for region in regions:
        left = torch.ones_like(region.weights) if left is None else left
        weights, left = region.weights * left, (1 - region.weights) * left
        seen[region.brush_id] = replace(region, weights=weights, places=places_of(weights.cpu(), scene, spec))
    return seen


def everyone(
    regions: Sequence[Region], ground: Ground, scene: Scene, spec: ModelSpec, *, fills_canvas: bool
) -> Region:
    """What stands for all regions and the ground beneath them.

    fills_canvas: the ground's words are drawn, too; otherwise only what regions claim counts.
    """
    claimed = torch.stack([region.weights for region in regions]).sum(dim=0).clamp(max=1)
    weights = torch.ones_like(claimed) if fills_canvas else claimed
    negatives = [region.negative for region in regions if region.negative is not None]
    return Region(
        brush_id=EVERYONE,
        weights=weights,
        conditioning=Conditioning.stack([ground.words, *(region.conditioning for region in regions)]),
        negative=None if ground.negative is None else Conditioning.stack([ground.negative, *negatives]),
        places=places_of(weights.cpu(), scene, spec),
        shares=torch.cat([1 - claimed, *(region.weights for region in regions)], dim=1),
    )
