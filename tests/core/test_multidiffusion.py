"""Claims about MultiDiffusion (arXiv:2302.08113), the reference that the paper compares with."""

from __future__ import annotations

from typing import get_args

import pytest
import torch

from semdraw.geometry import Bounds, Extent
from semdraw.regions import Regions, compile_regions
from semdraw.rows import Flight, gather
from semdraw.samplers import FACTS
from semdraw.scene import Brush, Canvas, Layer, PromptBackground, Recipe, Sampler, Scene
from semdraw.schedule import Prediction
from semdraw.still import generate
from semdraw.stream import advance, launch, noise_field
from tests.scenes import box
from tests.toy import ToyModel

EXTENT = Extent(96, 96)
LEFT, RIGHT = Bounds(8, 8, 48, 48), Bounds(40, 40, 48, 40)


def scene_of(**recipe: object) -> Scene:
    brushes = (
        Brush(id="left", prompt="red", softness_px=20, strength=0.7),
        Brush(id="right", prompt="blue", softness_px=20, strength=0.7),
    )
    layers = (
        Layer(brush_id="left", mask=box(EXTENT, LEFT)),
        Layer(brush_id="right", mask=box(EXTENT, RIGHT)),
    )
    canvas = Canvas(extent=EXTENT, layers=layers, background=PromptBackground(prompt="green"))
    given = {"method": "multidiffusion", "sampler": "ddim", "num_steps": 10, "bootstrap_steps": 3} | recipe
    return Scene(canvas=canvas, brushes=brushes, recipe=Recipe(**given), seed=4)  # type: ignore[arg-type]


def toy() -> ToyModel:
    model = ToyModel()
    model.spoil = lambda output: 0.9 * output
    return model


def begun(scene: Scene, model: ToyModel) -> tuple[Regions, Flight]:
    regions = compile_regions(scene, model)
    return regions, launch(regions, noise_field(regions, model))


def hard(bounds: Bounds) -> torch.Tensor:
    """(1 12 12): every eighth pixel of a mask."""
    return torch.from_numpy(box(EXTENT, bounds).array.copy())[None, ::8, ::8].float() / 255


def test_masks_are_hard_and_the_same_at_every_step_whatever_the_softness() -> None:
    regions, _ = begun(scene_of(), toy())
    for region, bounds in zip(regions.regions, (LEFT, RIGHT), strict=True):
        assert all(torch.equal(weight, hard(bounds)) for weight in region.weights)


def test_averaging_next_latents_equals_merging_clean_pictures_where_no_noise_is_drawn() -> None:
    """The rule of MultiDiffusion, as its own code takes it: step every region by itself, then average by mask."""
    model = toy()
    regions, flight = begun(scene_of(), model)
    schedule = regions.schedule
    masks = torch.stack([hard(LEFT), hard(RIGHT)])
    masks = torch.cat([masks, (1 - masks.sum(dim=0, keepdim=True)).clamp(min=0)])
    told = [region.conditioning for region in regions.regions] + [regions.ground.words]
    for step in range(5):
        rows = gather([flight], regions)
        abar, under = schedule.alpha[step] ** 2, schedule.alpha[step + 1] ** 2
        stepped: list[torch.Tensor] = []
        for row, words in zip(rows, told, strict=True):
            color = words.embeds.view(3, 1, 1)
            noise = 0.9 * (row.latents - abar.sqrt() * color) / (1 - abar).sqrt()
            clean = (row.latents - (1 - abar).sqrt() * noise) / abar.sqrt()
            stepped.append(under.sqrt() * clean + (1 - under).sqrt() * noise)  # arXiv:2010.02502, equation 12
        wanted = (masks * torch.stack(stepped)).sum(dim=0) / masks.sum(dim=0)
        (flight,), _ = advance([flight], regions, model)
        torch.testing.assert_close(flight.latents, wanted, atol=1e-5, rtol=0)


def test_each_region_draws_its_own_fresh_noise() -> None:
    """With a consistency model the average of noises is weaker than noise: why the plain combination fails."""
    model = ToyModel()
    whole = box(EXTENT, Bounds(0, 0, 96, 96))
    scene = scene_of(sampler="lcm", num_steps=4, bootstrap_steps=0)
    scene = scene.with_canvas(layers=tuple(Layer(brush_id=name, mask=whole) for name in ("left", "right")))
    strengths: dict[str, float] = {}
    for method in ("multidiffusion", "exact"):
        painted = scene_of(sampler="lcm", num_steps=4, bootstrap_steps=0, method=method, cover=1.0)
        brushes = tuple(Brush(id=b.id, prompt=b.prompt, softness_px=0) for b in painted.brushes)
        made = Scene(canvas=scene.canvas, brushes=brushes, recipe=painted.recipe, seed=4)
        regions, flight = begun(made, model)
        (flight,), _ = advance([flight], regions, model)
        assert flight.clean is not None
        carried = (flight.latents - regions.schedule.alpha[1] * flight.clean) / regions.schedule.sigma[1]
        strengths[method] = float(carried.std())
    assert abs(strengths["exact"] - 1) < 0.1
    assert abs(strengths["multidiffusion"] - 0.5**0.5) < 0.1


def test_bootstrapping_shows_regions_on_random_colours_in_their_place() -> None:
    model = toy()
    regions, flight = begun(scene_of(), model)
    colors = regions.ground.colors
    assert colors is not None
    assert len(colors) == 3
    seen: set[tuple[int, ...]] = set()
    for step in range(4):
        chosen: list[int] = []
        for row in gather([flight], regions):
            if row.region is None:
                assert torch.equal(row.latents, flight.latents)
                continue
            assert row.by == (0, 0)
            alpha, sigma = regions.schedule.alpha[step], regions.schedule.sigma[step]
            corner = row.latents[:, 0, 11] - sigma * flight.field(0)[:, 0, 11]
            fits = [
                k
                for k, color in enumerate(colors)
                if torch.allclose(alpha * color[:, 0, 11], corner, atol=1e-5)
            ]
            assert bool(fits) == (step < 3), "a region is alone in the first three steps"
            chosen += fits
        seen.add(tuple(chosen))
        (flight,), _ = advance([flight], regions, model)
    assert len(seen) > 1, "chance chooses for each step and region"
    other, _ = begun(
        Scene(canvas=scene_of().canvas, brushes=scene_of().brushes, recipe=scene_of().recipe), model
    )
    assert other.ground.colors is not None
    assert not torch.equal(other.ground.colors, colors)


@pytest.mark.parametrize("sampler", get_args(Sampler))
def test_each_region_is_painted_with_its_own_prompt(sampler: Sampler) -> None:
    model = ToyModel(Prediction.flow if FACTS[sampler].is_flow else Prediction.epsilon)
    picture = generate(model, scene_of(sampler=sampler, num_steps=5)).array
    for (x, y), color in (((20, 20), (242, 13, 13)), ((72, 60), (13, 13, 242)), ((72, 16), (13, 242, 13))):
        assert picture[y, x].tolist() == pytest.approx(color, abs=16)
