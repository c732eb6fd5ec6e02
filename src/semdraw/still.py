"""The single picture: a scene walks down the levels, one network call a step."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from semdraw.errors import EngineError
from semdraw.freezing import with_frozen
from semdraw.models.base import DiffusionModel
from semdraw.rasters import Picture
from semdraw.refining import rough_scene, take_up
from semdraw.regions import Regions, compile_regions
from semdraw.reports import Hint
from semdraw.scene import Scene
from semdraw.stream import Flight, NoiseField, advance, launch, noise_field


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Progress:
    """After `step` of `num_steps`: the latents so far, the clean picture they point to (c h w), rows run, time.

    hints: what to tell the one who paints; the same at every step.
    """

    step: int
    num_steps: int
    latents: Tensor
    clean: Tensor
    rows: int
    elapsed_ms: float
    hints: tuple[Hint, ...] = ()


@torch.inference_mode()
def denoise_steps(
    regions: Regions, model: DiffusionModel, *, field: NoiseField | None = None, flight: Flight | None = None
) -> Iterator[Progress]:
    """Walk down all levels; `field` replaces the noise of the scene (for comparison with other code).

    flight: a picture that is on its way already goes down from where it is.
    """
    started = time.perf_counter()
    flight = flight or launch(regions, field or noise_field(regions, model))
    rows = 0
    while flight.step < len(regions.schedule):
        (flight,), ran = advance([flight], regions, model)
        rows += ran
        assert flight.clean is not None
        yield Progress(
            step=flight.step,
            num_steps=len(regions.schedule),
            latents=flight.latents,
            clean=flight.clean,
            rows=rows,
            elapsed_ms=1000 * (time.perf_counter() - started),
            hints=regions.hints,
        )


def generate(
    model: DiffusionModel, scene: Scene, *, on_progress: Callable[[Progress], None] | None = None
) -> Picture:
    """The picture of a scene. Same scene, same build, device and threads: same bytes.

    on_progress: of a picture in two passes, it hears of the steps of each.
    """
    small = rough_scene(scene, model.spec)
    rough = None if small is None else generate(model, small, on_progress=on_progress)
    regions = compile_regions(scene, model)
    flight = None if rough is None else take_up(rough, regions, model)
    latents = None
    for progress in denoise_steps(regions, model, flight=flight):
        latents = progress.latents
        if on_progress is not None:
            on_progress(progress)
    assert latents is not None, "a schedule has at least one step"
    return develop(latents, regions, model)


@torch.inference_mode()
def develop(latents: Tensor, regions: Regions, model: DiffusionModel) -> Picture:
    """Latents (c h w) -> picture; a known background shows through untouched wherever nothing is painted.

    Frozen pixels are put in last, byte for byte.
    """
    height, width = regions.scene.canvas.extent.shape
    pixels = model.decode(latents)[:, :height, :width]
    if regions.behind is not None:
        pixels = torch.lerp(regions.behind, pixels.clamp(-1, 1), regions.cover)
    if not bool(torch.isfinite(pixels).all()):
        raise EngineError("the decoder returned numbers that are not finite; try fp32, or another model")
    rgb = ((pixels.clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8)
    picture = Picture.from_array(rgb.permute(1, 2, 0).contiguous().cpu().numpy())
    return picture if regions.kept is None else with_frozen(picture, regions.kept.layers)
