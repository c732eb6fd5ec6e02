"""Claims about the plain combination: what its averaging does, and when it does nothing."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from eval.naive import naive_steps
from semdraw.errors import SceneError
from semdraw.geometry import Bounds, Extent
from semdraw.panoramas import panorama_scene
from semdraw.regions import compile_regions
from semdraw.scene import Brush, Canvas, Layer, PromptBackground, Recipe, Scene
from semdraw.still import denoise_steps
from tests.scenes import box
from tests.toy import ToyModel

EXTENT = Extent(96, 96)


def scene_of(**recipe: object) -> Scene:
    """Two regions that overlap, over a background in words."""
    places = {"left": Bounds(8, 8, 48, 48), "right": Bounds(40, 40, 48, 40)}
    colors = {"left": "red", "right": "blue"}
    given = {"method": "multidiffusion", "bootstrap_steps": 1} | recipe
    return Scene(
        canvas=Canvas(
            extent=EXTENT,
            layers=tuple(Layer(brush_id=name, mask=box(EXTENT, at)) for name, at in places.items()),
            background=PromptBackground(prompt="green"),
        ),
        brushes=tuple(Brush(id=name, prompt=color) for name, color in colors.items()),
        recipe=Recipe(**given),  # type: ignore[arg-type]
        seed=4,
    )


def toy() -> ToyModel:
    model = ToyModel()
    model.spoil = lambda output: 0.9 * output
    return model


def walked(scene: Scene, model: ToyModel) -> tuple[list[Tensor], list[Tensor]]:
    """The latents after each step: averaged when noised, and merged clean."""
    regions = compile_regions(scene, model)
    plain = [progress.latents for progress in naive_steps(regions, model)]
    merged = [progress.latents for progress in denoise_steps(regions, model)]
    return plain, merged


@pytest.mark.parametrize("guidance", [1.0, 5.0])
@pytest.mark.parametrize("sampler", ["ddim", "euler_trailing", "ddim_trailing"])
def test_where_no_noise_is_drawn_averaging_noised_and_merging_clean_are_the_same(
    sampler: str, guidance: float
) -> None:
    plain, merged = walked(scene_of(sampler=sampler, num_steps=5, guidance_scale=guidance), toy())
    assert len(plain) == 5
    for ours, theirs in zip(plain, merged, strict=True):
        torch.testing.assert_close(ours, theirs, atol=2e-5, rtol=0)


def test_where_noise_is_drawn_the_plain_average_is_that_of_noises_of_each_region() -> None:
    """The package's own form of MultiDiffusion averages noises in one step less; both must say the same."""
    plain, merged = walked(scene_of(sampler="lcm", num_steps=4), toy())
    for ours, theirs in zip(plain, merged, strict=True):
        torch.testing.assert_close(ours, theirs, atol=2e-5, rtol=0)
    regions = compile_regions(scene_of(sampler="lcm", num_steps=4, method="exact"), toy())
    exact = [progress.latents for progress in denoise_steps(regions, toy())]
    assert not torch.allclose(plain[0], exact[0], atol=0.1)


def test_noise_of_overlapping_tiles_is_weaker_than_noise() -> None:
    """What breaks a panorama, where every cell is drawn by several tiles: the average of their noises."""
    recipe = Recipe(method="multidiffusion", num_steps=4, bootstrap_steps=0, tile_px=64)
    regions = compile_regions(panorama_scene("red", Extent(256, 64), recipe=recipe), ToyModel())
    first = next(naive_steps(regions, ToyModel()))
    carried = (first.latents - regions.schedule.alpha[1] * first.clean) / regions.schedule.sigma[1]
    assert float(carried[..., :4].std()) == pytest.approx(1, abs=0.15), "one tile alone"
    assert float(carried[..., 8:24].std()) < 0.85
    merged = next(denoise_steps(regions, ToyModel()))
    kept = (merged.latents - regions.schedule.alpha[1] * merged.clean) / regions.schedule.sigma[1]
    assert float(kept[..., 8:24].std()) == pytest.approx(1, abs=0.1)


def test_what_the_plain_combination_does_not_know_is_refused_with_the_next_move() -> None:
    regions = compile_regions(scene_of(method="exact"), toy())
    with pytest.raises(SceneError, match="multidiffusion"):
        next(naive_steps(regions, toy()))
