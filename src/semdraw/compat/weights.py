"""What masks become on their way into a picture, for those who want to look."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from semdraw.areas import blurred_masks
from semdraw.compat.scenes import PaintedLayer, scene_of
from semdraw.models.base import DiffusionModel
from semdraw.regions import compile_regions
from semdraw.scene import PromptBackground, Recipe, Scene


def weights_of(scene: Scene, model: DiffusionModel) -> Tensor:
    """(p t 1 h w): the weight of each layer at each step, as a picture of this scene uses them."""
    regions = compile_regions(scene, model)
    found = {region.brush_id: region.weights for region in regions.regions}
    blank = torch.zeros(len(regions.schedule), 1, *regions.seeds.shape, device=model.device)
    return torch.stack([found.get(brush.id, blank) for brush in scene.brushes])


def processed(layers: Sequence[PaintedLayer], recipe: Recipe, model: DiffusionModel) -> tuple[Tensor, Tensor]:
    """Weights per step (p t 1 h w), and blurred masks (p 1 H W)."""
    scene = scene_of(layers[0].mask.extent, layers, PromptBackground(), recipe, seed=0)
    painted = list(zip(scene.brushes, scene.canvas.layers, strict=True))
    blurred = [mask for _, mask in blurred_masks(scene, painted)]
    return weights_of(scene, model), torch.stack(blurred[::-1])
