"""`semdraw paint`: one picture from masks and prompts, or from a project file."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from semdraw.cli.options import Verbs, add_model_options, color, extent, number, sampler, whole
from semdraw.errors import UsageError

if TYPE_CHECKING:
    from semdraw.geometry import Extent
    from semdraw.models.base import DiffusionModel
    from semdraw.models.registry import ModelCard
    from semdraw.presets import Preset
    from semdraw.scene import Background, Mask, Picture, Scene


def add_to(verbs: Verbs) -> None:
    """Tell the parser of this verb."""
    parser = verbs.add_parser(
        "paint",
        help="make one picture",
        description="Make one picture from masks and prompts, or from a project file. Masks: white is painted; "
        "later regions lie above earlier ones.",
    )
    parser.add_argument(
        "scene", nargs="?", metavar="SCENE", help="a .semdraw file, or a PNG that semdraw saved"
    )
    parser.add_argument("-o", "--output", required=True, type=Path, metavar="OUT.png")
    parser.add_argument("--size", type=extent, metavar="WxH", help="of the canvas (default: the model's own)")
    parser.add_argument(
        "--region",
        nargs=2,
        action="append",
        default=[],
        metavar=("PROMPT", "MASK"),
        help="what, and where; repeatable",
    )
    background = parser.add_mutually_exclusive_group()
    background.add_argument("--background", metavar="PROMPT", help="what lies behind, in words")
    background.add_argument("--background-color", type=color, metavar="#RRGGBB", help="a plain colour behind")
    background.add_argument("--background-image", type=Path, metavar="FILE", help="a picture behind")
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
    add_model_options(parser)
    parser.set_defaults(verb=_paint)


def _paint(options: argparse.Namespace) -> int:
    from semdraw.disk import write_atomically
    from semdraw.metadata import png_with_scene
    from semdraw.models.registry import find_model, load_model

    _check(options)
    known = _preset(options)
    card = find_model(options.model or "picturebook", loras=options.lora)
    scene = _opened(options) if options.scene else _composed(options, card)
    if known is not None:
        scene = _under(known, scene, options, card)
    scene = _with_recipe(scene, options, card)
    model = load_model(options.model or "picturebook", device=options.device, loras=options.lora)
    write_atomically(options.output, png_with_scene(_generated(model, scene), scene))
    print(f"{options.output}: {scene.canvas.extent} px, seed {scene.seed}")
    return 0


def _check(options: argparse.Namespace) -> None:
    if options.output.suffix.lower() != ".png":
        raise UsageError(
            f"pictures are saved as PNG; got {options.output}, try {options.output.with_suffix('.png')}"
        )
    if not options.output.absolute().parent.is_dir():
        raise UsageError(f"there is no folder {options.output.absolute().parent}")
    composing = options.region or options.size or options.background is not None
    if options.scene and (composing or options.background_color or options.background_image):
        raise UsageError(f"{options.scene} has its own regions, size and background; leave those options out")


def _opened(options: argparse.Namespace) -> Scene:
    from semdraw.disk import read_bounded
    from semdraw.files import scene_from_project
    from semdraw.metadata import scene_from_png

    data = read_bounded(Path(options.scene))
    return scene_from_png(data) if data.startswith(b"\x89PNG") else scene_from_project(data)


def _composed(options: argparse.Namespace, card: ModelCard) -> Scene:
    """The scene that the options tell of, bottom region first."""
    from semdraw.scene import Scene

    size: Extent = options.size or card.extent
    regions = [(_bounded(prompt), _mask(Path(path), size)) for prompt, path in options.region]
    return Scene.from_masks(regions, extent=size, background=_background(options), recipe=card.recipe)


def _preset(options: argparse.Namespace) -> Preset | None:
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


def _under(known: Preset, scene: Scene, options: argparse.Namespace, card: ModelCard) -> Scene:
    """The scene as a preset runs it; brushes of a file keep their own softness."""
    from msgspec.structs import replace

    if card.family != known.family:
        raise UsageError(
            f"--preset {known.name} is for models of {known.family}; {card.name} is {card.family}"
        )
    if options.scene:
        return replace(scene, recipe=known.recipe)
    brushes = tuple(replace(brush, softness_px=known.softness_px) for brush in scene.brushes)
    return replace(scene, recipe=known.recipe, brushes=brushes)


def _with_recipe(scene: Scene, options: argparse.Namespace, card: ModelCard) -> Scene:
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


def _generated(model: DiffusionModel, scene: Scene) -> Picture:
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


def _background(options: argparse.Namespace) -> Background:
    from semdraw.disk import read_bounded
    from semdraw.pictures import picture_from_bytes
    from semdraw.scene import ColorBackground, ImageBackground, Picture, PromptBackground

    if options.background_color:
        return ColorBackground(color=options.background_color)
    if options.background_image:
        pixels = picture_from_bytes(read_bounded(options.background_image))
        return ImageBackground(picture=Picture.from_array(pixels))
    return PromptBackground(prompt=_bounded(options.background or ""))


def _mask(path: Path, size: Extent) -> Mask:
    """White is painted; a mask of the canvas's shape but another size is resized."""
    from semdraw.disk import read_bounded
    from semdraw.errors import SceneError
    from semdraw.pictures import mask_from_bytes
    from semdraw.scene import Mask

    mask = Mask.from_array(mask_from_bytes(read_bounded(path), size))
    if mask.is_blank:
        raise SceneError(f"{path} is black all over; white marks where to paint")
    return mask


def _bounded(prompt: str) -> str:
    from semdraw.scene import MAX_PROMPT

    if len(prompt) > MAX_PROMPT:
        raise UsageError(f"a prompt may have {MAX_PROMPT} characters, got {len(prompt)}")
    return prompt
