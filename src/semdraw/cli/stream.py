"""`semdraw stream`: a scene as an animated picture."""

from __future__ import annotations

import argparse
import io
from pathlib import Path
from typing import TYPE_CHECKING, Final

from semdraw.cli.options import Verbs, add_model_options, additions, number, placed, whole
from semdraw.cli.recipes import (
    add_recipe_options,
    asked_card,
    asked_model,
    asked_preset,
    check_output,
    opened,
    under_preset,
    with_recipe,
)

if TYPE_CHECKING:
    from semdraw.models.base import DiffusionModel
    from semdraw.rasters import Picture
    from semdraw.scene import Scene

_FORMATS: Final = {".webp": "WEBP", ".gif": "GIF"}
_MOST_FRAMES = 2_000


def add_to(verbs: Verbs) -> None:
    """Tell the parser of this verb."""
    parser = verbs.add_parser(
        "stream",
        help="make an animated picture of a scene",
        description="Make an animated picture of a scene: how it comes out of the noise and settles or, with "
        "--varied, a new picture in every frame, without end.",
    )
    parser.add_argument("scene", metavar="SCENE", help="a .semdraw file, or a PNG that semdraw saved")
    parser.add_argument("-o", "--output", required=True, type=Path, metavar="FILM.webp|FILM.gif")
    parser.add_argument("--frames", type=whole(1, _MOST_FRAMES), default=24, help="default: 24")
    parser.add_argument("--fps", type=number(0.1, 50), default=8.0, help="frames a second (default: 8)")
    parser.add_argument("--varied", action="store_true", help="other noise for every frame")
    add_recipe_options(parser)
    add_model_options(parser)
    parser.set_defaults(verb=_stream)


def _stream(options: argparse.Namespace) -> int:
    from semdraw.disk import write_atomically
    from semdraw.models.registry import load_model

    check_output(options.output, tuple(_FORMATS))
    known = asked_preset(options)
    scene = opened(Path(options.scene))
    name, card = asked_model(options, scene), asked_card(options, scene)
    if known is not None:
        scene = under_preset(known, scene, card, is_drawn_before=True)
    scene = with_recipe(scene, options, card)
    model = load_model(name, **placed(options), **additions(options))
    pictures = _frames(model, scene, options.frames, is_varied=options.varied)
    write_atomically(options.output, film(pictures, _FORMATS[options.output.suffix.lower()], fps=options.fps))
    print(f"{options.output}: {options.frames} frames of {scene.canvas.extent} px, seed {scene.seed}")
    return 0


def _frames(model: DiffusionModel, scene: Scene, count: int, *, is_varied: bool) -> list[Picture]:
    """So many pictures, with a bar where someone watches; variation has no previews among them."""
    from tqdm import tqdm

    from semdraw.live import Stream

    pictures: list[Picture] = []
    with (
        Stream(model, scene, is_varied=is_varied) as stream,
        tqdm(total=count, unit="frame", desc="streaming", disable=None, leave=False) as bar,
    ):
        while len(pictures) < count:
            frame = next(stream)
            if is_varied and frame.step < frame.num_steps:
                continue
            pictures.append(frame.picture)
            bar.update()
    return pictures


def film(pictures: list[Picture], format: str, *, fps: float) -> bytes:
    """An animated picture that begins again at its end; `format` is "WEBP" or "GIF"."""
    from PIL import Image

    first, *others = [Image.fromarray(picture.array) for picture in pictures]
    out = io.BytesIO()
    first.save(
        out, format, save_all=True, append_images=others, duration=round(1000 / fps), loop=0, quality=90
    )
    return out.getvalue()
