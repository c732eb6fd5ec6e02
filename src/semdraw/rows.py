"""What each row of the network sees: a picture on its way, cropped, and while bootstrapping one region alone."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from torch import Tensor

from semdraw.bootstrap import isolate, roll, shift
from semdraw.denoise import drift_noise, level
from semdraw.geometry import Bounds
from semdraw.models.base import DiffusionModel
from semdraw.places import Place
from semdraw.regions import Region, Regions
from semdraw.wildcards import choice
from semdraw.windows import View, crop

NoiseField = Callable[[int], Tensor]  # level index -> standard normal noise (c h w); 0 is the first noise

INCOMING = 1_000  # level numbers from here on: noise for cells that come in when a region is centred
BOOTSTRAP = 2_000  # from here on: noise of grounds, for methods that draw it anew
OWN = 10_000  # from here on: noise of single regions, a hundred numbers a level


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Flight:
    """One picture before step `step`: latents (c h w), the noise (c h w) that they carry, and where noise comes from.

    clean (c h w): the merged clean prediction of the step before, for previews; None at the start.
    references: by brush id (None: the background's row) and window what residual guidance leads away from there
    (c h w); where a row has not run yet, there is none, and what it did not see is not a number.
    """

    latents: Tensor
    noise: Tensor
    step: int
    field: NoiseField
    clean: Tensor | None = None
    references: Mapping[tuple[str | None, Bounds], Tensor] = dataclasses.field(
        default_factory=dict[tuple[str | None, Bounds], Tensor]
    )


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """One row of the network: a region (None: the background prompt) of one flight, where, and how far shifted.

    latents (c h w): what it sees; reference (c h w): what residual guidance leads away from, seen likewise, or None.
    shares (p h w): of a row that stands for all regions, how visible each of its prompts is; None: it has one prompt.
    """

    flight: int
    region: Region | None
    view: View
    by: tuple[int, int]
    latents: Tensor
    reference: Tensor | None
    shares: Tensor | None = None

    @property
    def brush_id(self) -> str | None:
        return None if self.region is None else self.region.brush_id


def noise_field(regions: Regions, model: DiffusionModel, *, ahead: float = 0.0) -> NoiseField:
    """The noise of a scene: a function of seeds, frame, level and place. The last ones drawn are kept.

    ahead: frames beyond that of the scene.
    """
    channels, frame = model.spec.latent_channels, regions.scene.frame + ahead

    @lru_cache(maxsize=2)  # all regions that are centred at a step take from the same one
    def field(index: int) -> Tensor:
        noise = drift_noise(regions.seeds, channels=channels, frame=frame, step=index, moved=regions.moved)
        return noise.to(model.device)

    return field


def launch(regions: Regions, field: NoiseField) -> Flight:
    """A picture that is nothing but noise; steps that begin further down start from a background that is known."""
    noise, schedule = field(0), regions.schedule
    flight = Flight(latents=schedule.start * noise, noise=noise, step=0, field=field)
    if regions.rest is None or not any(regions.scene.recipe.step_indices[:1]):
        return flight
    alpha, sigma = level_of(regions, flight)
    known = regions.rest if regions.kept is None else regions.kept.over(regions.rest)
    return Flight(latents=alpha * known + sigma * noise, noise=noise, step=0, field=field)


def gather(flights: list[Flight], regions: Regions) -> list[Row]:
    """Which rows run, and what each sees. Tiles in which nothing is to be drawn are left out."""
    plan: list[Row] = []
    for index, flight in enumerate(flights):
        for region in regions.acting(flight.step):
            plan += [
                _region_row(index, flight, region, place, regions)
                for place in region.places
                if place.is_active[flight.step]
            ]
        plan += [
            _background_row(index, flight, view, regions) for view in regions.background_views(flight.step)
        ]
    return plan


def level_of(regions: Regions, flight: Flight, *, below: bool = False) -> tuple[Tensor, Tensor]:
    """alpha and sigma of the level at which a flight is, or of the next one."""
    schedule, step = regions.schedule, flight.step + below
    return level(schedule.alpha, step, flight.latents), level(schedule.sigma, step, flight.latents)


def ground_noise(regions: Regions, flight: Flight) -> Tensor:
    """(c h w): the noise that the ground of a bootstrapping region carries."""
    match regions.method.ground_noise:
        case "carried":
            return flight.noise
        case "first":
            return flight.field(0)
        case "fresh":
            return flight.field(BOOTSTRAP + flight.step)


def shown_ground(
    region: Region, flight: Flight, regions: Regions, *, noise: Tensor, window: Bounds
) -> Tensor:
    """The ground (c h w) on which a bootstrapping region is shown, at the level of the flight; noise (c h w)."""
    alpha, sigma = level_of(regions, flight)
    share = regions.plain_share(flight.step)
    plain = crop(plain_ground(region, flight.step, regions), window)
    if regions.rest is not None:
        return alpha * (share * plain + (1 - share) * crop(regions.rest, window)) + sigma * noise
    behind = crop(flight.latents, window)
    if regions.method.is_behind_noised_twice:
        return alpha * (share * plain + (1 - share) * behind) + sigma * noise
    return share * (alpha * plain + sigma * noise) + (1 - share) * behind


def plain_ground(region: Region, step: int, regions: Regions) -> Tensor:
    """(c h w), clean: plain, or of a colour that chance has chosen for this region and step."""
    colors = regions.ground.colors
    if colors is None:
        return regions.ground.plain
    return colors[choice(len(colors), regions.scene.seed, region.brush_id, step)]


def _background_row(index: int, flight: Flight, view: View, regions: Regions) -> Row:
    reference = _reference(flight, None, view.window, regions)
    return Row(index, None, view, (0, 0), crop(flight.latents, view.window), reference)


def _region_row(index: int, flight: Flight, region: Region, place: Place, regions: Regions) -> Row:
    window = place.view.window
    weight = crop(region.weights[flight.step], window)
    seen, away = crop(flight.latents, window), _reference(flight, region.brush_id, window, regions)
    if away is not None:
        away = None if bool((away.isnan() & (weight > 0)).any()) else away.nan_to_num()
    if not regions.is_bootstrap(flight.step):
        shares = None if region.shares is None else crop(region.shares[flight.step], window)
        return Row(index, region, place.view, (0, 0), seen, away, shares)
    by = place.centring[flight.step]

    def alone(latents: Tensor, ground: Callable[[Tensor], Tensor]) -> Tensor:
        shown = isolate(latents, weight, ground(crop(ground_noise(regions, flight), window)))
        if by == (0, 0):
            return shown
        if regions.method.centring == "roll":
            return roll(shown, by)
        return shift(shown, by, fill=ground(crop(flight.field(INCOMING + flight.step), window)))

    def noisy(noise: Tensor) -> Tensor:
        return shown_ground(region, flight, regions, noise=noise, window=window)

    def clean(_: Tensor) -> Tensor:
        return crop(plain_ground(region, flight.step, regions), window)

    away = None if away is None else alone(away, clean)
    return Row(index, region, place.view, by, alone(seen, noisy), away)


def _reference(flight: Flight, brush_id: str | None, window: Bounds, regions: Regions) -> Tensor | None:
    """(c h w): what residual guidance leads a row away from; None: a row of its own has to tell."""
    recipe = regions.scene.recipe
    if not recipe.is_guided or recipe.guidance == "full":
        return None
    if recipe.guidance == "residual_once":
        return flight.references.get((brush_id, window))
    return None if regions.rest is None else crop(regions.rest, window)
