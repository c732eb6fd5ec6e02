"""Many steps in flight, one network call: a step is `gather`, `predict_rows`, `scatter`.

A `Flight` is one picture on its way down the levels. `generate` flies one; a pipeline flies one per level, so that
every call finishes a picture. Both take the very same step.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import nan

import torch
from torch import Tensor

from semdraw.bootstrap import roll, shift, without_leak
from semdraw.denoise import average_regions, level, reduce_regions, renoise
from semdraw.geometry import Bounds
from semdraw.models.base import DiffusionModel
from semdraw.prediction import count_rows, predict_rows
from semdraw.regions import Region, Regions
from semdraw.rows import (
    OWN,
    Flight,
    NoiseField,
    Row,
    gather,
    ground_noise,
    launch,
    level_of,
    noise_field,
    plain_ground,
    shown_ground,
)
from semdraw.windows import paste

__all__ = [
    "Flight",
    "NoiseField",
    "StreamState",
    "advance",
    "launch",
    "noise_field",
    "scatter",
    "stream_step",
]

_CELLS_PER_CALL = 2**17  # 128 rows of 256 px, 2 of 2048 px; fixed, since bytes depend on what runs together
_CELLS_PER_CALL_LOW = 2**14  # on cards with little memory: 1 row of 1024 px, 4 of 512 px


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """What the rows of one region drew, in place on the canvas: clean prediction and predicted noise (c h w).

    away: the clean predictions of the negative prompt (c h w), by the windows in which a row for it ran; not a number
    in cells that bootstrapping hid from it.
    """

    flight: int
    region: Region | None
    clean: Tensor
    noise: Tensor
    away: dict[Bounds, Tensor]

    def plus(self, other: Drawn) -> Drawn:
        """Two tiles of one region, each with its share."""
        clean, noise = self.clean + other.clean, self.noise + other.noise
        return Drawn(self.flight, self.region, clean, noise, self.away | other.away)


def advance(flights: list[Flight], regions: Regions, model: DiffusionModel) -> tuple[list[Flight], int]:
    """Take every flight one step down, with one network call per size of row. Returns them and how many rows ran."""
    plan = gather(flights, regions)
    drawn = _run(plan, flights, regions, model)
    landed = [
        scatter(flight, [each for each in drawn if each.flight == index], regions)
        for index, flight in enumerate(flights)
    ]
    return landed, count_rows(plan, regions)


def _run(plan: list[Row], flights: list[Flight], regions: Regions, model: DiffusionModel) -> list[Drawn]:
    """What was drawn for each region of each flight, in the order of the plan; its tiles put together."""
    drawn: dict[tuple[int, str | None], Drawn] = {}
    for rows in _batches(plan, _CELLS_PER_CALL_LOW if model.spec.is_low_memory else _CELLS_PER_CALL):
        steps = [flights[row.flight].step for row in rows]
        for row, found in zip(rows, predict_rows(rows, steps, regions, model), strict=True):
            clean, noise = _put_back(found.clean, row, regions), _put_back(found.noise, row, regions)
            seen = None if found.away is None else _unmoved(found.away, row, regions, unknown=nan)
            away = {} if seen is None else {row.view.window: seen}
            tile, owner = Drawn(row.flight, row.region, clean, noise, away), (row.flight, row.brush_id)
            drawn[owner] = drawn[owner].plus(tile) if owner in drawn else tile
    return [drawn[owner] for owner in dict.fromkeys((row.flight, row.brush_id) for row in plan)]


def _batches(plan: list[Row], cells_per_call: int) -> list[list[Row]]:
    """Rows that go through the network together: of one kind and size, and no more cells than a call may hold."""
    batches: list[list[Row]] = []
    for kind in sorted({_kind(row) for row in plan}):
        chosen = [row for row in plan if _kind(row) == kind]
        most = max(1, cells_per_call // chosen[0].latents[0].numel())
        batches += [chosen[start : start + most] for start in range(0, len(chosen), most)]
    return batches


def _kind(row: Row) -> tuple[bool, tuple[int, ...]]:
    """Whether it stands for all regions, and its size."""
    return row.shares is not None, tuple(row.latents.shape)


def _put_back(values: Tensor, row: Row, regions: Regions) -> Tensor:
    """From where a row ran (c h w) to where its region lies on the canvas."""
    values = _unmoved(values, row, regions, unknown=0.0)
    if row.view.share is not None:
        values = row.view.share.to(values) * values
    return paste(values, row.view.window, regions.seeds)


def _unmoved(values: Tensor, row: Row, regions: Regions, *, unknown: float) -> Tensor:
    """From the middle, to which bootstrapping brings a region, to where it lies in its window (c h w).

    unknown: what stands in cells that were out of sight there.
    """
    back = -row.by[0], -row.by[1]
    if regions.method.centring == "roll":
        return roll(values, back)
    return values if row.by == (0, 0) else shift(values, back, fill=torch.full_like(values, unknown))


def scatter(flight: Flight, rows: list[Drawn], regions: Regions) -> Flight:
    """Blend the clean predictions by weight, then add noise once (latent pre-averaging)."""
    rest = _rest(flight, rows, regions)
    painted = [row for row in rows if row.region is not None]
    clean, noise, fresh = _blended(flight, painted, rest, regions)
    if regions.kept is not None:
        alpha, sigma = level_of(regions, flight)
        clean, noise = regions.kept.settle(clean, noise, flight.latents, alpha=alpha, sigma=sigma)
    below = _descend(flight, clean, noise, fresh, regions)
    away = {
        (row.region and row.region.brush_id, window): seen
        for row in rows
        for window, seen in row.away.items()
    }
    return replace(below, references={**flight.references, **away}) if away else below


def _blended(
    flight: Flight, painted: list[Drawn], rest: tuple[Tensor, Tensor] | None, regions: Regions
) -> tuple[Tensor, Tensor, Tensor | None]:
    """The clean picture, the noise that was predicted, and the fresh noise where some is drawn (c h w each)."""
    is_fresh = (
        float(regions.schedule.eta[flight.step]) > 0 and float(regions.schedule.sigma[flight.step + 1]) > 0
    )
    fresh = flight.field(flight.step + 1) if is_fresh else None
    if not painted:
        assert rest is not None, "something fills a canvas without regions"
        return *rest, fresh
    weights = torch.stack([_weight(row, flight, rest, regions) for row in painted])
    clean, noise = (
        torch.stack(values) for values in zip(*((row.clean, row.noise) for row in painted), strict=True)
    )
    if fresh is not None and regions.method.noise == "each":
        own = [flight.field(OWN + 100 * flight.step + number) for number, _ in enumerate(painted)]
        fresh = reduce_regions(torch.stack(own), weights, rest=fresh)
    if rest is None:
        return average_regions(clean, weights), average_regions(noise, weights), fresh
    return reduce_regions(clean, weights, rest=rest[0]), reduce_regions(noise, weights, rest=rest[1]), fresh


def _rest(flight: Flight, rows: list[Drawn], regions: Regions) -> tuple[Tensor, Tensor] | None:
    """What fills the cells that no region claims, and the noise there; None: nothing, as published."""
    for row in rows:
        if row.region is None:
            return row.clean, row.noise
    if regions.fills == "nothing":
        return None
    known = regions.ground.plain if regions.rest is None else regions.rest
    alpha, sigma = level_of(regions, flight)
    noise = (flight.latents - alpha * known) / sigma
    if regions.method.rest == "first":
        return known, flight.field(0)
    if regions.method.rest == "again":
        alpha, sigma = level_of(regions, flight, below=True)
        return alpha * known + sigma * flight.field(0), noise
    return known, noise


def _weight(row: Drawn, flight: Flight, rest: tuple[Tensor, Tensor] | None, regions: Regions) -> Tensor:
    """(1 h w): the weight of a region, lowered while bootstrapping where it drew nothing but its ground."""
    region, step, leak = row.region, flight.step, regions.method.leak
    assert region is not None
    weight, sensitivity = region.weights[step], regions.scene.recipe.leak_sensitivity
    if not regions.is_bootstrap(step) or leak == "none":
        return weight
    if leak == "clean":
        share, plain = regions.plain_share(step), plain_ground(region, step, regions)
        ground = plain if rest is None else share * plain + (1 - share) * rest[0]
        return without_leak(weight, row.clean, ground, sensitivity)
    whole = Bounds(0, 0, weight.shape[-1], weight.shape[-2])
    ground = shown_ground(region, flight, regions, noise=ground_noise(regions, flight), window=whole)
    if leak == "noisy":
        return without_leak(weight, row.clean, ground, sensitivity)
    (alpha, _), (under, sigma) = level_of(regions, flight), level_of(regions, flight, below=True)
    return without_leak(weight, row.clean + sigma / under * row.noise, ground / alpha, sensitivity)


def _descend(flight: Flight, clean: Tensor, noise: Tensor, fresh: Tensor | None, regions: Regions) -> Flight:
    alpha, sigma = level_of(regions, flight, below=True)
    eta = level(regions.schedule.eta, flight.step, clean)
    drawn = noise if fresh is None else fresh
    carried = eta * drawn + (1 - eta**2).sqrt() * noise
    latents = renoise(clean, noise, drawn, alpha=alpha, sigma=sigma, eta=eta)
    return replace(flight, latents=latents, noise=carried, step=flight.step + 1, clean=clean)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StreamState:
    """Pictures in flight, one per level at most, newest first; `frame` numbers the next one from the scene's on."""

    flights: tuple[Flight, ...] = ()
    frame: int = 0


def stream_step(
    state: StreamState, regions: Regions, model: DiffusionModel, *, is_varied: bool = False
) -> tuple[StreamState, Tensor | None]:
    """Launch one picture, take all one step down; the latents (c h w) of the one that lands, or None while filling.

    With `is_varied` every picture has a frame number of its own, hence other noise: endless variation.
    """
    fresh = launch(regions, noise_field(regions, model, ahead=state.frame))
    flights, _ = advance([fresh, *state.flights], regions, model)
    landed = [flight.latents for flight in flights if flight.step == len(regions.schedule)]
    flying = tuple(flight for flight in flights if flight.step < len(regions.schedule))
    frame = state.frame + 1 if is_varied else state.frame
    return StreamState(flights=flying, frame=frame), landed[0] if landed else None
