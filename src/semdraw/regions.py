"""A scene compiled for one model: where each region runs at which step, what it is told, and what fills the rest."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import torch
from torch import Tensor

from semdraw.areas import Region, background_layer, compile_areas, mask_inputs, noise_maps
from semdraw.errors import ExtentError, SceneError
from semdraw.geometry import Bounds
from semdraw.grounds import Ground, background_words, compile_ground, ground_inputs
from semdraw.hints import hints_of
from semdraw.joint import everyone, stacked
from semdraw.kept import Kept, compile_kept
from semdraw.methods import Method, method_of
from semdraw.models.base import Conditioning, DiffusionModel, ModelSpec
from semdraw.places import tile_cells
from semdraw.reports import Hint
from semdraw.scene import Brush, Layer, Recipe, Scene, check_values
from semdraw.schedule import Schedule, build_schedule
from semdraw.windows import View, crop, tiled
from semdraw.wording import brush_negative, brush_words, own_words


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Regions:
    """All that the sampler needs of a scene.

    regions: sorted by brush id, so that the order of layers which do not touch changes nothing. painted: all that have
    paint and words, also those too small to act. seeds (h w) int64: the seed of the layer that is visible in each
    cell; moved (2 h w): how far that layer was moved, in cells.
    cover (1 H W): the painted share of each pixel of the canvas, over whose edges cells may reach.
    kept: what frozen layers hold, if there are any.
    fills: what is where no region is: the row of a background in words, the known rest, or nothing. background: the
    views in which a background prompt runs, each with (t) whether regions fill it at that step. everyone: what stands
    for all regions once one pass draws them; None: each draws for itself, at every step. bootstrap_start,
    bootstrap_end: the first step that counts as bootstrapping (those before it bootstrap too), and the first without.
    """

    scene: Scene
    schedule: Schedule
    method: Method
    regions: tuple[Region, ...]
    painted: tuple[Region, ...]
    ground: Ground
    seeds: Tensor
    moved: Tensor
    cover: Tensor
    kept: Kept | None
    fills: Literal["row", "rest", "nothing"]
    background: tuple[tuple[View, tuple[bool, ...]], ...]
    everyone: Region | None
    bootstrap_start: int
    bootstrap_end: int
    hints: tuple[Hint, ...]

    @property
    def num_tokens(self) -> int:
        """Of the longest prompt: all rows are told as many, so that no row depends on what runs beside it."""
        told = [self.ground.words, self.ground.negative]
        regions = self.regions if self.everyone is None else (*self.regions, self.everyone)
        told += [each for region in regions for each in (region.conditioning, region.negative)]
        return max(each.embeds.shape[1] for each in told if each is not None)

    @property
    def behind(self) -> Tensor | None:
        """The pixels (3 H W) that show through where nothing is painted, None where nothing is to show through."""
        return self.ground.picture if self.fills == "rest" and self.scene.recipe.blend else None

    @property
    def rest(self) -> Tensor | None:
        """(c h w): the clean latent of a known background."""
        return self.ground.rest if self.fills == "rest" else None

    def is_bootstrap(self, step: int) -> bool:
        return step < self.bootstrap_end

    def acting(self, step: int) -> tuple[Region, ...]:
        """What has rows of its own at a step, beside the background."""
        return self.regions if self.everyone is None or self.is_bootstrap(step) else (self.everyone,)

    def plain_share(self, step: int) -> float:
        """How much of the plain ground a region is shown at a bootstrap step; the remainder is what lies behind."""
        return min(1.0, max(0.0, self.scene.recipe.bootstrap_mix - max(0, step - self.bootstrap_start)))

    def background_views(self, step: int) -> list[View]:
        """Where a background prompt has anything to fill; while bootstrapping leaks may always give cells back."""
        if self.fills != "row" or self.acting(step) == (self.everyone,):
            return []
        return [view for view, is_full in self.background if self.is_bootstrap(step) or not is_full[step]]


def compile_regions(scene: Scene, model: DiffusionModel, previous: Regions | None = None) -> Regions:
    """Everything about `scene` that does not change from step to step; unchanged parts are taken from `previous`."""
    check_values(scene)
    _require_extent(scene, model.spec)
    _require_attention(scene.recipe, model.spec)
    schedule = build_schedule(model.spec.training, scene.recipe)
    method, steps = method_of(scene.recipe), scene.recipe.bootstrap_steps
    pairs, painted = painted_layers(scene)
    is_same_ground = previous is not None and ground_inputs(scene) == ground_inputs(previous.scene)
    ground = previous.ground if previous and is_same_ground else compile_ground(scene, model)
    if previous is not None and mask_inputs(scene) == mask_inputs(previous.scene):
        weights = {region.brush_id: region for region in previous.painted}
        cover, seeds, moved = previous.cover, previous.seeds, previous.moved
    else:
        weights, cover = compile_areas(scene, painted, schedule, model)
        if method.joint is not None:
            weights = stacked((weights[brush.id] for brush, _ in reversed(painted)), scene, model.spec)
        seeds, moved = noise_maps(scene, painted, model.spec)
    views = _background(tuple(weights.values()), len(schedule), scene, model.spec)
    fills = _fills(ground, method, is_covered=all(all(is_full) for _, is_full in views))
    _require_reference(scene.recipe, fills)
    regions = [
        replace(weights[brush.id], **_told(brush, scene, ground, fills, model)) for brush, _ in painted
    ]
    acting = [region for region in regions if region.places]
    if method.background == "layer" and ground.is_worded:
        acting += background_layer(acting, ground, schedule, scene, model)
    acting.sort(key=lambda region: region.brush_id)
    start = schedule.first_informed_step() if method.counts_informed else 0
    return Regions(
        scene=scene,
        schedule=schedule,
        method=method,
        regions=tuple(acting),
        painted=tuple(regions),
        ground=ground,
        seeds=seeds,
        moved=moved,
        cover=cover,
        kept=compile_kept(scene, model, previous and previous.kept),
        fills=fills,
        background=views,
        everyone=_everyone(acting, scene, ground, fills, model) if method.joint and acting else None,
        bootstrap_start=start,
        bootstrap_end=start + steps if steps else 0,
        hints=tuple(hints_of(scene, pairs, weights, model.spec)),
    )


def painted_layers(scene: Scene) -> tuple[list[tuple[Brush, Layer]], list[tuple[Brush, Layer]]]:
    """All visible layers with their brushes, bottom first; and those of them that have paint and words."""
    pairs = [(scene.brush(layer.brush_id), layer) for layer in scene.canvas.layers if layer.visible]
    return pairs, [
        (brush, layer)
        for brush, layer in pairs
        if own_words(scene, brush).strip() and not layer.mask.is_blank
    ]


def _require_extent(scene: Scene, spec: ModelSpec) -> None:
    extent = scene.canvas.extent
    is_too_large = spec.largest_px is not None and max(spec.working(extent)) > spec.largest_px
    if is_too_large and not tile_cells(scene, spec):
        raise ExtentError(
            f"{spec.name} takes sides of at most {spec.largest_px} px where it is not tiled, got {extent}; "
            f"try tile_px {spec.largest_px}"
        )


def _require_attention(recipe: Recipe, spec: ModelSpec) -> None:
    if method_of(recipe).joint is not None and not spec.attends_regions:
        raise SceneError(
            f"method {recipe.method!r} tells one pass of the network several prompts, which {spec.name} (family "
            f"{spec.family}) cannot take; it is for UNets, as of SD1.5 and SDXL; here take method 'exact'"
        )


def _fills(ground: Ground, method: Method, *, is_covered: bool) -> Literal["row", "rest", "nothing"]:
    if method.background == "row":
        return "row" if ground.is_worded else "rest"
    return "nothing" if ground.is_worded or is_covered else "rest"


def _require_reference(recipe: Recipe, fills: str) -> None:
    if recipe.is_guided and recipe.guidance == "residual_self" and fills != "rest":
        raise SceneError(
            "guidance 'residual_self' leads away from the picture or colour behind, and here there is none; "
            "give the scene one, or take 'residual_once'"
        )


def _background(
    regions: tuple[Region, ...], num_steps: int, scene: Scene, spec: ModelSpec
) -> tuple[tuple[View, tuple[bool, ...]], ...]:
    """The views of the whole canvas, each with (t): whether the regions fill it."""
    cells = spec.cells(scene.canvas.extent)
    total = torch.zeros(num_steps, *cells.shape)
    for region in regions:
        total += region.weights[:, 0].cpu()
    return tuple(
        (view, tuple(bool((part >= 1).all()) for part in crop(total, view.window)))
        for view in tiled(Bounds(0, 0, *cells), tile_cells(scene, spec))
    )


def _everyone(
    acting: list[Region], scene: Scene, ground: Ground, fills: str, model: DiffusionModel
) -> Region:
    """All regions in one pass; a model's own suffix is for regions that it sees alone."""
    told = [
        replace(region, **_told(scene.brush(region.brush_id), scene, ground, fills, model, own_suffix=""))
        for region in acting
    ]
    return everyone(told, ground, scene, model.spec, fills_canvas=fills == "row")


def _told(
    brush: Brush,
    scene: Scene,
    ground: Ground,
    fills: str,
    model: DiffusionModel,
    *,
    own_suffix: str | None = None,
) -> dict[str, Conditioning | None]:
    """What the network is told of a region: its prompt and, where that acts, its negative prompt.

    own_suffix: what is added to prompts where the recipe says nothing; None: what the model says.
    """
    recipe, method = scene.recipe, method_of(scene.recipe)
    own = (model.spec.region_suffix if method.fits_model else "") if own_suffix is None else own_suffix
    suffix = own if recipe.region_suffix is None else recipe.region_suffix
    words = background_words(scene, method)
    prompt = model.encode_prompt(brush_words(scene, brush) + suffix.replace("{background}", words))
    negative = None if ground.negative is None else model.encode_prompt(brush_negative(scene, brush))
    if brush.prompt_strength < 1 and fills != "nothing":
        share = torch.tensor([brush.prompt_strength])
        prompt = prompt.towards(ground.words, share)
        if negative is not None and ground.negative is not None:
            negative = negative.towards(ground.negative, share)
    return {"conditioning": prompt, "negative": negative}
