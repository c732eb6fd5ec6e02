"""The same picture by diffusers' own pipeline: what a model and a sampler are held against, noise for noise."""

from __future__ import annotations

import importlib
import inspect
import itertools
import warnings
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor

from semdraw.geometry import Extent
from semdraw.models.base import DiffusionModel
from semdraw.models.families import families
from semdraw.rasters import Mask
from semdraw.regions import compile_regions
from semdraw.samplers import FACTS
from semdraw.scene import Brush, Canvas, ColorBackground, Layer, Recipe, Sampler, Scene
from semdraw.schedule import Training, build_schedule
from semdraw.still import denoise_steps
from semdraw.stream import NoiseField

PROMPT = "a castle on a hill"


def seeded_field(model: DiffusionModel, extent: Extent) -> NoiseField:
    """Standard normal noise (c h w) for each level, from torch's own generator."""
    height, width = extent.cells(model.spec.cell_px).shape

    def field(index: int) -> Tensor:
        generator = torch.Generator().manual_seed(index)
        return torch.randn(model.spec.latent_channels, height, width, generator=generator).to(model.device)

    return field


def scheduler_for(sampler: Sampler, training: Training) -> Any:
    """The scheduler of diffusers that a sampler is held against."""
    import diffusers

    if FACTS[sampler].is_flow:
        if sampler == "flow_lcm":
            return diffusers.FlowMatchLCMScheduler(shift=training.shift)
        return diffusers.FlowMatchEulerDiscreteScheduler(shift=training.shift)
    trained: dict[str, Any] = {
        "beta_start": training.beta_start,
        "beta_end": training.beta_end,
        "beta_schedule": training.beta_schedule,
        "prediction_type": training.prediction.value,
        "rescale_betas_zero_snr": training.is_zero_snr,
        "steps_offset": training.steps_offset,
    }
    match sampler:
        case "tcd":
            return diffusers.TCDScheduler(**trained)
        case "euler_trailing":
            return diffusers.EulerDiscreteScheduler(**trained, timestep_spacing="trailing")
        case "ddim" | "ddim_trailing":
            return diffusers.DDIMScheduler(
                **trained,
                clip_sample=False,
                set_alpha_to_one=training.set_alpha_to_one,
                timestep_spacing="leading" if sampler == "ddim" else "trailing",
            )
        case _:
            return diffusers.LCMScheduler(**trained)


def pipeline_around(model: DiffusionModel) -> Any:
    """diffusers' own pipeline around the networks of a loaded model.

    None for a family that has none there, and for a model whose parts lie on several devices to save memory.
    """
    name = next((each.pipeline for each in families() if each.name == model.spec.family), None)
    parts: dict[str, Any] | None = getattr(model, "parts", None)
    if name is None or parts is None or _num_devices(parts) > 1:
        return None
    with _quiet():
        pipeline = _built(name, parts, model)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def _num_devices(parts: dict[str, Any]) -> int:
    return len({part.device for part in parts.values() if isinstance(part, torch.nn.Module)})


def _built(name: str, parts: dict[str, Any], model: DiffusionModel) -> Any:
    import diffusers

    builder = getattr(diffusers, name)
    known = inspect.signature(builder.__init__).parameters.values()
    given = {each.name: parts.get(each.name) for each in known if each.default is each.empty}
    del given["self"]
    extra = {
        "requires_safety_checker": False,
        "force_zeros_for_empty_prompt": getattr(model, "is_blank_zero", False),
    }
    given |= {key: value for key, value in extra.items() if key in {each.name for each in known}}
    given["scheduler"] = scheduler_for(model.spec.recipe.sampler, model.spec.training)
    return builder(**given)


@contextmanager
def _quiet() -> Generator[None]:
    """Without the libraries' notes on image processors and on configs, which are of no concern here."""
    from transformers.utils import logging

    before = logging.get_verbosity()
    logging.set_verbosity_error()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.set_verbosity(before)


def by_diffusers(
    pipeline: Any, training: Training, recipe: Recipe, *, extent: Extent, field: NoiseField
) -> Tensor:
    """Latents (c h w) of `PROMPT` under the levels of a recipe and the noise of `field`; takes over the scheduler."""
    pipeline.scheduler = scheduler_for(recipe.sampler, training)
    given: dict[str, Any] = {"eta": recipe.gamma} if recipe.sampler == "tcd" else {}
    if recipe.sampler in ("flow_lcm", "flow_trailing"):
        sigma = build_schedule(training, recipe).sigma[:-1].double()
        given = {"sigmas": (sigma / (training.shift - (training.shift - 1) * sigma)).tolist()}
    with _noise_from(field, pipeline.scheduler):
        return pipeline(
            PROMPT,
            height=extent.height,
            width=extent.width,
            latents=field(0)[None],
            num_inference_steps=recipe.num_steps,
            guidance_scale=recipe.guidance_scale,
            output_type="latent",
            **given,
        ).images[0]


@contextmanager
def _noise_from(field: NoiseField, scheduler: Any) -> Generator[None]:
    """The scheduler's source of noise, replaced: its n-th call gives the noise of level n."""
    levels = itertools.count(1)
    module = importlib.import_module(type(scheduler).__module__)

    def draw(*_: object, dtype: torch.dtype | None = None, **__: object) -> Tensor:
        return field(next(levels))[None].to(dtype=dtype)

    with _replaced(module, "randn_tensor", draw):
        yield


@contextmanager
def _replaced(module: Any, name: str, value: Any) -> Generator[None]:
    """A name of a module stands for another value, whether it was there before or not."""
    absent = object()
    before = getattr(module, name, absent)
    setattr(module, name, value)
    try:
        yield
    finally:
        if before is absent:
            delattr(module, name)
        else:
            setattr(module, name, before)


def whole_canvas(recipe: Recipe, extent: Extent) -> Scene:
    """One region with `PROMPT` over the whole canvas: plain sampling, by way of everything that regions need."""
    layer = Layer(brush_id="all", mask=Mask(extent, b"\xff" * extent.area))
    return Scene(
        canvas=Canvas(extent=extent, layers=(layer,), background=ColorBackground(color="#336699")),
        brushes=(Brush(id="all", prompt=PROMPT, softness_px=0),),
        recipe=recipe,
    )


def plain_recipe(sampler: Sampler, num_steps: int = 4, guidance_scale: float = 1.0) -> Recipe:
    """Sampling as in diffusers: no bootstrapping, no suffix, no window, no tiles."""
    return Recipe(
        sampler=sampler,
        num_steps=num_steps,
        guidance_scale=guidance_scale,
        bootstrap_steps=0,
        region_suffix="",
        window_px=0,
        tile_px=0,
    )


def by_semdraw(model: DiffusionModel, recipe: Recipe, *, extent: Extent, field: NoiseField) -> Tensor:
    """Latents (c h w) of one region over the whole canvas, under the same noise."""
    regions = compile_regions(whole_canvas(recipe, extent), model)
    return list(denoise_steps(regions, model, field=field))[-1].latents
