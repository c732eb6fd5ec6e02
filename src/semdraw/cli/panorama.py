"""`semdraw panorama`: one prompt over a canvas of any width."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from semdraw.cli.options import Verbs, add_model_options, additions, extent, placed
from semdraw.cli.recipes import (
    add_recipe_options,
    asked_preset,
    bounded,
    check_output,
    drawn,
    under_preset,
    with_recipe,
)

if TYPE_CHECKING:
    from semdraw.models.registry import ModelCard
    from semdraw.scene import Scene


def add_to(verbs: Verbs) -> None:
    """Tell the parser of this verb."""
    parser = verbs.add_parser(
        "panorama",
        help="make one wide picture of one prompt",
        description="Make one wide or tall picture of one prompt, in overlapping tiles of the size that the model "
        "draws best.",
    )
    parser.add_argument("--prompt", required=True, help="what the whole picture shows")
    parser.add_argument(
        "--negative", default="", metavar="PROMPT", help="what it must not show; needs --guidance"
    )
    parser.add_argument(
        "--size",
        type=extent,
        metavar="WxH",
        help="of the picture (default: four times as wide as the model's own)",
    )
    parser.add_argument(
        "-o",
        "--output",
        required=True,
        type=Path,
        metavar="OUT.png",
        help="also .webp, .jpg, .ora (layers), .psd (layers) or .semdraw",
    )
    add_recipe_options(parser)
    add_model_options(parser)
    parser.set_defaults(verb=_panorama)


def _panorama(options: argparse.Namespace) -> int:
    from semdraw.disk import write_atomically
    from semdraw.exports import exported
    from semdraw.models.registry import find_model, load_model

    check_output(options.output)
    known = asked_preset(options)
    card = find_model(options.model or "picturebook", **additions(options))
    scene = _scene(options, card)
    if known is not None:
        scene = _widened(under_preset(known, scene, card), card)
    scene = with_recipe(scene, options, card)
    model = load_model(options.model or "picturebook", **placed(options), **additions(options))
    write_atomically(options.output, exported(drawn(model, scene), scene, options.output.suffix[1:].lower()))
    print(f"{options.output}: {scene.canvas.extent} px, seed {scene.seed}")
    return 0


def _widened(scene: Scene, card: ModelCard) -> Scene:
    """A scene under the recipe of a preset, in tiles."""
    from msgspec.structs import replace

    from semdraw.panoramas import tiled_recipe

    return replace(scene, recipe=tiled_recipe(scene.recipe, card.extent))


def _scene(options: argparse.Namespace, card: ModelCard) -> Scene:
    from semdraw.geometry import Extent
    from semdraw.panoramas import panorama_recipe, panorama_scene

    wide = Extent(4 * card.extent.width, card.extent.height)
    return panorama_scene(
        bounded(options.prompt),
        options.size or wide,
        negative=bounded(options.negative),
        recipe=panorama_recipe(card.recipe, card.extent),
    )
