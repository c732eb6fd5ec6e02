"""`semdraw selfcheck`: runs the contract on somebody's own weights and writes a report for a bug."""

from __future__ import annotations

import argparse
import json
import platform
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from semdraw.cli.doctor import versions
from semdraw.cli.options import Verbs, add_model_options, additions, extent, placed
from semdraw.errors import UsageError

if TYPE_CHECKING:
    from semdraw.models.base import DiffusionModel
    from semdraw.models.registry import ModelCard
    from semdraw.selfcheck import Check

_ENDINGS = (".json", ".md")


def add_to(verbs: Verbs) -> None:
    """Tell the parser of this verb."""
    parser = verbs.add_parser(
        "selfcheck",
        help="check a model on this machine, and write a report",
        description="Check a model on this machine: equal to diffusers' own pipeline, rows, stream, repetition, "
        "finite numbers, untouched backgrounds. Ends with 1 where a check fails. The report names versions, device, "
        "precision and the hash of the weights, no paths.",
    )
    add_model_options(parser)
    parser.add_argument("--size", type=extent, metavar="WxH", help="of the canvas (default: the model's own)")
    parser.add_argument(
        "-o", "--output", type=Path, metavar="REPORT", help="report.md or report.json, to attach to a bug"
    )
    parser.set_defaults(verb=_selfcheck)


def _selfcheck(options: argparse.Namespace) -> int:
    from semdraw.models.registry import find_model, load_model
    from semdraw.selfcheck import CHECKS, measure, require_whole, run_checks

    _check(options)
    name = options.model or "picturebook"
    card = find_model(name, **additions(options))
    require_whole(options.size or card.extent, card.extent_multiple)
    model = load_model(name, **placed(options), **additions(options))
    print(f"{card.name} on {model.device}, {options.size or card.extent} px, {len(CHECKS)} checks")
    done: list[Check] = []
    for check in run_checks(model, options.size):
        print(line(check), flush=True)
        done.append(check)
    report = described(card, model, options, done)
    report["figures"] = measure(model, options.size) if report["passed"] else {}
    print(", ".join(f"{key.replace('_', ' ')} {value:g}" for key, value in report["figures"].items()))
    if options.output:
        _write(options.output, report)
    print("All checks passed." if report["passed"] else "Some checks failed.")
    return 0 if report["passed"] else 1


def _check(options: argparse.Namespace) -> None:
    output: Path | None = options.output
    if output is None:
        return
    if output.suffix.lower() not in _ENDINGS:
        raise UsageError(f"a report is .md or .json; got {output}, try {output.with_suffix('.md')}")
    if not output.absolute().parent.is_dir():
        raise UsageError(f"there is no folder {output.absolute().parent}")


def line(check: Check) -> str:
    """One check for a terminal."""
    state = "ok    " if check.is_passed else "FAILED"
    return f"{state}  {check.name:10}  {_number(check):24}  {check.elapsed_s:6.1f} s  {check.claim}{_words(check)}"


def _number(check: Check) -> str:
    return "" if check.found is None or check.bound is None else f"{check.found:.2g}, at most {check.bound:g}"


def _words(check: Check) -> str:
    return f" ({check.words})" if check.words else ""


def described(
    card: ModelCard, model: DiffusionModel, options: argparse.Namespace, done: list[Check]
) -> dict[str, Any]:
    """The report: what was checked, where, and how it went."""
    from semdraw.selfcheck import Subject

    subject = Subject(model=model, extent=options.size or card.extent)
    return {
        "report": 1,
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "passed": all(check.is_passed for check in done),
        "versions": dict(versions()),
        "machine": {
            "system": platform.platform(),
            "device": str(model.device),
            "card": _card_name(model),
            "precision": str(subject.dtype).removeprefix("torch."),
        },
        "model": {
            "name": card.name,
            "family": card.family,
            "canvas": str(subject.extent),
            "loras": [f"{lora.file.name}:{lora.scale:g}" for lora in options.lora],
            **card.facts,
        },
        "checks": [asdict(check) for check in done],
    }


def _card_name(model: DiffusionModel) -> str:
    if model.device.type != "cuda":
        return "none"
    import torch

    return torch.cuda.get_device_name(model.device)


def _write(path: Path, report: dict[str, Any]) -> None:
    from semdraw.disk import write_atomically

    is_json = path.suffix.lower() == ".json"
    text = json.dumps(report, indent=2, default=str) if is_json else "\n".join(markdown(report)) + "\n"
    write_atomically(path, text.encode())
    print(f"{path}: the report")


def markdown(report: dict[str, Any]) -> Iterator[str]:
    """The report as a page."""
    yield f"# semdraw selfcheck: {'passed' if report['passed'] else 'FAILED'}"
    yield f"\n{report['at']}"
    for part in ("model", "machine", "versions", "figures"):
        yield f"\n## {part.capitalize()}\n\n| what | value |\n|---|---|"
        yield from (f"| {key.replace('_', ' ')} | {value} |" for key, value in report[part].items())
    yield "\n## Checks\n\n| check | result | found | at most | s | claim |\n|---|---|---|---|---|---|"
    for check in report["checks"]:
        state = "ok" if check["is_passed"] else "**FAILED**"
        found, bound = ("" if value is None else f"{value:.3g}" for value in (check["found"], check["bound"]))
        said = f"{check['claim']}. {check['words']}".replace("|", "/")
        yield f"| {check['name']} | {state} | {found} | {bound} | {check['elapsed_s']:.1f} | {said} |"
