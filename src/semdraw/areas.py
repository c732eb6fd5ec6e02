"""Painted layers as areas: how much a region counts in each cell at each step, where it runs, whose noise is where."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from semdraw.cells import nearest_cells, to_cells
from semdraw.grounds import Ground
from semdraw.masks import REFERENCE_SIDE_PX, blur, occlude, quantize, soften
from semdraw.methods import Method, method_of
from semdraw.models.base import Conditioning, DiffusionModel, ModelSpec
from semdraw.places import Place, places_of
from semdraw.scene import Brush, Layer, Recipe, Scene
from semdraw.schedule import Schedule
from semdraw.windows import padded
from semdraw.wording import own_words

BACKGROUND_LAYER = ""  # stands for the brush of a worded background that is a layer like any other


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Region:
    """One brush that has something to draw.

    weights (t 1 h w) per step; conditioning (1 n d); negative (1 n d): what guidance leads away from, None where that
    does not act; places: where it runs, several where it is larger than a tile.
    shares (t p h w): only of what stands for all regions in one pass, how visible each of its p prompts is at each
    step; the ground's comes first, and conditioning (p n d) and negative have all of them.
    """

    brush_id: str
    weights: Tensor
    conditioning: Conditioning
    places: tuple[Place, ...]
    negative: Conditioning | None = None
    shares: Tensor | None = None

    def is_active(self, step: int) -> bool:
        """Whether any weight of that step is above zero."""
        return any(place.is_active[step] for place in self.places)


def mask_inputs(scene: Scene) -> Any:
    """All of a scene that weights and noise depend on."""
    prompts = [
        (
            b.id,
            bool(own_words(scene, b).strip()),
            b.strength,
            b.softness_px,
            b.seed,
            b.acts_from,
            b.acts_until,
        )
        for b in scene.brushes
    ]
    recipe = scene.recipe
    steps = (recipe.sampler, recipe.num_steps, recipe.step_indices, recipe.grid_steps)
    method = (recipe.method, recipe.mask_mode, recipe.cover, recipe.window_px, recipe.tile_px)
    return scene.canvas.extent, scene.canvas.layers, prompts, steps, method, scene.seed


def compile_areas(
    scene: Scene, painted: list[tuple[Brush, Layer]], schedule: Schedule, model: DiffusionModel
) -> tuple[dict[str, Region], Tensor]:
    """The regions, still without prompts, and the painted share of each pixel at the last step.

    One mask at a time, topmost first; once for all steps at which the same brushes act, so that a brush hides what
    lies below it only while it takes part itself.
    """
    weights: dict[str, Tensor] = {}
    cover = torch.zeros(1, *scene.canvas.extent.shape)
    for steps, acting in _shifts(painted, len(schedule)):
        found, cover = _weights_and_cover(scene, acting, schedule, model.spec)
        for brush_id, whole in found.items():
            if len(steps) == len(schedule):
                weights[brush_id] = whole
            else:
                weights.setdefault(brush_id, torch.zeros_like(whole))[steps] = whole[steps]
    regions = {brush_id: _region(brush_id, weights[brush_id], scene, model) for brush_id in weights}
    return regions, cover.clamp(max=1).to(model.device)


def acting_steps(brush: Brush, num_steps: int) -> tuple[bool, ...]:
    """At which steps a brush takes part: those whose middle lies in its window, or else the one in which that lies."""
    start, end = sorted((brush.acts_from, brush.acts_until))
    acts = tuple(start <= (step + 0.5) / num_steps <= end for step in range(num_steps))
    nearest = min(num_steps - 1, int((start + end) / 2 * num_steps))
    return acts if any(acts) else tuple(step == nearest for step in range(num_steps))


def _shifts(
    painted: list[tuple[Brush, Layer]], num_steps: int
) -> Iterator[tuple[list[int], list[tuple[Brush, Layer]]]]:
    """The steps, by who takes part in them; the last step comes last."""
    acts = {brush.id: acting_steps(brush, num_steps) for brush, _ in painted}
    crews = [tuple(acts[brush.id][step] for brush, _ in painted) for step in range(num_steps)]
    for crew in reversed(dict.fromkeys(reversed(crews))):
        steps = [step for step, each in enumerate(crews) if each == crew]
        yield steps, [pair for pair, acts_now in zip(painted, crew, strict=True) if acts_now]


def _weights_and_cover(
    scene: Scene, acting: list[tuple[Brush, Layer]], schedule: Schedule, spec: ModelSpec
) -> tuple[dict[str, Tensor], Tensor]:
    """By brush the weights (t 1 h w) as if these brushes took part in all steps; and what they cover (1 H W)."""
    method = method_of(scene.recipe)
    weights: dict[str, Tensor] = {}
    cover = torch.zeros(1, *scene.canvas.extent.shape)
    for brush, blurred in blurred_masks(scene, acting):
        soft = blurred if method.masks == "half" else blurred * brush.strength
        weights[brush.id] = _weights(soft, schedule, scene, spec)
        drawn = quantize(soft[None], schedule, "continuous", method)[0, -1]
        cover = cover + (blurred if method.seam == "painted" else drawn)
    return weights, cover


def blurred_masks(scene: Scene, painted: Sequence[tuple[Brush, Layer]]) -> Iterator[tuple[Brush, Tensor]]:
    """Topmost first: each brush and its mask (1 H W), dimmed where it is covered, then blurred."""
    extent, method = scene.canvas.extent, method_of(scene.recipe)
    scale = min(extent) / REFERENCE_SIDE_PX
    widest = max((brush.softness_px * scale for brush, _ in painted), default=0.0)
    above = torch.zeros(1, *extent.shape)
    for brush, layer in reversed(painted):
        mask = _rasterize(layer)
        visible = _visible(mask, above, scene.recipe, method)
        yield brush, _blurred(visible, brush.softness_px * scale, widest, method)
        above = torch.maximum(above, mask)


def _visible(mask: Tensor, above: Tensor, recipe: Recipe, method: Method) -> Tensor:
    """A mask (1 H W) dimmed by what lies above it."""
    is_off = (
        method.masks == "half"
        or method.joint is not None
        or (method.is_cover_off_at_zero and recipe.cover == 0)
    )
    return mask if is_off else occlude(mask, above, recipe.cover)


def _blurred(mask: Tensor, std_px: float, widest_px: float, method: Method) -> Tensor:
    """The published blur reaches as far for every mask as for the softest, and runs at full size."""
    if method.masks == "half":
        return mask
    return soften(mask, std_px) if method.masks == "reach" else blur(mask, std_px, math.ceil(3 * widest_px))


def _weights(soft: Tensor, schedule: Schedule, scene: Scene, spec: ModelSpec) -> Tensor:
    """(t 1 h w) of a soft mask (1 H W)."""
    method = method_of(scene.recipe)
    whole = padded(soft, spec.working(scene.canvas.extent))
    pixels = quantize(whole[None], schedule, scene.recipe.mask_mode, method)[0]
    cells = to_cells if method.cells == "area" else nearest_cells
    return cells(pixels, spec.cell_px)


def _region(brush_id: str, weights: Tensor, scene: Scene, model: DiffusionModel) -> Region:
    """A region with weights (t 1 h w); its prompt is put in later."""
    return Region(
        brush_id=brush_id,
        weights=weights.to(model.device),
        conditioning=Conditioning(torch.empty(0)),
        places=places_of(weights, scene, model.spec),
    )


def background_layer(
    above: list[Region], ground: Ground, schedule: Schedule, scene: Scene, model: DiffusionModel
) -> list[Region]:
    """A background in words as the lowest region, as published: all that the others leave at each step."""
    cells = model.spec.cells(scene.canvas.extent)
    total = torch.zeros(len(schedule), 1, *cells.shape, device=model.device)
    weights = (1 - torch.stack([total, *(region.weights for region in above)]).sum(dim=0)).clamp(0, 1)
    layer = Region(
        brush_id=BACKGROUND_LAYER,
        weights=weights,
        conditioning=ground.words,
        places=places_of(weights.cpu(), scene, model.spec),
        negative=ground.negative,
    )
    return [layer] if layer.places else []


def _rasterize(layer: Layer) -> Tensor:
    """(1 H W) in [0, 1]."""
    return torch.from_numpy(layer.mask.array.astype(np.float32))[None] / 255


def noise_maps(scene: Scene, painted: list[tuple[Brush, Layer]], spec: ModelSpec) -> tuple[Tensor, Tensor]:
    """Whose noise each cell takes, by the topmost layer that is painted there; int64.

    Its seed (h w), which is the scene's where it has none of its own, and how far it was moved (2 h w), in cells.
    """
    working = spec.working(scene.canvas.extent)
    shape = spec.cells(working).shape
    seeds, moved = torch.full(shape, scene.seed), torch.zeros(2, *shape, dtype=torch.int64)
    for brush, layer in painted:
        is_there = F.max_pool2d(padded(_rasterize(layer), working), spec.cell_px)[0] >= 0.5
        seeds[is_there] = scene.seed if brush.seed is None else brush.seed
        moved[:, is_there] = torch.tensor([round(px / spec.cell_px) for px in layer.moved_px]).view(2, 1)
    return seeds, moved
