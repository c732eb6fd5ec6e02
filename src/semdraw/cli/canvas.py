"""The first canvas of `semdraw serve`: its size, seed and recipe, in the words of the published demos."""

from __future__ import annotations

import argparse
import secrets
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, NoReturn

from semdraw.cli.options import number, sampler, whole
from semdraw.cli.recipes import asked_preset, under_preset
from semdraw.geometry import MAX_SIDE_PX, Extent

if TYPE_CHECKING:
    from semdraw.models.registry import ModelCard
    from semdraw.scene import Scene

_INSTEAD: Final = {
    "--run-time": "the page paints until it is paused, and a scene at rest costs nothing",
    "--display-row": "the page shows the newest picture; `semdraw stream` writes as many as are asked for",
    "--display-col": "the page shows the newest picture; `semdraw stream` writes as many as are asked for",
}


def add_canvas_options(parser: argparse.ArgumentParser) -> None:
    """The options of the published demos, with dashes or underscores."""
    group = parser.add_argument_group("the first canvas")
    side = whole(1, MAX_SIDE_PX)
    group.add_argument("-H", "--height", type=side, metavar="PX", help="default: the model's own")
    group.add_argument("-W", "--width", type=side, metavar="PX", help="default: the model's own")
    group.add_argument(
        "--seed", type=seed, metavar="SEED", help="a number from 0 on; -1 is another one at each start"
    )
    group.add_argument(
        "--preset", metavar="NAME", help="as for `semdraw paint`; what else is said overrules it"
    )
    group.add_argument("--sampler", type=sampler, metavar="NAME", help="default: the model's own")
    group.add_argument("--steps", type=whole(1, 100), metavar="N", help="default: the sampler's own number")
    _add(
        group,
        "--bootstrap-steps",
        type=whole(0, 50),
        metavar="N",
        help="first steps that show each region alone: 0 to 50",
    )
    _add(
        group,
        "--bootstrap-mix-steps",
        type=number(0, 50),
        metavar="N",
        help="how many of them on a plain ground: 0 to 50",
    )
    _add(
        group,
        "--guidance-scale",
        type=number(0, 30),
        metavar="N",
        help="how strongly prompts act; 0 and 1 are off",
    )
    for name in _INSTEAD:
        _add(group, name, type=_needless(name), help=argparse.SUPPRESS)


def run_as_asked(options: argparse.Namespace, starter: Scene, card: ModelCard) -> Scene:
    """The starter as the preset runs it that was asked for, with the sampler and the steps that were."""
    from msgspec.structs import replace

    from semdraw.samplers import FACTS, require_suiting

    known = asked_preset(options)
    scene = starter if known is None else under_preset(known, starter, card)
    told: dict[str, Any] = {}
    if options.sampler is not None:
        require_suiting(options.sampler, is_flow=FACTS[card.recipe.sampler].is_flow)
        told = {"sampler": options.sampler, "num_steps": FACTS[options.sampler].num_steps, "step_indices": ()}
    if options.steps is not None:
        told |= {"num_steps": options.steps, "step_indices": ()}
    return replace(scene, recipe=replace(scene.recipe, **told))


def first_scene(options: argparse.Namespace, starter: Scene) -> Scene:
    """The starter with what the options say."""
    from msgspec.structs import replace

    from semdraw.scene import Canvas, checked
    from semdraw.starter import starter_scene

    own = starter.canvas.extent
    extent = Extent(options.width or own.width, options.height or own.height)
    checked(replace(starter, canvas=Canvas(extent=extent), brushes=()))  # a wrong size is told at once
    sized = starter_scene(extent)
    scene = starter if extent == own else replace(starter, canvas=sized.canvas, seed=sized.seed)
    scale = options.guidance_scale
    told = {
        "bootstrap_steps": options.bootstrap_steps,
        "bootstrap_mix": options.bootstrap_mix_steps,
        "guidance_scale": None if scale is None else max(1.0, scale),
    }
    recipe = replace(scene.recipe, **{name: value for name, value in told.items() if value is not None})
    return checked(replace(scene, recipe=recipe, seed=_seed(options.seed, scene.seed)))


def _seed(told: int | None, own: int) -> int:
    if told is None:
        return own
    return secrets.randbelow(2**32) if told < 0 else told


def seed(text: str) -> int:
    """Reads a seed; -1 stands for any."""
    return -1 if text == "-1" else whole(0, 2**32 - 1)(text)


def _add(group: Any, name: str, **settings: Any) -> None:
    """With dashes or underscores; `group` is a parser or a part of one."""
    group.add_argument(name, name.replace("-", "_").replace("__", "--", 1), **settings)


def _needless(name: str) -> Callable[[str], NoReturn]:
    """Refuses an option of the published demos that has nothing to act on."""

    def refuse(_: str) -> NoReturn:
        raise argparse.ArgumentTypeError(f"not needed: {_INSTEAD[name]}; leave it out")

    return refuse
