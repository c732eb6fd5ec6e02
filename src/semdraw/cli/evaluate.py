"""`semdraw eval`: measures methods side by side, with the harness that lies beside the package in the repository."""

from __future__ import annotations

import argparse
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

from semdraw.cli.options import Verbs, device, whole
from semdraw.errors import UsageError

_HARNESS = Path("eval", "command.py")


def add_to(verbs: Verbs) -> None:
    """Tell the parser of this verb."""
    parser = verbs.add_parser(
        "eval",
        help="measure whether regions show what was asked, where it was asked",
        description="Measure methods side by side on layouts whose truth is known: does each region show what was "
        "asked, where it was asked, and nothing else? Writes a page with pictures, a table and all numbers. A run "
        "that was interrupted goes on where it ended. For a clone of the repository.",
    )
    _add_what(parser)
    _add_weights(parser)
    _add_real(parser)
    parser.set_defaults(verb=_eval)


def _add_what(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--quick",
        action="store_true",
        help="24 layouts of dev, 8 for slow methods, no KID, FID or DIV: a look for yourself, never to be quoted; "
        "takes some ten minutes on two cores",
    )
    parser.add_argument(
        "--methods",
        type=lambda text: tuple(name.strip() for name in text.split(",")),
        default=(),
        metavar="NAME,NAME",
        help="which methods (default: all; with --quick the main ones); `list` shows them",
    )
    parser.add_argument("--split", choices=("dev", "test"), default="dev", help="tune on dev, quote test")
    parser.add_argument(
        "--layouts", type=whole(1, 500), metavar="N", help="how many (default: all of the split)"
    )
    parser.add_argument(
        "--scripts",
        type=whole(0, 30),
        metavar="N",
        help="of edits at the live engine (default: all 30, with --quick 2)",
    )
    parser.add_argument(
        "--out",
        type=Path,
        metavar="FOLDER",
        help="for pictures, records and report (default: build/eval/...)",
    )
    parser.add_argument(
        "--workers",
        type=whole(1, 64),
        metavar="N",
        help="processes of one thread each (default: one per core; 1 with --coco or a graphics card)",
    )


def _add_weights(parser: argparse.ArgumentParser) -> None:
    weights = parser.add_argument_group("weights", "LoRAs or folders; the embedded model brings its own")
    weights.add_argument("--model", default="picturebook", metavar="NAME|PATH", help="as for `semdraw paint`")
    weights.add_argument("--device", type=device, metavar="DEVICE", help="(default: cpu)")
    weights.add_argument("--few", type=Path, metavar="PATH", help="what makes the model a quick one, by LCM")
    weights.add_argument("--euler", type=Path, metavar="PATH", help="what makes it a quick one by Euler")
    weights.add_argument("--base", type=Path, metavar="PATH", help="the undistilled weights, for 50 steps")


def _add_real(parser: argparse.ArgumentParser) -> None:
    real = parser.add_argument_group(
        "COCO",
        "the paper's own protocol, for those who have the files; --split and --scripts say nothing there, and "
        "--quick only chooses the main methods: give --layouts for a short run",
    )
    real.add_argument(
        "--coco",
        type=Path,
        metavar="FOLDER",
        help="a folder with instances_*.json, captions_*.json and the photographs of one split in val2017/ or images/",
    )
    real.add_argument("--clip", type=Path, metavar="FOLDER", help="a CLIPModel, for CLIP_fg and CLIP_bg")
    real.add_argument("--segmenter", type=Path, metavar="FOLDER", help="a segmentation model, for IoU")
    real.add_argument(
        "--inception", type=Path, metavar="FILE", help="inception-2015-12-05.pt, for FID and IS"
    )
    real.add_argument("--side", type=whole(64, 2048), default=512, metavar="PX", help="of the canvas (512)")


def _eval(options: argparse.Namespace) -> int:
    return _harness().evaluate(options)


def _harness() -> Any:
    """The module of the repository that does the work: beside the package, or where the command is given."""
    for root in (Path(__file__).parents[3], Path.cwd()):
        if (root / _HARNESS).is_file():
            if str(root) not in sys.path:
                sys.path.insert(0, str(root))
            return import_module("eval.command")
    raise UsageError(
        "semdraw eval needs the folder eval/ of the repository, which is neither beside this installation nor in "
        f"{Path.cwd()}; clone the repository and run it there"
    )
