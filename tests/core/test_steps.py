"""A recipe may name its steps, on a grid: the published lists, for every sampler."""

from __future__ import annotations

from typing import get_args

import pytest
import torch

from semdraw.errors import SceneError
from semdraw.samplers import FACTS
from semdraw.scene import Recipe, Sampler
from semdraw.schedule import Prediction, Schedule, Training, build_schedule

PUBLISHED = (0, 4, 12, 25, 37)


def table(
    sampler: Sampler, steps: tuple[int, ...] = (), *, num_steps: int = 4, grid_steps: int = 50
) -> Schedule:
    prediction = Prediction.flow if FACTS[sampler].is_flow else Prediction.epsilon
    recipe = Recipe(sampler=sampler, step_indices=steps, num_steps=num_steps, grid_steps=grid_steps)
    return build_schedule(Training(prediction=prediction, shift=3.0), recipe)


@pytest.mark.parametrize(
    ("sampler", "steps", "timesteps"),
    [
        ("lcm", PUBLISHED, [999, 919, 759, 499, 259]),
        ("lcm", (0, 12, 25, 37), [999, 759, 499, 259]),
        ("tcd", PUBLISHED, [999, 919, 759, 499, 259]),
        ("euler_trailing", PUBLISHED, [999, 919, 759, 499, 259]),
        ("ddim_trailing", PUBLISHED, [999, 919, 759, 499, 259]),
        ("ddim", PUBLISHED, [981, 901, 741, 481, 241]),
        ("flow_trailing", (0, 25), [1000, 750]),
    ],
)
def test_steps_are_points_of_a_grid_of_fifty(
    sampler: Sampler, steps: tuple[int, ...], timesteps: list[int]
) -> None:
    assert table(sampler, steps).timestep.tolist() == timesteps


def test_native_steps_of_lightning_are_others_than_the_published_list() -> None:
    assert table("euler_trailing", num_steps=4).timestep.tolist() == [999, 749, 499, 249]


def test_the_published_levels_of_flash() -> None:
    sigma = table("flow_lcm", PUBLISHED).sigma[:-1].tolist()
    assert sigma == pytest.approx([1.0, 0.971, 0.903, 0.743, 0.496], abs=1e-3)


@pytest.mark.parametrize("sampler", get_args(Sampler))
def test_all_points_of_a_grid_are_the_grid(sampler: Sampler) -> None:
    picked, whole = table(sampler, tuple(range(50))), table(sampler, num_steps=50)
    for column in ("alpha", "sigma", "timestep", "eta"):
        assert torch.equal(getattr(picked, column), getattr(whole, column))
    assert (picked.start, picked.prediction) == (whole.start, whole.prediction)


@pytest.mark.parametrize("sampler", get_args(Sampler))
def test_each_step_goes_straight_to_the_next_and_the_last_to_the_end_of_the_grid(sampler: Sampler) -> None:
    picked, whole = table(sampler, PUBLISHED), table(sampler, num_steps=50)
    rows = [*PUBLISHED, 50]
    assert torch.equal(picked.alpha, whole.alpha[rows])
    assert torch.equal(picked.sigma, whole.sigma[rows])


def test_the_noise_of_tcd_depends_on_the_steps_that_are_taken() -> None:
    picked, even = table("tcd", (0, 12, 25, 37)), table("tcd", num_steps=4)
    assert torch.equal(picked.eta, even.eta)


def test_a_grid_finer_than_a_consistency_model_knows_is_refused() -> None:
    with pytest.raises(SceneError, match="1 to 50 steps, got 100"):
        table("lcm", (0, 60), grid_steps=100)
