"""The paper's tables of time, mirrored on this machine: the throughput ladder, a large canvas, a panorama.

    python -m eval.tables [--out build/eval/tables] [--only throughput]

Each row is kept in the folder with where and how it was measured, so that an interrupted run goes on where it ended;
other code, weights, threads or another machine are measured anew. Times are of one
process; rows and arithmetic are the same on every machine.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import msgspec
import torch

from eval.circumstances import ROOT, circumstances
from eval.markdown import plain_table
from eval.records import digest
from eval.results import Table
from eval.rungs import LADDERS, Ladder, Rung
from eval.sources import code_of
from eval.timing import Timed, full_decoder_s, timed
from eval.weights import Models, Sources
from semdraw.disk import write_atomically
from semdraw.pictures import png_bytes

FOLDER = ROOT / "build" / "eval" / "tables"


def measured(ladder: Ladder, models: Models, folder: Path) -> list[Timed]:
    """All rows of a ladder; those that are in the folder are taken from there."""
    rows: list[Timed] = []
    for rung in ladder.rungs:
        if not models.sources.has(rung.weights):
            rung = _by_few(rung)
        rows.append(_kept(ladder, rung, models, folder))
    return rows


def _by_few(rung: Rung) -> Rung:
    """What a step costs is the same with any weights of one network."""
    return replace(rung, weights="few", remark="run on the few-step weights, whose steps cost the same")


def _kept(ladder: Ladder, rung: Rung, models: Models, folder: Path) -> Timed:
    place, made_by = folder / ladder.name / f"{rung.name}.json", _made_by(ladder, rung, models)
    if (known := _known(place)) is not None and known.made_by == made_by:
        return known
    place.parent.mkdir(parents=True, exist_ok=True)
    row, pixels = timed(ladder, rung, models)
    if rung.has_full_decoder:
        row = msgspec.structs.replace(row, decoder_s=_full_decoder_s(ladder, folder))
    told = circumstances()
    threads = torch.get_num_threads()
    here = f"{threads} thread{'s' if threads > 1 else ''} of {told['machine']}, {told['date'][:10]}"
    row = msgspec.structs.replace(row, made_by=made_by, here=f"{here}, `{told['command']}`")
    write_atomically(place.with_suffix(".png"), png_bytes(pixels))
    write_atomically(place, msgspec.json.encode(row))
    return row


def _made_by(ladder: Ladder, rung: Rung, models: Models) -> str:
    """A hash of all that a time depends on but the machine's mood."""
    card = models.card_of(rung.weights)
    model = card.recipe, card.facts, models.device
    here = circumstances()["machine"], torch.get_num_threads()
    return digest(code_of("eval.timing"), ladder.scene, rung, model, here)


def _known(place: Path) -> Timed | None:
    try:
        return msgspec.json.decode(place.read_bytes(), type=Timed)
    except (OSError, msgspec.MsgspecError):
        return None


def _full_decoder_s(ladder: Ladder, folder: Path) -> float:
    machine, threads = circumstances()["machine"], torch.get_num_threads()
    place = folder / ladder.name / f"full-decoder-{digest(code_of('eval.timing'), machine, threads)}.json"
    if not place.exists():
        write_atomically(place, msgspec.json.encode(full_decoder_s(ladder.scene.canvas.extent)))
    return msgspec.json.decode(place.read_bytes(), type=float)


def as_table(ladder: Ladder, rows: list[Timed]) -> Table:
    """The rows in words; the first one is what the others are compared with."""
    has_seam = any(row.seam is not None for row in rows)
    head = ["method", "s a picture", "pictures a second", "faster", "rows", "TFLOP"]
    here = "; ".join(dict.fromkeys(row.here for row in rows))
    remarks = [f"The paper: {ladder.paper}.", f"Here: {here}."]
    remarks += [f"{row.label}: {row.remark}." for row in rows if row.remark]
    return Table(
        name=ladder.name,
        title=ladder.title,
        head=head + (["SEAM at tile edges", "detail"] if has_seam else []),
        rows=[_line(row, rows[0], has_seam=has_seam) for row in rows],
        remarks=remarks,
        pictures=[f"{ladder.name}/{row.name}.png" for row in rows],
    )


def _line(row: Timed, first: Timed, *, has_seam: bool) -> list[str]:
    digits = 1 if row.seconds >= 10 else 2
    line = [
        row.label,
        f"{row.seconds:.{digits}f}",
        f"{1 / row.seconds:.3g}",
        f"x{first.seconds / row.seconds:.3g}",
        f"{row.rows:.0f}",
        f"{row.flops / 1e12:.3g}",
    ]
    seen = ["–" if value is None else f"{value:.2f}" for value in (row.seam, row.detail)]
    return line + (seen if has_seam else [])


def write_tables(sources: Sources, folder: Path, only: str | None = None) -> list[Table]:
    """Measure what is not there yet; all tables together in tables.json."""
    models = Models(sources)
    tables = [
        as_table(ladder, measured(ladder, models, folder))
        for ladder in LADDERS
        if only in (None, ladder.name)
    ]
    if only is None:
        write_atomically(folder / "tables.json", msgspec.json.encode(tables))
    return tables


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--out", type=Path, default=FOLDER)
    options.add_argument("--only", choices=[ladder.name for ladder in LADDERS])
    options.add_argument("--model", default="picturebook")
    options.add_argument("--base", type=Path)
    options.add_argument("--threads", type=int, help="of the one process (default: torch's own choice)")
    args = options.parse_args()
    if args.threads:
        torch.set_num_threads(args.threads)
    for each in write_tables(Sources(model=args.model, base=args.base), args.out, args.only):
        print(f"{each.title}\n\n{plain_table(each)}\n")


if __name__ == "__main__":
    main()
