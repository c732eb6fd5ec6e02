"""All figures of docs/quality.md, anew: the methods on bench-v1, the tables of time, then the page itself.

    python -m eval.everything [--layouts 100] [--workers 2]

Hours on two CPU cores. It can be interrupted at any time; the same command goes on where it ended. New weights,
oracles, methods or code are measured anew, and what they do not touch is kept; --again measures all times anew.
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

from eval.circumstances import ROOT
from eval.command import evaluate
from eval.document import write_document
from eval.tables import write_tables
from eval.weights import Sources
from semdraw.cli.main import parser

FOLDER = ROOT / "build" / "eval"


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--layouts", type=int, help="of the test split (default: all 300)")
    options.add_argument("--scripts", type=int, help="of edits (default: all 30)")
    options.add_argument("--workers", type=int, help="processes (default: one per core)")
    options.add_argument("--base", type=Path, help="undistilled weights, where the model does not bring them")
    options.add_argument("--euler", type=Path, help="weights for Euler, where the model does not bring them")
    options.add_argument("--again", action="store_true", help="measure the tables of time anew")
    args = options.parse_args()
    if args.again:
        shutil.rmtree(FOLDER / "tables", ignore_errors=True)
    named = ((name, getattr(args, name)) for name in ("layouts", "scripts", "workers", "base", "euler"))
    given = [word for name, value in named if value is not None for word in (f"--{name}", str(value))]
    evaluate(parser().parse_args(["eval", "--split", "test", "--out", str(FOLDER / "test"), *given]))
    write_document(FOLDER / "test", FOLDER / "tables")  # times take long, and may not come to their end
    write_tables(Sources(base=args.base, euler=args.euler), FOLDER / "tables")
    write_document(FOLDER / "test", FOLDER / "tables")


if __name__ == "__main__":
    main()
