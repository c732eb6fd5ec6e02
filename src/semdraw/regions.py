"""A scene compiled for one model: where each region runs at which step, what it is told, and what fills the rest."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from semdraw.errors import ExtentError
from semdraw.geometry import Bounds, Extent
from semdraw.masks import REFERENCE_SIDE_PX, occlude, quantize, soften, to_cells
from semdraw.models.base import Conditioning, DiffusionModel, ModelSpec
from semdraw.reports import Hint
from semdraw.scene import Brush, ColorBackground, ImageBackground, Layer, Picture, PromptBackground, Scene
from semdraw.schedule import Schedule, build_schedule
from semdraw.windows import View, box_of, crop, tiled, window_around

GROUND_COLOR = "#ffffff"
_TOO_SMALL_CELLS = 6  # below this many cells at the last step a region hardly shows


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Place:
    """A view in which a region runs.

    is_active (t): whether the region has any weight there at that step; centring (t): the shift (dx, dy) in cells
    that brings the box of its weight there to the middle.
    """

    view: View
    is_active: tuple[bool, ...]
    centring: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Region:
    """One brush that has something to draw.

    weights (t 1 h w) per step; conditioning (1 n d); places: where it runs, several where it is larger than a tile.
    """

    brush_id: str
    weights: Tensor
    conditioning: Conditioning
    places: tuple[Place, ...]

    def is_active(self, step: int) -> bool:
        """Whether any weight of that step is above zero."""
        return any(place.is_active[step] for place in self.places)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ground:
    """What lies beneath the regions.

    conditioning: of a background prompt, else None. rest (c h w): the clean latent of a known background, else None.
    picture (3 H W) in [-1, 1]: its pixels, else None. plain (c h w): the clean latent that bootstrapping shows.
    """

    conditioning: Conditioning | None
    rest: Tensor | None
    picture: Tensor | None
    plain: Tensor


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Regions:
    """All that the sampler needs of a scene.

    regions: sorted by brush id, so that the order of layers which do not touch changes nothing. seeds (h w) int64: the
    seed of the layer that is visible in each cell. cover (1 H W): the painted share of each pixel.
    background: the views in which a background prompt runs, each with (t) whether regions fill it at that step.
    bootstrap_end: the first step without bootstrapping.
    unconditional: the empty prompt, where guidance is on.
    """

    scene: Scene
    schedule: Schedule
    regions: tuple[Region, ...]
    ground: Ground
    seeds: Tensor
    cover: Tensor
    background: tuple[tuple[View, tuple[bool, ...]], ...]
    bootstrap_end: int
    unconditional: Conditioning | None
    hints: tuple[Hint, ...]

    def is_bootstrap(self, step: int) -> bool:
        return step < self.bootstrap_end

    def background_views(self, step: int) -> list[View]:
        """Where a background prompt has anything to fill; while bootstrapping leaks may always give cells back."""
        if self.ground.conditioning is None:
            return []
        return [view for view, is_full in self.background if self.is_bootstrap(step) or not is_full[step]]


def compile_regions(scene: Scene, model: DiffusionModel, previous: Regions | None = None) -> Regions:
    """Everything about `scene` that does not change from step to step; unchanged parts are taken from `previous`."""
    _require_extent(scene, model.spec)
    schedule = build_schedule(model.spec.training, scene.recipe)
    pairs = [(scene.brush(layer.brush_id), layer) for layer in scene.canvas.layers if layer.visible]
    painted = [(brush, layer) for brush, layer in pairs if brush.prompt.strip() and not layer.mask.is_blank]
    ground = _ground(scene, model, previous)
    if previous is not None and _mask_inputs(scene) == _mask_inputs(previous.scene):
        weights = {region.brush_id: region for region in previous.regions}
        cover, seeds = previous.cover, previous.seeds
    else:
        weights, cover = _compile_masks(scene, painted, schedule, model)
        seeds = _seed_map(scene, painted, model.spec.cell_px)
    regions = [
        replace(weights[brush.id], conditioning=_conditioning(brush, ground, model)) for brush, _ in painted
    ]
    acting = tuple(sorted((r for r in regions if r.places), key=lambda region: region.brush_id))
    steps = scene.recipe.bootstrap_steps
    return Regions(
        scene=scene,
        schedule=schedule,
        regions=acting,
        ground=ground,
        seeds=seeds,
        cover=cover,
        background=_background(acting, len(schedule), scene, model.spec),
        bootstrap_end=schedule.first_informed_step() + steps if steps else 0,
        unconditional=model.encode_prompt("") if scene.recipe.guidance_scale > 1 else None,
        hints=tuple(_hints(pairs, weights, model.spec)),
    )


def _require_extent(scene: Scene, spec: ModelSpec) -> None:
    extent = scene.canvas.extent
    if not extent.is_multiple_of(spec.extent_multiple):
        raise ExtentError(
            f"{spec.name} needs sides divisible by {spec.extent_multiple} px, got {extent}; "
            f"try {extent.rounded_to(spec.extent_multiple)}"
        )
    if spec.largest_px is not None and max(extent) > spec.largest_px and not tile_cells(scene, spec):
        raise ExtentError(
            f"{spec.name} takes sides of at most {spec.largest_px} px where it is not tiled, got {extent}; "
            f"try tile_px {spec.largest_px}"
        )


def _mask_inputs(scene: Scene) -> Any:
    """All of a scene that weights and noise depend on."""
    prompts = [(b.id, bool(b.prompt.strip()), b.strength, b.softness_px, b.seed) for b in scene.brushes]
    recipe = scene.recipe
    method = (recipe.sampler, recipe.num_steps, recipe.mask_mode, recipe.cover)
    places = (recipe.window_px, recipe.tile_px, recipe.method)
    return scene.canvas.extent, scene.canvas.layers, prompts, method, places, scene.seed


def _compile_masks(
    scene: Scene, painted: list[tuple[Brush, Layer]], schedule: Schedule, model: DiffusionModel
) -> tuple[dict[str, Region], Tensor]:
    """The regions, still without prompts, and the painted share of each pixel. One mask at a time, topmost first."""
    extent = scene.canvas.extent
    scale = min(extent) / REFERENCE_SIDE_PX
    regions: dict[str, Region] = {}
    above, cover = torch.zeros(1, *extent.shape), torch.zeros(1, *extent.shape)
    for brush, layer in reversed(painted):
        mask = _rasterize(layer)
        soft = soften(occlude(mask, above, scene.recipe.cover), brush.softness_px * scale) * brush.strength
        above = torch.maximum(above, mask)
        regions[brush.id] = _region(brush, soft, schedule, scene, model)
        cover = cover + quantize(soft[None], schedule, "continuous")[0, -1]
    return regions, cover.clamp(max=1).to(model.device)


def _region(brush: Brush, soft: Tensor, schedule: Schedule, scene: Scene, model: DiffusionModel) -> Region:
    """A region from its soft mask (1 H W); its prompt is put in later."""
    weights = to_cells(quantize(soft[None], schedule, scene.recipe.mask_mode)[0], model.spec.cell_px)
    return Region(
        brush_id=brush.id,
        weights=weights.to(model.device),
        conditioning=Conditioning(torch.empty(0)),
        places=_places(weights, scene, model.spec),
    )


def _places(weights: Tensor, scene: Scene, spec: ModelSpec) -> tuple[Place, ...]:
    """Where a region with these weights (t 1 h w) runs; tiles in which it never has any are left out."""
    places: list[Place] = []
    for view in tiled(_window(weights, scene, spec), tile_cells(scene, spec)):
        parts = crop(weights[:, 0], view.window)
        if parts.any():
            is_active = tuple(bool(part.any()) for part in parts)
            places.append(
                Place(view=view, is_active=is_active, centring=tuple(_centring(part) for part in parts))
            )
    return tuple(places)


def tile_cells(scene: Scene, spec: ModelSpec) -> int:
    """The side of a tile in cells, 0 where nothing is tiled."""
    wanted = spec.tile_px if scene.recipe.tile_px is None else scene.recipe.tile_px
    unit = spec.extent_multiple
    if wanted == 0:
        return 0
    return max(unit, min(wanted, spec.largest_px or wanted) // unit * unit) // spec.cell_px


def _rasterize(layer: Layer) -> Tensor:
    """(1 H W) in [0, 1]."""
    return torch.from_numpy(layer.mask.array.astype(np.float32))[None] / 255


def _window(weights: Tensor, scene: Scene, spec: ModelSpec) -> Bounds:
    """The cells in which a region with these weights (t 1 h w) runs.

    On a canvas larger than a tile it has a window at least as large as one, so that a small region is one row.
    """
    canvas = scene.canvas.extent.cells(spec.cell_px)
    wanted = spec.window_px if scene.recipe.window_px is None else scene.recipe.window_px
    side, tile = wanted // spec.cell_px, tile_cells(scene, spec)
    if side == 0 and scene.recipe.method == "exact" and max(canvas) > tile:
        side = tile
    return window_around(
        box_of(weights.amax(dim=(0, 1))),
        canvas,
        side=side,
        multiple=spec.extent_multiple // spec.cell_px,
        largest=tile,
    )


def _centring(weight: Tensor) -> tuple[int, int]:
    """Shift (dx, dy) that puts the box of what is above zero in the middle; weight (h w)."""
    box = box_of(weight)
    height, width = weight.shape
    return box.centring_shift(Extent(width, height)) if box else (0, 0)


def _background(
    regions: tuple[Region, ...], num_steps: int, scene: Scene, spec: ModelSpec
) -> tuple[tuple[View, tuple[bool, ...]], ...]:
    """The views of the whole canvas, each with (t): whether the regions fill it."""
    cells = scene.canvas.extent.cells(spec.cell_px)
    total = torch.zeros(num_steps, *cells.shape)
    for region in regions:
        total += region.weights[:, 0].cpu()
    return tuple(
        (view, tuple(bool((part >= 1).all()) for part in crop(total, view.window)))
        for view in tiled(Bounds(0, 0, *cells), tile_cells(scene, spec))
    )


def _seed_map(scene: Scene, painted: list[tuple[Brush, Layer]], cell_px: int) -> Tensor:
    """(h w) int64: the seed of the topmost painted layer in each cell, else the scene's."""
    cells = scene.canvas.extent.cells(cell_px)
    seeds = torch.full(cells.shape, scene.seed, dtype=torch.int64)
    for brush, layer in painted:
        strongest = F.max_pool2d(_rasterize(layer), cell_px)[0]
        seeds[strongest >= 0.5] = scene.seed if brush.seed is None else brush.seed
    return seeds


def _conditioning(brush: Brush, ground: Ground, model: DiffusionModel) -> Conditioning:
    own = model.encode_prompt(brush.prompt + model.spec.region_suffix)
    if ground.conditioning is None or brush.prompt_strength >= 1:
        return own
    return own.towards(ground.conditioning, torch.tensor([brush.prompt_strength]))


def _ground(scene: Scene, model: DiffusionModel, previous: Regions | None) -> Ground:
    canvas = scene.canvas
    if (
        previous is not None
        and previous.scene.canvas.background == canvas.background
        and previous.scene.canvas.extent == canvas.extent
    ):
        return previous.ground
    plain = model.encode_image(_pixels(_plain(canvas.extent, GROUND_COLOR)).to(model.device))
    match canvas.background:
        case PromptBackground(prompt=prompt) if prompt.strip():
            return Ground(conditioning=model.encode_prompt(prompt), rest=None, picture=None, plain=plain)
        case PromptBackground():
            picture = _plain(canvas.extent, "#ffffff")
        case ColorBackground(color=color):
            picture = _plain(canvas.extent, color)
        case ImageBackground(picture=image):
            picture = _fitted(image, canvas.extent)
    pixels = _pixels(picture).to(model.device)
    return Ground(conditioning=None, rest=model.encode_image(pixels), picture=pixels, plain=plain)


def _plain(extent: Extent, color: str) -> Picture:
    return Picture(extent, bytes.fromhex(color[1:]) * extent.area)


def _fitted(image: Picture, extent: Extent) -> Picture:
    """The picture cut to the shape of the canvas around its middle, then resized."""
    if image.extent == extent:
        return image
    from PIL import Image, ImageOps

    fitted = ImageOps.fit(Image.fromarray(image.array), extent, Image.Resampling.BICUBIC)
    return Picture.from_array(np.asarray(fitted))


def _pixels(picture: Picture) -> Tensor:
    """(3 H W) in [-1, 1]."""
    return torch.from_numpy(picture.array.astype(np.float32)).permute(2, 0, 1) / 127.5 - 1


def _hints(pairs: list[tuple[Brush, Layer]], compiled: dict[str, Region], spec: ModelSpec) -> list[Hint]:
    hints: list[Hint] = []
    for brush, layer in pairs:
        if layer.mask.is_blank:
            continue
        if not brush.prompt.strip():
            hints.append(Hint(brush_id=brush.id, problem="no_prompt"))
            continue
        effect = float(compiled[brush.id].weights[-1].sum())
        painted = float(np.count_nonzero(layer.mask.array)) / spec.cell_px**2
        if effect < min(_TOO_SMALL_CELLS, max(1.0, painted)) or not compiled[brush.id].is_active(0):
            is_hidden = painted > 4 * _TOO_SMALL_CELLS and effect < painted / 8
            hints.append(Hint(brush_id=brush.id, problem="hidden" if is_hidden else "too_small"))
        if unknown := unknown_words(brush.prompt, spec.vocabulary):
            hints.append(Hint(brush_id=brush.id, problem="unknown_words", words=unknown))
    return hints


def unknown_words(prompt: str, vocabulary: frozenset[str]) -> tuple[str, ...]:
    """The words of a prompt that a model of few words was never taught."""
    if not vocabulary:
        return ()
    words = "".join(c if c.isalnum() else " " for c in prompt.lower()).split()
    return tuple(word for word in words if word not in vocabulary)
