"""A sampler is a small table: x = alpha * clean + sigma * noise at each of its levels.

Samplers differ in that table, in the timesteps they ask the network for, and in `eta`: 1 draws fresh noise after each
step, 0 keeps the noise that the network predicted. Tables of classic diffusion preserve variance,
alpha^2 + sigma^2 = 1 (an Euler sampler in sigma space is the same path in other units); those of flow matching have
alpha = 1 - sigma.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum
from typing import NewType

import torch
from torch import Tensor

from semdraw.errors import SceneError
from semdraw.samplers import PUBLISHED_STEPS, require_suiting
from semdraw.scene import Recipe, Sampler, check_steps

Step = NewType("Step", int)  # index into a Schedule, 0 is the noisiest
Timestep = NewType("Timestep", int)  # training time, 0 ... 999

HIGHEST_MASK_LEVEL = (
    0.9977  # the published first level of SD1.5: a fully painted pixel takes part from step 0 on
)
TRAIN_STEPS = 1000
_GRID = 50  # the grid on which consistency models were distilled


class Prediction(Enum):
    """What the network gives back."""

    epsilon = "epsilon"
    v = "v_prediction"
    flow = "flow"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Schedule:
    """t steps between t + 1 levels. Tensors are float32 on the CPU.

    alpha, sigma (t + 1): level before each step; the last row is the terminal level.
    timestep (t): training time told to the network, whole numbers or, for flow, float32.
    eta (t): share of fresh noise after the step. start: scale of the first noise.
    """

    alpha: Tensor
    sigma: Tensor
    timestep: Tensor
    eta: Tensor
    start: float
    prediction: Prediction

    def __len__(self) -> int:
        return len(self.timestep)

    @property
    def mask_level(self) -> Tensor:
        """(t) noise level that a mask must reach to take part in a step: sigma / hypot(alpha, sigma), capped."""
        sigma = self.sigma[:-1]
        return (sigma / torch.hypot(self.alpha[:-1], sigma)).clamp(max=HIGHEST_MASK_LEVEL)

    def first_informed_step(self) -> int:
        """The first step whose input carries a trace of the picture (alpha > 0.05); bootstrapping counts from it."""
        return next((i for i, alpha in enumerate(self.alpha[:-1].tolist()) if alpha > 0.05), 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Training:
    """How a network was trained (diffusers' scheduler config): its betas or its shift, and what it predicts."""

    beta_start: float = 0.00085
    beta_end: float = 0.012
    beta_schedule: str = "scaled_linear"
    prediction: Prediction = Prediction.epsilon
    set_alpha_to_one: bool = False
    steps_offset: int = 1
    is_zero_snr: bool = False  # rescaled so that the last level is nothing but noise
    shift: float = 1.0  # of flow matching: the larger, the more steps go to high noise

    @property
    def is_flow(self) -> bool:
        return self.prediction is Prediction.flow

    def signal(self) -> Tensor:
        """(1000) abar: the share of signal power left at each timestep, float64."""
        match self.beta_schedule:
            case "scaled_linear":
                root = torch.linspace(
                    self.beta_start**0.5, self.beta_end**0.5, TRAIN_STEPS, dtype=torch.float32
                )
                betas = root**2
            case "linear":
                betas = torch.linspace(self.beta_start, self.beta_end, TRAIN_STEPS, dtype=torch.float32)
            case other:
                raise SceneError(f"beta schedule {other!r} is not known; wanted scaled_linear or linear")
        signal = torch.cumprod(1 - betas, dim=0).double()
        return _without_terminal_signal(signal) if self.is_zero_snr else signal


def _without_terminal_signal(signal: Tensor) -> Tensor:
    """Shift and scale sqrt(abar) so that it ends at zero (arXiv:2305.08891, algorithm 1); nearly, to be divided by."""
    root = signal.sqrt()
    rescaled = (root - root[-1]) * root[0] / (root[0] - root[-1])
    return (rescaled**2).clamp(min=2.0**-24)


def lcm(training: Training, num_steps: int) -> Schedule:
    """Latent consistency sampling (arXiv:2310.04378): predict clean, draw fresh noise, go down.

    Four steps are 999, 759, 499, 259. The boundary weights of the paper are 1 to within 1e-7 and left out.
    """
    return _from_timesteps(training, _consistency_timesteps(num_steps), start=1.0)


def tcd(training: Training, num_steps: int, gamma: float = 0.3) -> Schedule:
    """Trajectory consistency sampling (arXiv:2402.19159, equations 26 and 27), on the timesteps of `lcm`.

    `gamma` in [0, 1]: 0 keeps the predicted noise, 1 draws nearly all of it anew. Ends at abar_0, not at clean.
    """
    return _tcd(training, _consistency_timesteps(num_steps), gamma)


def _tcd(training: Training, timesteps: list[int], gamma: float) -> Schedule:
    abar = training.signal()
    eta: list[float] = []
    for below in [*timesteps[1:], 0]:
        reached = math.floor((1 - gamma) * below)  # the network's own step goes down to here
        fresh = 1 - float(abar[below] / abar[reached])
        eta.append(math.sqrt(max(0.0, fresh / (1 - float(abar[below])))))
    return _from_timesteps(training, timesteps, eta=eta, start=1.0, terminal=float(abar[0]))


def euler_trailing(training: Training, num_steps: int) -> Schedule:
    """Euler steps with trailing spacing, as SDXL-Lightning uses them: 999, 749, 499, 249 for four."""
    _require(0 < num_steps <= TRAIN_STEPS, f"euler_trailing takes 1 to {TRAIN_STEPS} steps, got {num_steps}")
    timesteps = _trailing_timesteps(num_steps)
    largest = math.sqrt(1 - float(training.signal()[timesteps[0]]))
    return _from_timesteps(training, timesteps, eta=[0.0] * num_steps, start=largest)


def ddim(training: Training, num_steps: int) -> Schedule:
    """Deterministic DDIM (arXiv:2010.02502), leading spacing; ends at abar_0 unless the model says otherwise."""
    _require(0 < num_steps <= TRAIN_STEPS, f"ddim takes 1 to {TRAIN_STEPS} steps, got {num_steps}")
    stride = TRAIN_STEPS // num_steps
    timesteps = [min(i * stride + training.steps_offset, TRAIN_STEPS - 1) for i in reversed(range(num_steps))]
    return _ddim(training, timesteps)


def ddim_trailing(training: Training, num_steps: int) -> Schedule:
    """Deterministic DDIM, trailing spacing from 999 down, as Hyper-SD's LoRAs of several steps use it."""
    _require(0 < num_steps <= TRAIN_STEPS, f"ddim_trailing takes 1 to {TRAIN_STEPS} steps, got {num_steps}")
    return _ddim(training, _trailing_timesteps(num_steps))


def _ddim(training: Training, timesteps: list[int]) -> Schedule:
    terminal = 1.0 if training.set_alpha_to_one else float(training.signal()[0])
    return _from_timesteps(training, timesteps, eta=[0.0] * len(timesteps), start=1.0, terminal=terminal)


def flow(training: Training, num_steps: int) -> Schedule:
    """Euler steps of flow matching (arXiv:2403.03206), on diffusers' grid: even from 1 to the lowest trained level."""
    return _from_sigmas(_flow_grid(training, num_steps), training, eta=0.0)


def flow_trailing(training: Training, num_steps: int) -> Schedule:
    """Euler steps of flow matching, even from 1 down to 0 exclusive: no step is spent on what is clean already."""
    _require(0 < num_steps <= TRAIN_STEPS, f"flow_trailing takes 1 to {TRAIN_STEPS} steps, got {num_steps}")
    even = torch.linspace(1, 0, num_steps + 1, dtype=torch.float64)[:-1]
    return _from_sigmas(even, training, eta=0.0)


def flow_lcm(training: Training, num_steps: int) -> Schedule:
    """Few steps of flow matching with fresh noise after each, as Flash-SD3 (arXiv:2406.02347) is run.

    Points of a grid of 50. Five steps are the paper's own, sigma 1, .971, .903, .743, .496 at a shift of 3.
    """
    points = list(PUBLISHED_STEPS) if num_steps == len(PUBLISHED_STEPS) else _consistency_points(num_steps)
    return _from_sigmas(_flow_grid(training, _GRID)[points], training, eta=1.0)


SAMPLERS: dict[Sampler, Callable[[Training, int], Schedule]] = {
    "lcm": lcm,
    "tcd": tcd,
    "euler_trailing": euler_trailing,
    "ddim": ddim,
    "ddim_trailing": ddim_trailing,
    "flow": flow,
    "flow_trailing": flow_trailing,
    "flow_lcm": flow_lcm,
}


def build_schedule(training: Training, recipe: Recipe) -> Schedule:
    """The table of a recipe for a network that was trained so, or a SceneError where the two do not suit."""
    require_suiting(recipe.sampler, is_flow=training.is_flow)
    check_steps(recipe)
    if recipe.step_indices:
        return _picked(training, recipe)
    if recipe.sampler == "tcd":
        return tcd(training, recipe.num_steps, recipe.gamma)
    return SAMPLERS[recipe.sampler](training, recipe.num_steps)


def _picked(training: Training, recipe: Recipe) -> Schedule:
    """Some steps of a grid, down to the last level of it; each step goes straight to the next."""
    chosen = list(recipe.step_indices)
    if recipe.sampler == "tcd":
        timesteps = _consistency_timesteps(recipe.grid_steps)
        return _tcd(training, [timesteps[index] for index in chosen], recipe.gamma)
    if recipe.sampler == "flow_lcm":
        grid = _from_sigmas(_flow_grid(training, recipe.grid_steps), training, eta=1.0)
    else:
        grid = SAMPLERS[recipe.sampler](training, recipe.grid_steps)
    levels = [*chosen, len(grid)]
    is_scaled_further_down = chosen[0] > 0 and grid.start != 1
    return replace(
        grid,
        alpha=grid.alpha[levels],
        sigma=grid.sigma[levels],
        timestep=grid.timestep[chosen],
        eta=grid.eta[chosen],
        start=float(grid.sigma[chosen[0]]) if is_scaled_further_down else grid.start,
    )


def _trailing_timesteps(num_steps: int) -> list[int]:
    return [round(TRAIN_STEPS - i * TRAIN_STEPS / num_steps) - 1 for i in range(num_steps)]


def _consistency_points(num_steps: int) -> list[int]:
    _require(0 < num_steps <= _GRID, f"consistency sampling takes 1 to {_GRID} steps, got {num_steps}")
    return [math.floor(i * _GRID / num_steps) for i in range(num_steps)]


def _consistency_timesteps(num_steps: int) -> list[int]:
    return [TRAIN_STEPS - 1 - TRAIN_STEPS // _GRID * point for point in _consistency_points(num_steps)]


def _from_timesteps(
    training: Training,
    timesteps: list[int],
    *,
    start: float,
    eta: list[float] | None = None,
    terminal: float = 1.0,
) -> Schedule:
    """A table that preserves variance. eta: all fresh where left out. terminal: abar of the last level; 1 is clean."""
    signal = torch.cat([training.signal()[timesteps], torch.tensor([terminal], dtype=torch.float64)])
    return Schedule(
        alpha=signal.sqrt().float(),
        sigma=(1 - signal).sqrt().float(),
        timestep=torch.tensor(timesteps),
        eta=torch.tensor(eta or [1.0] * len(timesteps)),
        start=start,
        prediction=training.prediction,
    )


def _shifted(sigma: Tensor, shift: float) -> Tensor:
    return shift * sigma / (1 + (shift - 1) * sigma)


def _flow_grid(training: Training, num_steps: int) -> Tensor:
    """(t) levels before the shift. diffusers counts down to the lowest level after its shift, and so do we."""
    _require(0 < num_steps <= TRAIN_STEPS, f"flow takes 1 to {TRAIN_STEPS} steps, got {num_steps}")
    lowest = float(_shifted(torch.tensor(1 / TRAIN_STEPS, dtype=torch.float64), training.shift))
    return torch.linspace(1, lowest, num_steps, dtype=torch.float64)


def _from_sigmas(unshifted: Tensor, training: Training, *, eta: float) -> Schedule:
    """A table of flow matching, x = (1 - sigma) clean + sigma noise, from levels (t); the last level is clean."""
    sigma = torch.cat([_shifted(unshifted, training.shift), torch.zeros(1, dtype=torch.float64)])
    return Schedule(
        alpha=(1 - sigma).float(),
        sigma=sigma.float(),
        timestep=(TRAIN_STEPS * sigma[:-1]).float(),
        eta=torch.full((len(unshifted),), eta),
        start=1.0,
        prediction=Prediction.flow,
    )


def _require(condition: bool, message: str) -> None:
    if not condition:
        raise SceneError(message)
