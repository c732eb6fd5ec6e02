"""What lies behind, in the options of `semdraw paint`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Final

from semdraw.cli.options import color, extent
from semdraw.cli.recipes import bounded
from semdraw.errors import UsageError

if TYPE_CHECKING:
    from semdraw.geometry import Extent
    from semdraw.scene import Background, ImageBackground

_LIKE_IMAGE: Final = "image"


def add_background_options(parser: argparse.ArgumentParser) -> None:
    """--size, --background, --background-negative, --background-color, --background-image and --caption."""
    parser.add_argument(
        "--size",
        type=_size,
        metavar="WxH",
        help="of the canvas (default: the model's own); image: that of --background-image",
    )
    parser.add_argument(
        "--background",
        metavar="PROMPT",
        help="what lies behind, in words; with a picture behind: what it shows",
    )
    parser.add_argument(
        "--background-negative", metavar="PROMPT", help="what it must not show; needs --guidance"
    )
    parser.add_argument("--background-color", type=color, metavar="#RRGGBB", help="a plain colour behind")
    parser.add_argument("--background-image", type=Path, metavar="FILE", help="a picture behind")
    parser.add_argument(
        "--caption",
        metavar="NAME",
        help="let this captioner say what the picture behind shows; see the guide",
    )


def check_background(options: argparse.Namespace) -> None:
    """A UsageError where the options contradict each other."""
    if options.background_color and (options.background is not None or options.background_image):
        raise UsageError("a plain colour behind takes neither words nor a picture; leave one of them out")
    if options.background_color and options.background_negative is not None:
        raise UsageError("a plain colour behind takes no negative prompt; leave --background-negative out")
    if options.background_image:
        if options.caption and options.background is not None:
            raise UsageError("the words for the picture behind are given already; leave --caption out")
    elif options.caption or options.size == _LIKE_IMAGE:
        raise UsageError("--caption and --size image are for a picture behind; give --background-image FILE")


def has_background(options: argparse.Namespace) -> bool:
    """Whether any of the options was given."""
    given = (options.size, options.background_color, options.background_image, options.caption)
    return any(given) or any(words is not None for words in (options.background, options.background_negative))


def asked_background(options: argparse.Namespace) -> Background:
    """What lies behind."""
    from semdraw.scene import ColorBackground, PromptBackground

    if options.background_color:
        return ColorBackground(color=options.background_color)
    if options.background_image:
        behind = _picture_behind(options)
    else:
        behind = PromptBackground(prompt=bounded(options.background or ""))
    return with_negative(behind, options.background_negative or "")


def with_negative(background: Background, negative: str) -> Background:
    """The background with what it must not show; a UsageError where it is a colour."""
    from msgspec.structs import replace

    from semdraw.scene import ColorBackground

    if isinstance(background, ColorBackground):
        raise UsageError("a plain colour behind takes no negative prompt; put --negative after a --region")
    return replace(background, negative=bounded(negative))


def asked_size(options: argparse.Namespace, background: Background, own: Extent) -> Extent:
    """The size of the canvas; `own` is the model's."""
    from semdraw.geometry import Extent
    from semdraw.scene import ImageBackground

    if options.size is None:
        return own
    if isinstance(background, ImageBackground) and options.size == _LIKE_IMAGE:
        return background.picture.extent
    return Extent(*options.size)


def _picture_behind(options: argparse.Namespace) -> ImageBackground:
    from semdraw.captions import captioner, described
    from semdraw.disk import read_bounded
    from semdraw.pictures import picture_from_bytes
    from semdraw.rasters import Picture
    from semdraw.scene import ImageBackground

    picture = Picture.from_array(picture_from_bytes(read_bounded(options.background_image)))
    background = ImageBackground(picture=picture, prompt=bounded(options.background or ""))
    return described(background, captioner(options.caption)) if options.caption else background


def _size(text: str) -> Extent | str:
    return _LIKE_IMAGE if text == _LIKE_IMAGE else extent(text)
