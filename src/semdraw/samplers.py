"""The samplers by name, and what can be told of them without torch. Their tables stand in schedule.py."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from msgspec.structs import replace

from semdraw.errors import SceneError
from semdraw.scene import Recipe, Sampler

FEW_STEPS: Final = 8  # weights that are usually run with no more are quick ones
PUBLISHED_STEPS: Final = (0, 4, 12, 25, 37)  # of a grid of 50, in all classes of the published code


@dataclass(frozen=True, slots=True, kw_only=True)
class SamplerFacts:
    """`label`: what other tools call it. `is_flow`: for flow matching, else for variance-preserving diffusion.

    num_steps: how many steps it is usually run with.
    """

    label: str
    is_flow: bool
    num_steps: int


FACTS: Final[dict[Sampler, SamplerFacts]] = {
    "lcm": SamplerFacts(label="LCM", is_flow=False, num_steps=4),
    "tcd": SamplerFacts(label="TCD", is_flow=False, num_steps=4),
    "euler_trailing": SamplerFacts(label="Euler", is_flow=False, num_steps=20),
    "ddim": SamplerFacts(label="DDIM", is_flow=False, num_steps=20),
    "ddim_trailing": SamplerFacts(label="DDIM trailing", is_flow=False, num_steps=4),
    "flow": SamplerFacts(label="Flow Euler", is_flow=True, num_steps=28),
    "flow_trailing": SamplerFacts(label="Flow Euler trailing", is_flow=True, num_steps=8),
    "flow_lcm": SamplerFacts(label="Flow LCM", is_flow=True, num_steps=4),
}

_SAMPLING: Final = ("sampler", "num_steps", "step_indices", "grid_steps")
_METHOD: Final = ("method", "bootstrap_steps")
_OF_SCHEDULER: Final[dict[str, Sampler]] = {  # what a model folder's scheduler_config.json asks for
    "LCMScheduler": "lcm",
    "TCDScheduler": "tcd",
    "EulerDiscreteScheduler": "euler_trailing",
    "FlowMatchEulerDiscreteScheduler": "flow",
    "FlowMatchLCMScheduler": "flow_lcm",
}


def suiting(is_flow: bool) -> tuple[Sampler, ...]:
    """The samplers for a model of this kind."""
    return tuple(name for name, facts in FACTS.items() if facts.is_flow == is_flow)


def is_flow(scheduler: dict[str, Any]) -> bool:
    """Whether a scheduler's config is one of flow matching."""
    return "FlowMatch" in str(scheduler.get("_class_name"))


def usual(scheduler: dict[str, Any]) -> Sampler:
    """The sampler that comes nearest to the scheduler of a model folder."""
    if is_flow(scheduler) and scheduler.get("stochastic_sampling"):
        return "flow_lcm"
    if is_flow(scheduler):
        nearest: Sampler = "flow"
    else:
        nearest = "ddim_trailing" if scheduler.get("timestep_spacing") == "trailing" else "ddim"
    return _OF_SCHEDULER.get(str(scheduler.get("_class_name")), nearest)


def usual_steps(sampler: Sampler) -> int:
    """How many steps a model takes whose own sampler this is: one that comes with DDIM was not distilled."""
    return FACTS["ddim" if sampler == "ddim_trailing" else sampler].num_steps


def fitted(recipe: Recipe, own: Recipe) -> Recipe:
    """A recipe for a model whose own is `own`, which lends sampler and steps where a recipe's are for another kind.

    Regions in one pass are for UNets, and models of flow matching are none.
    """
    if FACTS[recipe.sampler].is_flow == FACTS[own.sampler].is_flow:
        return recipe
    is_lost = recipe.method == "joint" and FACTS[own.sampler].is_flow
    return replace(recipe, method="exact" if is_lost else recipe.method, **_fields(own, _SAMPLING))


def followed(recipe: Recipe, former: Recipe, own: Recipe) -> Recipe:
    """A recipe after a change of models: what was the former model's own becomes that of the new one.

    Sampler and steps go together, and so do method and bootstrap steps; those that the painter chose stay.
    """
    for fields in (_SAMPLING, _METHOD):
        if _fields(recipe, fields) == _fields(former, fields):
            recipe = replace(recipe, **_fields(own, fields))
    return recipe


def _fields(recipe: Recipe, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: getattr(recipe, name) for name in names}


def require_suiting(sampler: Sampler, *, is_flow: bool) -> None:
    """A SceneError where a sampler is not for models of this kind."""
    if FACTS[sampler].is_flow != is_flow:
        kind = "flow matching" if is_flow else "variance-preserving diffusion"
        raise SceneError(
            f"sampler {sampler!r} does not suit this model, which was trained with {kind}; "
            f"wanted one of {', '.join(suiting(is_flow))}"
        )
