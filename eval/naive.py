"""The plain combination that the paper improves on: every row takes the sampler's step by itself, then the average.

MultiDiffusion (arXiv:2302.08113) around a few-step sampler, as its own code does it: a sampler that draws fresh noise
draws other noise for every row, and next latents are averaged, noise and all. What the rows are (masks, bootstrapping,
guidance) is the scene's recipe; only the averaging is this file's own. Where a sampler draws no noise this is the same
algebra as merging clean pictures.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from semdraw.denoise import level
from semdraw.errors import SceneError
from semdraw.models.base import DiffusionModel
from semdraw.prediction import Prediction, count_rows, predict_rows
from semdraw.regions import Regions
from semdraw.rows import OWN, Flight, NoiseField, Row, gather, launch, level_of, noise_field
from semdraw.still import Progress
from semdraw.windows import crop, paste


@dataclass(frozen=True, slots=True, eq=False)
class Sum:
    """What rows put on the canvas: the sum of their next latents (c h w), each by its weight, and of the weights."""

    values: Tensor
    weights: Tensor

    def plus(self, values: Tensor, weights: Tensor) -> Sum:
        return Sum(self.values + weights * values, self.weights + weights)

    @property
    def mean(self) -> Tensor:
        return self.values / self.weights.clamp(min=1e-6)


@torch.inference_mode()
def naive_steps(
    regions: Regions, model: DiffusionModel, *, field: NoiseField | None = None
) -> Iterator[Progress]:
    """Walk down all levels; as `semdraw.still.denoise_steps`, but for what is averaged."""
    if regions.fills != "row" or regions.method.centring != "none" or regions.method.leak != "none":
        raise SceneError(
            "the plain combination draws its background from words and knows neither centring nor a leak test; "
            "give the scene a background in words and a recipe with method 'multidiffusion'"
        )
    started, rows_run = time.perf_counter(), 0
    flight = launch(regions, field or noise_field(regions, model))
    while flight.step < len(regions.schedule):
        plan = gather([flight], regions)
        rows_run += count_rows(plan, regions)
        flight = _stepped(flight, plan, regions, model)
        assert flight.clean is not None
        yield Progress(
            step=flight.step,
            num_steps=len(regions.schedule),
            latents=flight.latents,
            clean=flight.clean,
            rows=rows_run,
            elapsed_ms=1000 * (time.perf_counter() - started),
        )


def _stepped(flight: Flight, plan: list[Row], regions: Regions, model: DiffusionModel) -> Flight:
    """One step of every row by itself, then the average of all."""
    blank = torch.zeros_like(flight.latents)
    latents = clean = noise = Sum(blank, blank[:1])
    for number, (row, drawn) in enumerate(_predicted(plan, flight, regions, model)):
        weight = _weight(row, flight, regions)
        following = _renoised(row, number, drawn, flight, regions)
        latents = latents.plus(paste(following, row.view.window, blank), weight)
        clean = clean.plus(paste(drawn.clean, row.view.window, blank), weight)
        noise = noise.plus(paste(drawn.noise, row.view.window, blank), weight)
    return replace(flight, latents=latents.mean, noise=noise.mean, clean=clean.mean, step=flight.step + 1)


def _predicted(
    plan: list[Row], flight: Flight, regions: Regions, model: DiffusionModel
) -> Iterator[tuple[Row, Prediction]]:
    """Each row with what it draws; one network call per size of row."""
    for shape in dict.fromkeys(row.latents.shape for row in plan):
        rows = [row for row in plan if row.latents.shape == shape]
        yield from zip(rows, predict_rows(rows, [flight.step] * len(rows), regions, model), strict=True)


def _fresh(row: Row, number: int, flight: Flight) -> Tensor:
    """Noise (c h w) of the canvas that is a row's own, also where it is one tile of several."""
    if row.region is None and row.view.share is None:
        return flight.field(flight.step + 1)
    return flight.field(OWN + 100 * flight.step + number)


def _renoised(row: Row, number: int, drawn: Prediction, flight: Flight, regions: Regions) -> Tensor:
    """The sampler's own step: the next latents (c h w) of a row alone."""
    alpha, sigma = level_of(regions, flight, below=True)
    eta = level(regions.schedule.eta, flight.step, drawn.clean)
    if not eta * sigma:
        return alpha * drawn.clean + sigma * drawn.noise
    fresh = crop(_fresh(row, number, flight), row.view.window)
    return alpha * drawn.clean + sigma * (eta * fresh + (1 - eta**2).sqrt() * drawn.noise)


def _weight(row: Row, flight: Flight, regions: Regions) -> Tensor:
    """(1 h w): how much a row counts in each cell of the canvas."""
    if row.region is None:
        total = sum((region.weights[flight.step] for region in regions.regions), torch.zeros(()))
        weight = (1 - total).clamp(min=0).expand(1, *flight.latents.shape[-2:])
    else:
        weight = row.region.weights[flight.step]
    if row.view.share is None:
        return weight
    return weight * paste(row.view.share.to(flight.latents), row.view.window, flight.latents)
