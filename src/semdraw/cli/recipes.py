"""How a picture is made, in the options that the verbs share, and the bar while it is drawn."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from semdraw.cli.options import number, sampler, whole
from semdraw.errors import UsageError

if TYPE_CHECKING:
    from semdraw.models.base import DiffusionModel
    from semdraw.models.registry import ModelCard
    from semdraw.presets import Preset
    from semdraw.scene import Picture, Scene


def add_recipe_options(parser: argparse.ArgumentParser) -> None:
    """--seed, --preset, --steps, --sampler, --guidance, --gamma and --bootstrap-steps."""
    parser.add_argument("--seed", type=whole(0, 2**32 - 1), help="same seed, same picture (default: 0)")
    parser.add_argument(
        "--preset",
        metavar="NAME",
        help="run the model as one of these (`semdraw models` lists them); other options overrule it",
    )
    parser.add_argument("--steps", type=whole(1, 100), help="default: the sampler's own number")
    parser.add_argument(
        "--sampler",
        type=sampler,
        metavar="NAME",
        help="how noise becomes a picture (default: the model's own; `semdraw models show` lists what suits)",
    )
    parser.add_argument(
        "--guidance",
        type=number(1, 30),
        metavar="SCALE",
        help="how much the prompt is exaggerated; 1, the default, is not at all and twice as fast",
    )
    parser.add_argument(
        "--gamma", type=number(0, 1), help="with tcd: how much noise is drawn anew (default: 0.3)"
    )
    parser.add_argument(
        "--bootstrap-steps", type=whole(0, 10), help="first steps that draw each region by itself"
    )


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
    from msgspec.structs import replace

    if card.family != known.family:
        raise UsageError(
            f"--preset {known.name} is for models of {known.family}; {card.name} is {card.family}"
        )
    if is_drawn_before:
        return replace(scene, recipe=known.recipe)
    brushes = tuple(replace(brush, softness_px=known.softness_px) for brush in scene.brushes)
    return replace(scene, recipe=known.recipe, brushes=brushes)


def with_recipe(scene: Scene, options: argparse.Namespace, card: ModelCard) -> Scene:
    """The scene with what the options overrule, and the model that really paints it."""
    from msgspec.structs import replace

    from semdraw.samplers import FACTS, fitted

    changes: dict[str, Any] = {"model": card.recipe.model, "weights_hash": card.recipe.weights_hash}
    if options.sampler is not None:
        changes |= {"sampler": options.sampler, "num_steps": FACTS[options.sampler].num_steps}
    if options.sampler is not None or options.steps is not None:
        changes |= {"step_indices": ()}  # even steps, in place of a list
    given = {
        "num_steps": options.steps,
        "bootstrap_steps": options.bootstrap_steps,
        "guidance_scale": options.guidance,
        "gamma": options.gamma,
    }
    changes |= {name: value for name, value in given.items() if value is not None}
    seed = scene.seed if options.seed is None else options.seed
    return replace(scene, recipe=replace(fitted(scene.recipe, card.recipe), **changes), seed=seed)


def drawn(model: DiffusionModel, scene: Scene) -> Picture:
    """The picture, with a bar where someone watches; what regions lack is said once."""
    from tqdm import tqdm

    from semdraw.reports import Hint, hint_text
    from semdraw.still import Progress, generate

    hints: set[Hint] = set()

    with tqdm(total=scene.recipe.step_count, unit="step", desc="painting", disable=None, leave=False) as bar:

        def advance(progress: Progress) -> None:
            bar.update(progress.step - bar.n)
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
    """The scene in a project file, or in a picture that semdraw saved."""
    from semdraw.disk import read_bounded
    from semdraw.metadata import scene_from_file

    return scene_from_file(read_bounded(path))


def check_output(path: Path, endings: tuple[str, ...]) -> None:
    """A UsageError where nothing of these kinds can be written to `path`."""
    if path.suffix.lower() not in endings:
        kinds = " or ".join(ending[1:].upper() for ending in endings)
        raise UsageError(f"pictures are saved as {kinds}; got {path}, try {path.with_suffix(endings[0])}")
    if not path.absolute().parent.is_dir():
        raise UsageError(f"there is no folder {path.absolute().parent}")
