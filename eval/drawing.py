"""One picture by one method."""

from __future__ import annotations

import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from dataclasses import replace as with_fields
from typing import Final, cast
from unittest.mock import patch

import numpy as np
import torch
from msgspec.structs import replace

from eval.counting import Counting
from eval.methods import MethodRow
from eval.naive import naive_steps
from eval.subjects import Subjects
from eval.weights import Models
from semdraw import methods
from semdraw.geometry import Bounds, Extent
from semdraw.methods import Method
from semdraw.models.base import DiffusionModel
from semdraw.regions import Regions, compile_regions
from semdraw.samplers import FACTS
from semdraw.scene import Recipe, Sampler, Scene
from semdraw.still import denoise_steps, develop

TAKES = 1_000_003  # seeds of further pictures lie so far apart, beyond those of all layouts


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Drawn:
    """pixels (H W 3) uint8; windows: the parts of the canvas in which it was painted, in px.

    elapsed_ms: compiling, steps and decoding, None where counting slowed it down. rows of the network and flops of all
    that was computed: the same on every machine.
    """

    pixels: np.ndarray
    windows: tuple[Bounds, ...] = ()
    elapsed_ms: float | None
    rows: int
    flops: int


class Studio:
    """Paints layouts by any method; every model is loaded once."""

    def __init__(self, models: Models) -> None:
        self._models = models
        self._counting: dict[int, Counting] = {}

    def draw(self, method: MethodRow, subjects: Subjects, layout: int, *, take: int = 0) -> Drawn:
        """A take above 0 is another picture of the same layout."""
        counting = self._counted(self._models.get(method.weights))
        if method.painter == "truth":
            return _through_the_autoencoder(subjects.truth(layout), counting)
        recipe = recipe_of(method, counting.spec.recipe)
        scene = (subjects.words if method.painter == "words" else subjects.scene)(layout, recipe)
        return paint(replace(scene, seed=(scene.seed + TAKES * take) % 2**32), method, counting)

    def _counted(self, model: DiffusionModel) -> Counting:
        return self._counting.setdefault(id(model), Counting(model))


_FLOW: Final[dict[str, Sampler]] = {  # what stands for a sampler where a model was trained by flow matching
    "lcm": "flow_lcm",
    "euler_trailing": "flow_trailing",
    "ddim": "flow",
    "ddim_trailing": "flow_trailing",
}


def recipe_of(method: MethodRow, own: Recipe) -> Recipe:
    """The method's recipe over a model's own, in samplers that suit the model."""
    recipe = replace(own, **method.recipe)
    if FACTS[own.sampler].is_flow and recipe.sampler in _FLOW:
        return replace(recipe, sampler=_FLOW[recipe.sampler])
    return recipe


@torch.inference_mode()
def paint(scene: Scene, method: MethodRow, counting: Counting) -> Drawn:
    """Any scene as a method paints it; the scene's own recipe is kept."""
    counting.reset()
    model = cast(DiffusionModel, counting)
    started = time.perf_counter()
    with done_as(method.change):
        regions = compile_regions(scene, model)
        walk = naive_steps if method.painter == "naive" else denoise_steps
        latents = None
        for progress in walk(regions, model):
            latents = progress.latents
        assert latents is not None, "a schedule has at least one step"
        picture = develop(latents, regions, model)
    drawn = _drawn(picture.array, started, counting)
    return with_fields(drawn, windows=_windows(regions))


def _windows(regions: Regions) -> tuple[Bounds, ...]:
    """Where regions ran that did not see the whole canvas."""
    whole = Bounds(0, 0, *Extent(*reversed(regions.seeds.shape)))
    cell_px = regions.scene.canvas.extent.width // whole.width
    views = {place.view.window for region in regions.regions for place in region.places}
    chosen = sorted(views - {whole}, key=lambda each: (each.y, each.x, each.width, each.height))
    return tuple(
        Bounds(each.x * cell_px, each.y * cell_px, each.width * cell_px, each.height * cell_px)
        for each in chosen
    )


@contextmanager
def done_as(change: Method | None) -> Generator[None]:
    """Recipes with method `exact` follow these rules meanwhile; None: their own."""
    if change is None:
        yield
        return
    with patch.object(methods, "EXACT", change):
        yield


@torch.inference_mode()
def _through_the_autoencoder(pixels: np.ndarray, counting: Counting) -> Drawn:
    """A known picture, encoded and decoded: what no method can be better than."""
    counting.reset()
    started = time.perf_counter()
    wanted = torch.from_numpy(pixels.astype(np.float32)).permute(2, 0, 1) / 127.5 - 1
    decoded = counting.decode(counting.encode_image(wanted.to(counting.device)))
    rgb = ((decoded.clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8)
    return _drawn(rgb.permute(1, 2, 0).cpu().numpy(), started, counting)


def _drawn(pixels: np.ndarray, started: float, counting: Counting) -> Drawn:
    elapsed_ms = 1000 * (time.perf_counter() - started)
    return Drawn(
        pixels=np.array(pixels),
        elapsed_ms=round(elapsed_ms, 1) if counting.is_timed else None,
        rows=counting.rows,
        flops=counting.flops,
    )
