"""The tables are the published ones, and diffusers' own."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any, get_args

import pytest
import torch
from torch import Tensor

from semdraw.denoise import renoise, split
from semdraw.errors import SceneError
from semdraw.reference import scheduler_for
from semdraw.samplers import FACTS, suiting
from semdraw.scene import Recipe, Sampler
from semdraw.schedule import (
    SAMPLERS,
    Prediction,
    Training,
    build_schedule,
    ddim,
    euler_trailing,
    flow_lcm,
    lcm,
    tcd,
)

TRAINING = Training()
SHIFT = 3.0
FLOW = Training(prediction=Prediction.flow, shift=SHIFT)


def training_for(name: Sampler, prediction: Prediction = Prediction.epsilon) -> Training:
    return FLOW if FACTS[name].is_flow else Training(prediction=prediction)


def test_lcm_takes_the_published_timesteps_and_levels() -> None:
    schedule = lcm(TRAINING, 4)
    assert schedule.timestep.tolist() == [999, 759, 499, 259]
    assert schedule.alpha[:4].tolist() == pytest.approx([0.0683, 0.2285, 0.5269, 0.8118], abs=1e-4)
    assert schedule.mask_level.tolist() == pytest.approx([0.9977, 0.9735, 0.8499, 0.5840], abs=1e-4)
    assert (float(schedule.alpha[4]), float(schedule.sigma[4])) == (1.0, 0.0)


def test_euler_trailing_takes_the_timesteps_of_lightning_and_starts_at_its_largest_sigma() -> None:
    schedule = euler_trailing(TRAINING, 4)
    assert schedule.timestep.tolist() == [999, 749, 499, 249]
    ratio = (schedule.sigma[0] / schedule.alpha[0]).item()
    assert ratio == pytest.approx(14.6146, abs=1e-3)
    assert schedule.start == pytest.approx(schedule.sigma[0].item(), abs=1e-6)


def twin_of(name: Sampler) -> Any:
    """The scheduler of diffusers that a sampler is held against."""
    return scheduler_for(name, training_for(name))


def set_steps(twin: Any, name: Sampler, num_steps: int) -> None:
    if name == "flow_trailing":
        twin.set_timesteps(sigmas=[1 - i / num_steps for i in range(num_steps)])
    elif name == "flow_lcm":
        grid = twin_of("flow")
        grid.set_timesteps(50)
        points = [0, 4, 12, 25, 37] if num_steps == 5 else [i * 50 // num_steps for i in range(num_steps)]
        shifted = grid.sigmas[points].double()
        twin.set_timesteps(sigmas=(shifted / (SHIFT - (SHIFT - 1) * shifted)).tolist())
    else:
        twin.set_timesteps(num_steps)


@pytest.mark.parametrize("num_steps", [1, 2, 4, 5, 8, 20, 50])
@pytest.mark.parametrize("name", list(SAMPLERS))
def test_timesteps_are_those_of_diffusers(name: Sampler, num_steps: int) -> None:
    twin = twin_of(name)
    set_steps(twin, name, num_steps)
    schedule = SAMPLERS[name](training_for(name), num_steps)
    if FACTS[name].is_flow:
        torch.testing.assert_close(schedule.timestep, twin.timesteps, atol=1e-3, rtol=1e-5)
        torch.testing.assert_close(schedule.sigma, twin.sigmas, atol=1e-6, rtol=1e-5)
    else:
        assert schedule.timestep.tolist() == [round(float(t)) for t in twin.timesteps]


def field(index: int) -> Tensor:
    return torch.randn(1, 4, 6, 6, generator=torch.Generator().manual_seed(index))


def drawn() -> Callable[..., Tensor]:
    """diffusers' source of noise, replaced: the n-th call gives field n."""
    levels = itertools.count(1)

    def randn(*_: object, **__: object) -> Tensor:
        return field(next(levels))

    return randn


def network(latents: Tensor, timestep: Tensor) -> Tensor:
    """No model at all, but a smooth function of what it is given."""
    return torch.tanh(latents * 1.7 + float(timestep) / 700) - 0.3 * latents


# Divisors of 1000: with others diffusers' trailing DDIM steps beside its own grid.
@pytest.mark.parametrize("num_steps", [1, 2, 4, 5, 20])
@pytest.mark.parametrize(
    ("name", "prediction"),
    [(n, p) for n, facts in FACTS.items() for p in Prediction if facts.is_flow == (p is Prediction.flow)],
)
def test_the_whole_way_down_is_that_of_diffusers(
    name: Sampler, num_steps: int, prediction: Prediction, monkeypatch: pytest.MonkeyPatch
) -> None:
    twin = twin_of(name)
    if prediction is Prediction.v:
        twin.register_to_config(prediction_type="v_prediction")
    set_steps(twin, name, num_steps)
    monkeypatch.setattr(f"{type(twin).__module__}.randn_tensor", drawn())
    wanted = field(0) * getattr(twin, "init_noise_sigma", 1.0)
    for timestep in twin.timesteps:
        seen = twin.scale_model_input(wanted, timestep) if hasattr(twin, "scale_model_input") else wanted
        wanted = twin.step(network(seen, timestep), timestep, wanted).prev_sample

    schedule = SAMPLERS[name](training_for(name, prediction), num_steps)
    found = schedule.start * field(0)
    for step in range(num_steps):
        now = {"alpha": schedule.alpha[step], "sigma": schedule.sigma[step]}
        output = network(found, schedule.timestep[step])
        clean, noise = split(found, output, **now, prediction=schedule.prediction)
        below = {"alpha": schedule.alpha[step + 1], "sigma": schedule.sigma[step + 1]}
        found = renoise(clean, noise, field(step + 1), **below, eta=schedule.eta[step])
    scale = max(1.0, float(wanted.abs().max()))
    assert wanted.std() > 0.05
    torch.testing.assert_close(found / scale, wanted / scale, atol=1e-4, rtol=0)


@pytest.mark.parametrize("gamma", [0.0, 0.5, 1.0])
def test_gamma_is_the_eta_of_diffusers_tcd(gamma: float, monkeypatch: pytest.MonkeyPatch) -> None:
    twin = twin_of("tcd")
    twin.set_timesteps(4)
    monkeypatch.setattr("diffusers.schedulers.scheduling_tcd.randn_tensor", drawn())
    output, latents = field(2), field(0)
    wanted = twin.step(output, twin.timesteps[0], latents, eta=gamma).prev_sample
    schedule = tcd(TRAINING, 4, gamma)
    now = {"alpha": schedule.alpha[0], "sigma": schedule.sigma[0]}
    clean, noise = split(latents, output, **now, prediction=schedule.prediction)
    below = {"alpha": schedule.alpha[1], "sigma": schedule.sigma[1]}
    found = renoise(clean, noise, field(1), **below, eta=schedule.eta[0])
    torch.testing.assert_close(found, wanted, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("name", suiting(is_flow=False))
def test_tables_preserve_variance(name: Sampler) -> None:
    schedule = SAMPLERS[name](TRAINING, 6)
    torch.testing.assert_close(schedule.alpha**2 + schedule.sigma**2, torch.ones(7))


@pytest.mark.parametrize("name", suiting(is_flow=True))
def test_tables_of_flow_go_straight_from_noise_to_clean(name: Sampler) -> None:
    schedule = SAMPLERS[name](FLOW, 6)
    torch.testing.assert_close(schedule.alpha + schedule.sigma, torch.ones(7))
    assert (schedule.sigma[:-1] > schedule.sigma[1:]).all()
    assert (float(schedule.sigma[0]), float(schedule.sigma[-1])) == (1.0, 0.0)


def test_flow_lcm_takes_the_published_levels_in_five_steps() -> None:
    sigma = flow_lcm(FLOW, 5).sigma[:-1].tolist()
    assert sigma == pytest.approx([1.0, 0.971, 0.903, 0.743, 0.496], abs=1e-3)


def test_every_sampler_has_a_table_and_facts() -> None:
    assert set(SAMPLERS) == set(FACTS) == set(get_args(Sampler))


@pytest.mark.parametrize(
    ("sampler", "training", "wanted"),
    [("lcm", Training(prediction=Prediction.flow), "flow_lcm"), ("flow", Training(), "euler_trailing")],
)
def test_a_sampler_for_another_kind_of_model_is_refused_with_those_that_suit(
    sampler: Sampler, training: Training, wanted: str
) -> None:
    with pytest.raises(SceneError, match=f"{sampler!r} does not suit.*{wanted}"):
        build_schedule(training, Recipe(sampler=sampler))


def test_the_gamma_of_a_recipe_reaches_the_table() -> None:
    kept = build_schedule(TRAINING, Recipe(sampler="tcd", gamma=0.0))
    assert kept.eta.tolist() == [0, 0, 0, 0]
    assert build_schedule(TRAINING, Recipe(sampler="tcd", gamma=0.9)).eta[0] > 0.9


def test_the_first_level_lets_a_fully_painted_pixel_take_part_even_at_zero_signal() -> None:
    assert lcm(Training(beta_end=0.9), 4).mask_level[0].item() == pytest.approx(0.9977)


def test_zero_terminal_snr_is_rescaled_as_diffusers_does_it() -> None:
    from diffusers.schedulers.scheduling_euler_discrete import EulerDiscreteScheduler

    betas: dict[str, Any] = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear"}
    twin = EulerDiscreteScheduler(**betas, rescale_betas_zero_snr=True)
    found = Training(is_zero_snr=True).signal()
    torch.testing.assert_close(found.float(), twin.alphas_cumprod, atol=1e-5, rtol=0)
    assert found[-1] == 2.0**-24


def test_ddim_ends_at_the_first_training_level_unless_told_otherwise() -> None:
    assert ddim(TRAINING, 4).sigma[-1].item() == pytest.approx(0.00085**0.5, rel=1e-3)
    assert ddim(Training(set_alpha_to_one=True), 4).sigma[-1].item() == 0


@pytest.mark.parametrize("num_steps", [0, 51])
def test_step_counts_out_of_range_are_named(num_steps: int) -> None:
    with pytest.raises(SceneError, match=str(num_steps)):
        lcm(TRAINING, num_steps)
