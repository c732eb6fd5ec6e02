"""`semdraw paint`: one picture from masks and prompts, or from a project file."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from semdraw.cli.backgrounds import (
    add_background_options,
    asked_background,
    asked_size,
    check_background,
    has_background,
)
from semdraw.cli.options import Verbs, add_model_options, additions, placed
from semdraw.cli.recipes import (
    add_recipe_options,
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
    from semdraw.scene import Mask, Scene


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
    parser.add_argument(
        "--region",
        nargs=2,
        action="append",
        default=[],
        metavar=("PROMPT", "MASK"),
        help="what, and where; repeatable",
    )
    add_background_options(parser)
    add_recipe_options(parser)
    add_model_options(parser)
    parser.set_defaults(verb=_paint)


def _paint(options: argparse.Namespace) -> int:
    from semdraw.disk import write_atomically
    from semdraw.metadata import png_with_scene
    from semdraw.models.registry import find_model, load_model

    _check(options)
    known = asked_preset(options)
    card = find_model(options.model or "picturebook", **additions(options))
    scene = opened(Path(options.scene)) if options.scene else _composed(options, card)
    if known is not None:
        scene = under_preset(known, scene, card, is_drawn_before=bool(options.scene))
    scene = with_recipe(scene, options, card)
    model = load_model(options.model or "picturebook", **placed(options), **additions(options))
    write_atomically(options.output, png_with_scene(drawn(model, scene), scene))
    print(f"{options.output}: {scene.canvas.extent} px, seed {scene.seed}")
    return 0


def _check(options: argparse.Namespace) -> None:
    check_output(options.output, (".png",))
    check_background(options)
    if options.scene and (options.region or has_background(options)):
        raise UsageError(f"{options.scene} has its own regions, size and background; leave those options out")


def _composed(options: argparse.Namespace, card: ModelCard) -> Scene:
    """The scene that the options tell of, bottom region first."""
    from semdraw.scene import Scene

    background = asked_background(options)
    size = asked_size(options, background, card.extent)
    regions = [(bounded(prompt), _mask(Path(path), size)) for prompt, path in options.region]
    return Scene.from_masks(regions, extent=size, background=background, recipe=card.recipe)


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
