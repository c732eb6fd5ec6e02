"""A picture in the making: begun, taken down step by step, shown. The engine's thread alone calls these."""

from __future__ import annotations

import gc
import time
from dataclasses import dataclass

import torch
from msgspec.structs import replace

from semdraw.frames import Frame
from semdraw.models.base import DiffusionModel
from semdraw.previews import patched, touched_cells
from semdraw.rasters import Picture
from semdraw.refining import fine_step, rough_scene, take_up
from semdraw.regions import Regions, compile_regions
from semdraw.reports import Timings
from semdraw.scene import Scene
from semdraw.still import develop
from semdraw.stream import Flight, advance, launch, noise_field


@dataclass(slots=True, kw_only=True, eq=False)
class Painting:
    """`started`: by the clock of `time.perf_counter`. taken, num_steps: of both passes, where there are two.

    second: the scene of the second pass, while the first one is drawn.
    """

    regions: Regions
    revision: int
    flight: Flight
    timings: Timings
    started: float
    num_steps: int
    taken: int = 0
    second: Scene | None = None
    has_shown: bool = False

    @property
    def is_done(self) -> bool:
        return self.second is None and self.is_landed

    @property
    def is_landed(self) -> bool:
        """The pass in hand is at its end."""
        return self.flight.step == len(self.regions.schedule)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Settled:
    """The last finished picture of a painter, and what it was made from."""

    regions: Regions
    frame: Frame

    def shows(self, scene: Scene) -> bool:
        """Whether a picture of `scene` would be this one."""
        return _looks(self.regions.scene) == _looks(scene)


@torch.inference_mode()
def begin(scene: Scene, revision: int, model: DiffusionModel, previous: Regions | None) -> Painting:
    """Compile the scene; what of `previous` did not change is taken over."""
    started = time.perf_counter()
    small = rough_scene(scene, model.spec)
    regions = compile_regions(small or scene, model, previous)
    length = len(regions.schedule)
    return Painting(
        regions=regions,
        revision=revision,
        flight=launch(regions, noise_field(regions, model)),
        timings=Timings(compile_ms=_since(started)),
        started=started,
        num_steps=length if small is None else 2 * length - fine_step(regions.schedule),
        second=None if small is None else scene,
    )


@torch.inference_mode()
def step(painting: Painting, model: DiffusionModel) -> int:
    """Take the picture one level down; the number of rows that ran."""
    started = time.perf_counter()
    (painting.flight,), rows = advance([painting.flight], painting.regions, model)
    painting.taken += 1
    if painting.second is not None and painting.is_landed:
        _begin_second(painting, painting.second, model)
    painting.timings = replace(
        painting.timings,
        denoise_ms=painting.timings.denoise_ms + _since(started),
        rows=painting.timings.rows + rows,
    )
    return rows


def _begin_second(painting: Painting, scene: Scene, model: DiffusionModel) -> None:
    """What the first pass has drawn, enlarged, goes on through the second one."""
    rough = develop(painting.flight.latents, painting.regions, model)
    painting.regions = compile_regions(scene, model)
    painting.flight, painting.second = take_up(rough, painting.regions, model), None


def show(painting: Painting, model: DiffusionModel, settled: Settled | None) -> Frame:
    """The picture as it stands; a preview keeps what the edit did not touch as it was `settled`."""
    started = time.perf_counter()
    flight = painting.flight
    latents = flight.latents if painting.is_done else flight.clean
    assert latents is not None, "a flight that took a step has a clean prediction"
    picture = develop(latents, painting.regions, model)
    if not painting.is_done and settled is not None and _is_same_size(settled.frame, picture):
        cells = touched_cells(settled.regions, painting.regions)
        before = Picture.from_array(settled.frame.pixels)
        picture = patched(before, picture, cells, model.spec.cell_px)
    decode_ms = painting.timings.decode_ms + _since(started)
    painting.timings = replace(painting.timings, decode_ms=decode_ms, total_ms=_since(painting.started))
    painting.has_shown = True
    return Frame(
        pixels=picture.array,
        revision=painting.revision,
        step=painting.taken,
        num_steps=painting.num_steps,
        is_settled=painting.is_done,
        timings=painting.timings,
        hints=painting.regions.hints,
        frame=painting.regions.scene.frame,
    )


def free_memory() -> None:
    """Hand back to the device what nothing holds any more."""
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def _looks(scene: Scene) -> Scene:
    """The scene without what no picture depends on: names and colours of brushes, padlocks."""
    brushes = tuple(replace(brush, name="", color="#000000") for brush in scene.brushes)
    layers = tuple(replace(layer, locked=False) for layer in scene.canvas.layers)
    return replace(scene, brushes=brushes).with_canvas(layers=layers)


def _is_same_size(frame: Frame, picture: Picture) -> bool:
    return frame.pixels.shape[:2] == picture.extent.shape


def _since(started: float) -> float:
    return 1000 * (time.perf_counter() - started)
