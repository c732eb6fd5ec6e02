"""`semdraw`: what it can be asked to do. Heavy libraries are loaded by the verb that needs them."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import NoReturn

from semdraw.cli import doctor, evaluate, models, paint, panorama, selfcheck, serve, stream
from semdraw.errors import SemdrawError, UsageError, is_out_of_memory, reason_of
from semdraw.version import __version__

FAILED = 1
MISUSED = 2
INTERRUPTED = 130


def main() -> NoReturn:
    """The console script; ends the process."""
    sys.exit(run())


def run(arguments: Sequence[str] | None = None) -> int:
    """The exit code of one call: 0 done, 1 failed, 2 asked for something that cannot be."""
    options = parser().parse_args(arguments)
    try:
        return options.verb(options)
    except SemdrawError as error:
        print(f"semdraw: {error}", file=sys.stderr)
        return MISUSED if isinstance(error, UsageError) else FAILED
    except KeyboardInterrupt:
        return INTERRUPTED
    except (MemoryError, RuntimeError) as error:  # what torch raises where a device is full
        if not is_out_of_memory(error):
            raise
        print(f"semdraw: {reason_of(error)}", file=sys.stderr)
        return FAILED


def parser() -> argparse.ArgumentParser:
    """All verbs and their options."""
    top = argparse.ArgumentParser(
        prog="semdraw",
        description="Live painting with few-step diffusion models: "
        "a brush carries a meaning, the picture follows the pen.",
        epilog="`semdraw serve` opens the page to paint on; `semdraw VERB --help` tells more of a verb.",
    )
    top.add_argument("--version", action="version", version=f"semdraw {__version__}")
    verbs = top.add_subparsers(title="verbs", metavar="VERB", required=True)
    for module in (serve, paint, panorama, stream, models, doctor, selfcheck, evaluate):
        module.add_to(verbs)
    return top
