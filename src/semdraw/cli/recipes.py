"""How a picture is made, in the options that the verbs share, and the bar while it is drawn."""

from __future__ import annotations

import argparse
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from semdraw.cli.options import additions, number, sampler, steps, whole
from semdraw.errors import CheckpointError, UsageError
from semdraw.geometry import MAX_SIDE_PX

if TYPE_CHECKING:
    from semdraw.models.base import DiffusionModel
    from semdraw.models.registry import ModelCard
    from semdraw.presets import Preset
    from semdraw.rasters import Picture
    from semdraw.scene import Scene


def add_recipe_options(parser: argparse.ArgumentParser) -> None:
    """--seed, --preset and --sampler, and an option for each field of a recipe that the tables below name."""
    parser.add_argument("--seed", type=whole(0, 2**32 - 1), help="same seed, same picture (default: 0)")
    parser.add_argument(
        "--preset",
        metavar="NAME",
        help="run the model as one of these (`semdraw models` lists them); other options overrule it",
    )
    parser.add_argument(
        "--sampler",
        type=sampler,
        metavar="NAME",
        help="how noise becomes a picture (default: the model's own; `semdraw models show` lists what suits)",
    )
    method = parser.add_argument_group(
        "method", "how regions become one picture; docs/method.md tells of each"
    )
    for group, knobs in ((parser, _PLAIN), (method, _OF_METHOD)):
        for knob in knobs:
            group.add_argument(knob.option, dest=knob.field, help=knob.help, **knob.settings)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Knob:
    """An option that sets a field of the recipe; settings: what argparse is told of it beside its help."""

    option: str
    field: str
    help: str
    settings: dict[str, Any]


def _one_of(option: str, field: str, choices: str, help: str) -> _Knob:
    return _Knob(option=option, field=field, help=help, settings={"choices": choices.split()})


def _measured(option: str, field: str, read: Any, help: str, *, metavar: str = "N") -> _Knob:
    return _Knob(option=option, field=field, help=help, settings={"type": read, "metavar": metavar})


_SIDE = whole(0, MAX_SIDE_PX)
_PLAIN: Final = (
    _measured("--steps", "num_steps", whole(1, 100), "default: the sampler's own number"),
    _measured(
        "--guidance",
        "guidance_scale",
        number(1, 30),
        "how much the prompt is exaggerated; 1, the default, is not at all and twice as fast",
        metavar="SCALE",
    ),
    _measured("--gamma", "gamma", number(0, 1), "with tcd: how much noise is drawn anew (default: 0.3)"),
)
_OF_METHOD: Final = (
    _one_of("--method", "method", "exact joint published multidiffusion", "default: exact"),
    _measured(
        "--step-indices", "step_indices", steps, "steps of a grid of 50, as 0,4,12,25,37", metavar="LIST"
    ),
    _one_of(
        "--mask-mode",
        "mask_mode",
        "discrete semi_continuous continuous",
        "how a soft edge takes part in the steps",
    ),
    _measured("--cover", "cover", number(0, 1), "how much paint above hides a region below (default: 0.3)"),
    _measured(
        "--bootstrap-steps", "bootstrap_steps", whole(0, 50), "first steps that draw each region by itself"
    ),
    _measured(
        "--bootstrap-mix", "bootstrap_mix", number(0, 50), "how many of them on a plain ground (default: all)"
    ),
    _measured(
        "--leak-sensitivity",
        "leak_sensitivity",
        number(0, 10),
        "how little a region may differ from that ground and still count as drawn (default: 0.2)",
    ),
    _measured(
        "--suffix",
        "region_suffix",
        str,
        "added to prompts of regions; {background} in it stands for the words behind (default: the model's own)",
        metavar="WORDS",
    ),
    _measured(
        "--window", "window_px", _SIDE, "side of the windows of regions; 0 is the whole canvas", metavar="PX"
    ),
    _measured(
        "--tile", "tile_px", _SIDE, "side of the tiles of large canvases; 0 is one piece", metavar="PX"
    ),
    _measured(
        "--enlarge",
        "enlarge",
        number(1, 8),
        "draw so many times smaller first, then enlarged and finer: for canvases larger than the model is used to",
        metavar="TIMES",
    ),
    _one_of(
        "--guidance-mode",
        "guidance",
        "full residual_self residual_once",
        "what guidance leads away from (default: full)",
    ),
    _measured("--guidance-delta", "guidance_delta", number(0, 2), "share of the residual noise (default: 1)"),
    _Knob(
        option="--blend",
        field="blend",
        help="whether a known background keeps its own pixels where nothing is painted (default: it does)",
        settings={"action": argparse.BooleanOptionalAction, "default": None},
    ),
)


def asked_model(options: argparse.Namespace, scene: Scene | None = None) -> str:
    """The model that the options name, else the one that the scene was drawn with."""
    if options.model or scene is None or options.preset is not None:
        return options.model or "picturebook"
    return scene.recipe.model or "picturebook"


def asked_card(options: argparse.Namespace, scene: Scene | None = None) -> ModelCard:
    """Its card; weights other than those of the scene are said."""
    from semdraw.models.registry import find_model

    name = asked_model(options, scene)
    is_named_by_scene = scene is not None and not options.model and name != "picturebook"
    if is_named_by_scene and re.search(
        r"[/\\]", name
    ):  # a stranger's file neither fetches nor opens anything
        raise UsageError(f"the scene is for the model {name!r}; to paint with it, give --model {name}")
    try:
        card = find_model(name, **additions(options))
    except CheckpointError as error:
        if not is_named_by_scene:
            raise
        raise CheckpointError(
            f"the scene is for the model {name!r}, which is not here: {error}. Say where it lies with --model PATH, "
            "or paint it with another one: --model picturebook"
        ) from None
    drawn_with = scene.recipe.weights_hash if scene else ""
    if drawn_with and drawn_with != card.recipe.weights_hash:
        print(
            f"semdraw: the scene was drawn with other weights ({drawn_with[:16]}) than those of {card.name} "
            f"({card.recipe.weights_hash[:16]}); its picture may differ",
            file=sys.stderr,
        )
    return card


def asked_preset(options: argparse.Namespace) -> Preset | None:
    """The preset that was asked for; a UsageError where its weights are still to be named."""
    if options.preset is None:
        return None
    from semdraw.presets import preset

    known = preset(options.preset)
    if options.model is None and known.weights != "picturebook":
        lora = f" --lora {known.lora.file}" if known.lora else ""
        raise UsageError(
            f"--preset {known.name} is for the weights {known.weights}; add where they lie: --model PATH{lora}"
        )
    if known.lora and not options.lora:
        print(
            f"semdraw: {known.name} wants the LoRA {known.lora}; add --lora FILE, unless the weights contain it",
            file=sys.stderr,
        )
    return known


def under_preset(known: Preset, scene: Scene, card: ModelCard, *, is_drawn_before: bool = False) -> Scene:
    """The scene as a preset runs it; brushes of one that was drawn before keep their own softness."""
    from msgspec import structs

    if card.family != known.family:
        raise UsageError(
            f"--preset {known.name} is for models of {known.family}; {card.name} is {card.family}"
        )
    if is_drawn_before:
        return structs.replace(scene, recipe=known.recipe)
    brushes = tuple(structs.replace(brush, softness_px=known.softness_px) for brush in scene.brushes)
    return structs.replace(scene, recipe=known.recipe, brushes=brushes)


def with_recipe(scene: Scene, options: argparse.Namespace, card: ModelCard) -> Scene:
    """The scene with what the options overrule, and the model that really paints it."""
    from msgspec import structs

    from semdraw.samplers import FACTS, fitted
    from semdraw.scene import Recipe, checked

    changes: dict[str, Any] = {"model": card.recipe.model, "weights_hash": card.recipe.weights_hash}
    if options.sampler is not None:
        changes |= {"sampler": options.sampler, "num_steps": FACTS[options.sampler].num_steps}
    if options.sampler is not None or options.num_steps is not None:
        changes |= {"step_indices": ()}  # even steps, in place of a list
    if options.step_indices is not None:
        changes |= {"grid_steps": Recipe().grid_steps}
    given = {knob.field: getattr(options, knob.field) for knob in (*_PLAIN, *_OF_METHOD)}
    changes |= {name: value for name, value in given.items() if value is not None}
    seed = scene.seed if options.seed is None else options.seed
    recipe = structs.replace(fitted(scene.recipe, card.recipe), **changes)
    return checked(structs.replace(scene, recipe=recipe, seed=seed))


def drawn(model: DiffusionModel, scene: Scene) -> Picture:
    """The picture, with a bar where someone watches; what regions lack is said once."""
    from tqdm import tqdm

    from semdraw.reports import Hint, hint_text
    from semdraw.still import Progress, generate

    hints: set[Hint] = set()

    total = scene.recipe.step_count if scene.recipe.enlarge == 1 else None
    with tqdm(total=total, unit="step", desc="painting", disable=None, leave=False) as bar:

        def advance(progress: Progress) -> None:
            bar.update(1)
            hints.update(progress.hints)

        picture = generate(model, scene, on_progress=advance)
    for hint in sorted(hints, key=lambda hint: hint.brush_id):
        print(f"semdraw: {hint_text(hint)}", file=sys.stderr)
    return picture


def bounded(prompt: str) -> str:
    from semdraw.scene import MAX_PROMPT

    if len(prompt) > MAX_PROMPT:
        raise UsageError(f"a prompt may have {MAX_PROMPT} characters, got {len(prompt)}")
    return prompt


def opened(path: Path) -> Scene:
    """The scene in a project file, an OpenRaster file or a picture that semdraw saved."""
    from semdraw.disk import read_bounded
    from semdraw.exports import scene_from_file

    return scene_from_file(read_bounded(path))


def check_output(path: Path, endings: tuple[str, ...] = ()) -> None:
    """A UsageError where nothing of these kinds can be written to `path`; () is every kind that holds a scene."""
    from semdraw.exports import MEDIA_TYPES

    endings = endings or tuple(f".{ending}" for ending in MEDIA_TYPES)
    if path.suffix.lower() not in endings:
        kinds = " or ".join(ending[1:].upper() for ending in endings)
        raise UsageError(f"pictures are saved as {kinds}; got {path}, try {path.with_suffix(endings[0])}")
    if not path.absolute().parent.is_dir():
        raise UsageError(f"there is no folder {path.absolute().parent}")
