"""One prompt over a canvas of any width: as many tiles as it takes, every step of all of them blended."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from msgspec.structs import replace

from semdraw.geometry import Extent
from semdraw.models.base import DiffusionModel
from semdraw.rasters import Picture
from semdraw.samplers import FEW_STEPS
from semdraw.scene import Canvas, PromptBackground, Recipe, Scene, checked
from semdraw.still import Progress, generate

PUBLISHED_STEPS: Final = (0, 12, 25, 37)  # of 50, as the published panoramas take them


def panorama(
    model: DiffusionModel,
    prompt: str,
    extent: Extent,
    *,
    negative: str = "",
    seed: int = 0,
    recipe: Recipe | None = None,
    on_progress: Callable[[Progress], None] | None = None,
) -> Picture:
    """A wide or tall picture of one prompt; `negative` acts where the recipe has guidance.

    Without a recipe it is that of `panorama_recipe`. Same arguments, same build, device and threads: same bytes.
    """
    chosen = recipe or panorama_recipe(model.spec.recipe, model.spec.extent)
    scene = panorama_scene(prompt, extent, negative=negative, seed=seed, recipe=chosen)
    return generate(model, scene, on_progress=on_progress)


def panorama_scene(
    prompt: str, extent: Extent, *, recipe: Recipe, negative: str = "", seed: int = 0
) -> Scene:
    """A canvas with nothing but a background in words."""
    background = PromptBackground(prompt=prompt, negative=negative)
    return checked(Scene(canvas=Canvas(extent=extent, background=background), recipe=recipe, seed=seed))


def panorama_recipe(own: Recipe, extent: Extent) -> Recipe:
    """A model's own recipe (`own`, drawing best at `extent`) for panoramas: tiles of the size it draws best.

    A model that is run in a few steps takes the published ones, 0, 12, 25 and 37 of 50; others keep their own.
    """
    if own.step_count > FEW_STEPS:
        return tiled_recipe(own, extent)
    return replace(tiled_recipe(own, extent), step_indices=PUBLISHED_STEPS, grid_steps=50)


def tiled_recipe(recipe: Recipe, extent: Extent) -> Recipe:
    """A recipe in tiles of the size that a model draws best, `extent`; its steps stay."""
    return replace(recipe, tile_px=min(extent))
