"""Many steps in flight, one network call: a step is `gather`, `predict`, `scatter`.

A `Flight` is one picture on its way down the levels. `generate` flies one; a pipeline flies one per level, so that
every call finishes a picture. Both take the very same step.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from semdraw.bootstrap import isolate, shift, without_leak
from semdraw.denoise import draw_noise, guide, level, reduce_regions, renoise, split
from semdraw.errors import EngineError
from semdraw.models.base import Conditioning, DiffusionModel, Rows
from semdraw.regions import Place, Region, Regions
from semdraw.schedule import Schedule
from semdraw.windows import View, crop, paste

NoiseField = Callable[[int], Tensor]  # level index -> standard normal noise (c h w); 0 is the first noise

_CELLS_PER_CALL = 2**17  # 128 rows of 256 px, 2 of 2048 px; fixed, since bytes depend on what runs together
_INCOMING = 1_000  # level numbers from here on: noise for cells that come in when a region is centred


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Flight:
    """One picture before step `step`: latents (c h w), the noise (c h w) that they carry, and where noise comes from.

    clean (c h w): the merged clean prediction of the step before, for previews; None at the start.
    """

    latents: Tensor
    noise: Tensor
    step: int
    field: NoiseField
    clean: Tensor | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """Who a network row is for: a region (None: the background prompt) of one flight, where, and how far shifted."""

    flight: int
    region: Region | None
    view: View
    by: tuple[int, int]

    @property
    def owner(self) -> tuple[int, str | None]:
        return self.flight, self.region.brush_id if self.region is not None else None


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """What the rows of one region drew, in place on the canvas: clean prediction and predicted noise (c h w)."""

    flight: int
    region: Region | None
    clean: Tensor
    noise: Tensor

    def plus(self, other: Drawn) -> Drawn:
        """Two tiles of one region, each with its share."""
        return Drawn(self.flight, self.region, self.clean + other.clean, self.noise + other.noise)


def noise_field(regions: Regions, model: DiffusionModel, *, frame: int = 0) -> NoiseField:
    """The noise of a scene: a function of seeds, frame, level and place."""
    channels = model.spec.latent_channels

    def field(index: int) -> Tensor:
        return draw_noise(regions.seeds, channels=channels, frame=frame, step=index).to(model.device)

    return field


def launch(regions: Regions, field: NoiseField) -> Flight:
    """A picture that is nothing but noise."""
    noise = field(0)
    return Flight(latents=regions.schedule.start * noise, noise=noise, step=0, field=field)


def advance(flights: list[Flight], regions: Regions, model: DiffusionModel) -> tuple[list[Flight], int]:
    """Take every flight one step down, with one network call per size of row. Returns them and how many rows ran."""
    plan, latents = gather(flights, regions)
    drawn = _run(plan, latents, flights, regions, model)
    landed = [
        scatter(flight, [each for each in drawn if each.flight == index], regions)
        for index, flight in enumerate(flights)
    ]
    return landed, len(plan) * (2 if regions.unconditional is not None else 1)


def gather(flights: list[Flight], regions: Regions) -> tuple[list[Row], list[Tensor]]:
    """Which rows run, and the latents (c h w) that each sees. Tiles in which nothing is to be drawn are left out."""
    plan: list[Row] = []
    latents: list[Tensor] = []
    for index, flight in enumerate(flights):
        for region in regions.regions:
            for place in region.places:
                if place.is_active[flight.step]:
                    row, seen = _region_row(index, flight, region, place, regions)
                    plan.append(row)
                    latents.append(seen)
        for view in regions.background_views(flight.step):
            plan.append(Row(index, None, view, (0, 0)))
            latents.append(crop(flight.latents, view.window))
    return plan, latents


def _region_row(
    index: int, flight: Flight, region: Region, place: Place, regions: Regions
) -> tuple[Row, Tensor]:
    window = place.view.window
    seen = crop(flight.latents, window)
    if not regions.is_bootstrap(flight.step):
        return Row(index, region, place.view, (0, 0)), seen
    alpha, sigma = _level(regions, flight)
    plain = alpha * crop(regions.ground.plain, window)
    ground = plain + sigma * crop(flight.noise, window)
    alone = isolate(seen, crop(region.weights[flight.step], window), ground)
    by = place.centring[flight.step]
    if by == (0, 0):
        return Row(index, region, place.view, by), alone
    incoming = plain + sigma * crop(flight.field(_INCOMING + flight.step), window)
    return Row(index, region, place.view, by), shift(alone, by, fill=incoming)


def _level(regions: Regions, flight: Flight) -> tuple[Tensor, Tensor]:
    schedule = regions.schedule
    return level(schedule.alpha, flight.step, flight.latents), level(
        schedule.sigma, flight.step, flight.latents
    )


def _run(
    plan: list[Row], latents: list[Tensor], flights: list[Flight], regions: Regions, model: DiffusionModel
) -> list[Drawn]:
    """What was drawn for each region of each flight, in the order of the plan; its tiles put together."""
    drawn: dict[tuple[int, str | None], Drawn] = {}
    for chosen in _batches(latents):
        rows, batch = [plan[number] for number in chosen], torch.stack([latents[number] for number in chosen])
        steps = [flights[row.flight].step for row in rows]
        output = _predict(rows, batch, steps, regions, model)
        clean, noise = _split(batch, output, steps, regions.schedule)
        for row, *values in zip(rows, clean, noise, strict=True):
            tile = Drawn(row.flight, row.region, *(_put_back(value, row, regions) for value in values))
            drawn[row.owner] = drawn[row.owner].plus(tile) if row.owner in drawn else tile
    return [drawn[owner] for owner in dict.fromkeys(row.owner for row in plan)]


def _batches(latents: list[Tensor]) -> list[list[int]]:
    """Row numbers that go through the network together: of one size, and no more cells than a call may hold."""
    batches: list[list[int]] = []
    for shape in sorted({seen.shape for seen in latents}):
        chosen = [number for number, seen in enumerate(latents) if seen.shape == shape]
        most = max(1, _CELLS_PER_CALL // (shape[-1] * shape[-2]))
        batches += [chosen[start : start + most] for start in range(0, len(chosen), most)]
    return batches


def _predict(
    rows: list[Row], batch: Tensor, steps: list[int], regions: Regions, model: DiffusionModel
) -> Tensor:
    """Network output (b c h w), guided where guidance changes anything."""
    timestep = regions.schedule.timestep[steps].to(batch.device)
    prompts = Conditioning.stack([_conditioning(row, regions) for row in rows])
    window = torch.tensor([row.view.told for row in rows], device=batch.device) * model.spec.cell_px
    output = model.predict(Rows(latents=batch, timestep=timestep, conditioning=prompts, window=window))
    if regions.unconditional is not None:
        nothing = Conditioning.stack([regions.unconditional] * len(rows))
        plain = model.predict(Rows(latents=batch, timestep=timestep, conditioning=nothing, window=window))
        output = guide(output, plain, regions.scene.recipe.guidance_scale)
    if not bool(torch.isfinite(output).all()):
        raise EngineError("the network returned numbers that are not finite; try fp32, or another model")
    return output


def _conditioning(row: Row, regions: Regions) -> Conditioning:
    if row.region is not None:
        return row.region.conditioning
    assert regions.ground.conditioning is not None, "a background row needs a background prompt"
    return regions.ground.conditioning


def _split(batch: Tensor, output: Tensor, steps: list[int], schedule: Schedule) -> tuple[Tensor, Tensor]:
    """Clean predictions and predicted noise (b c h w), each row at its own level."""
    alpha, sigma = (column[steps].to(output).view(-1, 1, 1, 1) for column in (schedule.alpha, schedule.sigma))
    return split(batch, output, alpha=alpha, sigma=sigma, prediction=schedule.prediction)


def _put_back(values: Tensor, row: Row, regions: Regions) -> Tensor:
    """From where a row ran (c h w) to where its region lies on the canvas."""
    if row.by != (0, 0):
        values = shift(values, (-row.by[0], -row.by[1]), fill=torch.zeros_like(values))
    if row.view.share is not None:
        values = row.view.share.to(values) * values
    return paste(values, row.view.window, regions.seeds)


def scatter(flight: Flight, rows: list[Drawn], regions: Regions) -> Flight:
    """Blend the clean predictions by weight, then add noise once (latent pre-averaging)."""
    alpha, sigma = _level(regions, flight)
    rest, rest_noise = _rest(flight, rows, regions, alpha=alpha, sigma=sigma)
    painted = [(row, row.region) for row in rows if row.region is not None]
    if not painted:
        return _descend(flight, rest, rest_noise, regions)
    weights = torch.stack([_weight(region, row.clean, flight.step, regions) for row, region in painted])
    clean = reduce_regions(torch.stack([row.clean for row, _ in painted]), weights, rest=rest)
    noise = reduce_regions(torch.stack([row.noise for row, _ in painted]), weights, rest=rest_noise)
    return _descend(flight, clean, noise, regions)


def _rest(
    flight: Flight, rows: list[Drawn], regions: Regions, *, alpha: Tensor, sigma: Tensor
) -> tuple[Tensor, Tensor]:
    """What fills the cells that no region claims, and the noise there."""
    for row in rows:
        if row.region is None:
            return row.clean, row.noise
    known = regions.ground.plain if regions.ground.rest is None else regions.ground.rest
    return known, (flight.latents - alpha * known) / sigma


def _weight(region: Region, clean: Tensor, step: int, regions: Regions) -> Tensor:
    weight = region.weights[step]
    return without_leak(weight, clean, regions.ground.plain) if regions.is_bootstrap(step) else weight


def _descend(flight: Flight, clean: Tensor, noise: Tensor, regions: Regions) -> Flight:
    schedule, below = regions.schedule, flight.step + 1
    alpha, sigma = level(schedule.alpha, below, clean), level(schedule.sigma, below, clean)
    eta = level(schedule.eta, flight.step, clean)
    is_fresh = float(schedule.eta[flight.step]) > 0 and float(schedule.sigma[below]) > 0
    fresh = flight.field(below) if is_fresh else noise
    carried = eta * fresh + (1 - eta**2).sqrt() * noise
    latents = renoise(clean, noise, fresh, alpha=alpha, sigma=sigma, eta=eta)
    return Flight(latents=latents, noise=carried, step=below, field=flight.field, clean=clean)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StreamState:
    """Pictures in flight, one per level at most, newest first; `frame` numbers the next one."""

    flights: tuple[Flight, ...] = ()
    frame: int = 0


def stream_step(
    state: StreamState, regions: Regions, model: DiffusionModel, *, is_varied: bool = False
) -> tuple[StreamState, Tensor | None]:
    """Launch one picture, take all one step down; the latents (c h w) of the one that lands, or None while filling.

    With `is_varied` every picture has a frame number of its own, hence other noise: endless variation.
    """
    fresh = launch(regions, noise_field(regions, model, frame=state.frame))
    flights, _ = advance([fresh, *state.flights], regions, model)
    landed = [flight.latents for flight in flights if flight.step == len(regions.schedule)]
    flying = tuple(flight for flight in flights if flight.step < len(regions.schedule))
    frame = state.frame + 1 if is_varied else state.frame
    return StreamState(flights=flying, frame=frame), landed[0] if landed else None
