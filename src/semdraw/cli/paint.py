"""`semdraw paint`: one picture from masks and prompts, or from a project file."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from semdraw.cli.backgrounds import (
    add_background_options,
    asked_background,
    asked_size,
    check_background,
    has_background,
    with_negative,
)
from semdraw.cli.options import Verbs, add_model_options, additions, number, placed
from semdraw.cli.recipes import (
    add_recipe_options,
    asked_card,
    asked_model,
    asked_preset,
    bounded,
    check_output,
    drawn,
    opened,
    under_preset,
    with_recipe,
)
from semdraw.errors import UsageError

if TYPE_CHECKING:
    from semdraw.geometry import Extent
    from semdraw.models.registry import ModelCard
    from semdraw.rasters import Mask
    from semdraw.scene import Scene


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
    parser.add_argument(
        "-o",
        "--output",
        required=True,
        type=Path,
        metavar="OUT.png",
        help="also .webp, .jpg, .ora (layers), .psd (layers) or .semdraw",
    )
    parser.add_argument(
        "--region",
        nargs=2,
        action=_Told,
        dest="told",
        default=[],
        metavar=("PROMPT", "MASK"),
        help="what, and where; repeatable",
    )
    parser.add_argument(
        "--negative",
        action=_Told,
        dest="told",
        metavar="PROMPT",
        help="what the --region before it must not show, or the background where there is none; needs --guidance",
    )
    _add_brush_options(parser)
    add_background_options(parser)
    add_recipe_options(parser)
    add_model_options(parser)
    parser.set_defaults(verb=_paint)


def _add_brush_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("regions", "of every --region")
    group.add_argument(
        "--softness",
        type=number(0, 100),
        metavar="PX",
        help="blur of masks, at a canvas of 512 px (default: 4)",
    )
    group.add_argument(
        "--strength", type=number(0, 1), metavar="N", help="how much of a mask acts (default: 1)"
    )
    group.add_argument(
        "--prompt-strength",
        type=number(0, 1),
        metavar="N",
        help="1, the default, is the region's prompt, 0 the words of the background",
    )


class _Told(argparse.Action):
    """Regions and negative prompts in the order in which they are given: (option, values)."""

    def __call__(self, _: Any, namespace: argparse.Namespace, values: Any, __: str | None = None) -> None:
        is_region = isinstance(values, list)
        setattr(namespace, self.dest, [*getattr(namespace, self.dest), (is_region, values)])


def _paint(options: argparse.Namespace) -> int:
    from semdraw.disk import write_atomically
    from semdraw.exports import exported
    from semdraw.models.registry import load_model

    _check(options)
    known = asked_preset(options)
    before = opened(Path(options.scene)) if options.scene else None
    card = asked_card(options, before)
    scene = before or _composed(options, card)
    if known is not None:
        scene = under_preset(known, scene, card, is_drawn_before=before is not None)
    if before is None:
        scene = _with_brushes(scene, options)
    scene = with_recipe(scene, options, card)
    model = load_model(asked_model(options, before), **placed(options), **additions(options))
    write_atomically(options.output, exported(drawn(model, scene), scene, options.output.suffix[1:].lower()))
    print(f"{options.output}: {scene.canvas.extent} px, seed {scene.seed}")
    return 0


def _check(options: argparse.Namespace) -> None:
    check_output(options.output)
    check_background(options)
    of_brushes = (options.softness, options.strength, options.prompt_strength)
    if options.scene and (options.told or has_background(options) or of_brushes != (None, None, None)):
        raise UsageError(f"{options.scene} has its own regions, size and background; leave those options out")


def _composed(options: argparse.Namespace, card: ModelCard) -> Scene:
    """The scene that the options tell of, bottom region first."""
    from semdraw.scene import Scene

    background = asked_background(options)
    size = asked_size(options, background, card.extent)
    regions = [values for is_region, values in options.told if is_region]
    painted = [(bounded(prompt), _mask(Path(path), size)) for prompt, path in regions]
    return Scene.from_masks(painted, extent=size, background=background, recipe=card.recipe)


def _with_brushes(scene: Scene, options: argparse.Namespace) -> Scene:
    """The scene with what the options say of its brushes, and with their negative prompts."""
    from msgspec.structs import replace

    told = {
        "softness_px": options.softness,
        "strength": options.strength,
        "prompt_strength": options.prompt_strength,
    }
    changes = {name: value for name, value in told.items() if value is not None}
    brushes = [replace(brush, **changes) for brush in scene.brushes]
    number_of_regions = 0
    for is_region, values in options.told:
        if is_region:
            number_of_regions += 1
        elif number_of_regions:
            brushes[number_of_regions - 1] = replace(brushes[number_of_regions - 1], negative=bounded(values))
        else:
            scene = scene.with_canvas(background=with_negative(scene.canvas.background, values))
    return replace(scene, brushes=tuple(brushes))


def _mask(path: Path, size: Extent) -> Mask:
    """White is painted; a mask of the canvas's shape but another size is resized."""
    from semdraw.disk import read_bounded
    from semdraw.errors import SceneError
    from semdraw.pictures import mask_from_bytes
    from semdraw.rasters import Mask

    mask = Mask.from_array(mask_from_bytes(read_bounded(path), size))
    if mask.is_blank:
        raise SceneError(f"{path} is black all over; white marks where to paint")
    return mask
