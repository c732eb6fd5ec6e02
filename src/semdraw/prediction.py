"""One batch of rows through the network: what each draws, guided where guidance changes anything."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from semdraw.denoise import guide, guide_residual, rescale, split
from semdraw.errors import EngineError
from semdraw.grounds import background_words
from semdraw.models.base import Conditioning, DiffusionModel, Rows, Shares
from semdraw.regions import Regions
from semdraw.rows import Row


@dataclass(frozen=True, slots=True, eq=False)
class Prediction:
    """What one row drew: clean prediction and predicted noise (c h w).

    away (c h w): the clean prediction of the negative prompt, where a row for it ran and later steps need it.
    """

    clean: Tensor
    noise: Tensor
    away: Tensor | None = None


def count_rows(plan: list[Row], regions: Regions) -> int:
    """How many network rows a plan takes: guidance needs a second one where no reference is known."""
    return len(plan) + (sum(row.reference is None for row in plan) if regions.scene.recipe.is_guided else 0)


def predict_rows(
    rows: list[Row], steps: list[int], regions: Regions, model: DiffusionModel
) -> list[Prediction]:
    """What each row draws; rows of one size, each at its own step."""
    recipe = regions.scene.recipe
    batch = torch.stack([row.latents for row in rows])
    output = _predict(rows, steps, [_prompt(row, regions) for row in rows], regions, model)
    away: dict[int, Tensor] = {}
    told = [number for number, row in enumerate(rows) if row.reference is None] if recipe.is_guided else []
    if told:
        led, at = [rows[number] for number in told], [steps[number] for number in told]
        plain = _predict(led, at, [_negative(row, regions) for row in led], regions, model)
        guided = guide(output[told], plain, recipe.guidance_scale)
        share = regions.method.guidance_rescale
        output[told] = rescale(guided, output[told], share) if share else guided
        if recipe.guidance == "residual_once":
            away = dict(zip(told, _split(batch[told], plain, at, regions)[0], strict=True))
    clean, noise = _split(batch, output, steps, regions)
    known = [number for number, row in enumerate(rows) if row.reference is not None]
    if known:
        clean[known], noise[known] = _led_away(batch[known], clean[known], known, rows, steps, regions)
    return [Prediction(clean[number], noise[number], away.get(number)) for number in range(len(rows))]


def _led_away(
    latents: Tensor, clean: Tensor, known: list[int], rows: list[Row], steps: list[int], regions: Regions
) -> tuple[Tensor, Tensor]:
    """Residual guidance of the rows `known`: their clean predictions and noise (b c h w)."""
    recipe = regions.scene.recipe
    alpha, sigma = _levels([steps[number] for number in known], latents, regions)
    reference = torch.stack([value for number in known if (value := rows[number].reference) is not None])
    clean = guide_residual(
        clean, reference, latents, alpha=alpha, scale=recipe.guidance_scale, delta=recipe.guidance_delta
    )
    return clean, (latents - alpha * clean) / sigma


def _predict(
    rows: list[Row],
    steps: list[int],
    told: Sequence[Conditioning],
    regions: Regions,
    model: DiffusionModel,
) -> Tensor:
    """Network output (b c h w)."""
    batch = torch.stack([row.latents for row in rows])
    window = torch.tensor([row.view.told for row in rows], device=batch.device) * model.spec.cell_px
    shares = _shares(rows, steps, told, regions)
    summary = told if shares is None else _summed_up(told, shares)
    output = model.predict(
        Rows(
            latents=batch,
            timestep=regions.schedule.timestep[steps].to(batch.device),
            conditioning=Conditioning.stack(summary).lengthened(regions.num_tokens),
            window=window,
            shares=shares,
        )
    )
    if not bool(torch.isfinite(output).all()):
        raise EngineError("the network returned numbers that are not finite; try fp32, or another model")
    return output


def _shares(
    rows: list[Row], steps: list[int], told: Sequence[Conditioning], regions: Regions
) -> Shares | None:
    """Of rows that stand for all regions, what each of their prompts has to say where; None for other rows."""
    weights = [row.shares for row in rows if row.shares is not None]
    joint = regions.method.joint
    if not weights or joint is None:
        return None
    says = bool(background_words(regions.scene, regions.method))
    return Shares(
        prompts=torch.stack([each.lengthened(regions.num_tokens).embeds for each in told]),
        weights=torch.stack(weights),
        self_bias=torch.tensor([joint.self_bias_at(step, len(regions.schedule)) for step in steps]),
        base_share=torch.full((len(rows),), joint.base_share if says else 0.0),
    )


def _summed_up(told: Sequence[Conditioning], shares: Shares) -> list[Conditioning]:
    """One prompt per row for what a network is told as a whole: the pooled ones by the area in which they are seen."""
    areas = shares.weights.mean(dim=(-2, -1))
    return [
        each[:1]
        if each.pooled is None
        else replace(each[:1], pooled=area[None].to(each.pooled) @ each.pooled)
        for each, area in zip(told, areas, strict=True)
    ]


def _prompt(row: Row, regions: Regions) -> Conditioning:
    return regions.ground.words if row.region is None else row.region.conditioning


def _negative(row: Row, regions: Regions) -> Conditioning:
    negative = regions.ground.negative if row.region is None else row.region.negative
    assert negative is not None, "guidance by a second row needs something to lead away from"
    return negative


def _levels(steps: list[int], like: Tensor, regions: Regions) -> tuple[Tensor, Tensor]:
    """alpha and sigma (b 1 1 1)."""
    alpha, sigma = regions.schedule.alpha, regions.schedule.sigma
    return alpha[steps].to(like).view(-1, 1, 1, 1), sigma[steps].to(like).view(-1, 1, 1, 1)


def _split(latents: Tensor, output: Tensor, steps: list[int], regions: Regions) -> tuple[Tensor, Tensor]:
    """Clean predictions and predicted noise (b c h w), each row at its own level."""
    alpha, sigma = _levels(steps, output, regions)
    return split(latents, output, alpha=alpha, sigma=sigma, prediction=regions.schedule.prediction)
