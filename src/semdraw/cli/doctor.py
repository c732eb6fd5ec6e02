"""`semdraw doctor`: what this machine and this installation are, for a report or a question."""

from __future__ import annotations

import argparse
import os
import platform
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

from semdraw.cli.options import Verbs
from semdraw.errors import CheckpointError
from semdraw.version import __version__

if TYPE_CHECKING:
    import torch

_ROOMY_BYTES = 11 * 2**30
_BUILDS = {True: ", since it is a build for the CPU alone; docs/cards.md says which builds serve which card"}
_PACKAGES = (
    "torch",
    "diffusers",
    "transformers",
    "peft",
    "safetensors",
    "numpy",
    "pillow",
    "msgspec",
    "fastapi",
    "uvicorn",
    "websockets",
)


def add_to(verbs: Verbs) -> None:
    """Tell the parser of this verb."""
    text = "print versions, cards, device, precision and threads"
    parser = verbs.add_parser("doctor", help=text, description=f"{text.capitalize()}.")
    parser.set_defaults(verb=_doctor)


def _doctor(_: argparse.Namespace) -> int:
    for name, value in findings():
        print(f"{name:14}{value}")
    return 0


def findings() -> Iterator[tuple[str, str]]:
    """(what, how it is), in the order in which one asks."""
    from semdraw.models.device import choose_device, precision
    from semdraw.models.registry import list_models

    yield "semdraw", __version__
    yield "python", f"{platform.python_version()} on {platform.platform()}"
    for name in _PACKAGES:
        yield name, _version(name)
    for card in _cards():
        yield "card", card
    device = choose_device()
    yield "device", str(device)
    yield "precision", f"{_short(precision(device))} here, unless --precision says otherwise"
    yield "threads", _threads(device)
    try:
        for card in list_models():
            yield (
                "model",
                f"{card.name}, {card.extent} px, {card.facts.get('weights_bytes', 0) / 2**20:.1f} MiB",
            )
    except CheckpointError as error:
        yield "model", f"cannot be used: {error}"


def versions() -> Iterator[tuple[str, str]]:
    """(package, version) of semdraw, Python and what both work with."""
    yield "semdraw", __version__
    yield "python", f"{platform.python_version()} on {platform.platform()}"
    for name in _PACKAGES:
        yield name, _version(name)


def _cards() -> Iterator[str]:
    """Every CUDA card, and whether the installed torch serves it; a line where it serves none at all."""
    import torch

    from semdraw.models.device import has_bf16, precision, unserved

    if not torch.cuda.is_available():
        yield f"none that torch {torch.__version__} serves{_BUILDS.get(torch.version.cuda is None, '')}"
        return
    for number in range(torch.cuda.device_count()):
        device = torch.device("cuda", number)
        facts = torch.cuda.get_device_properties(device)
        told = f"{facts.name}, {facts.total_memory / 2**30:.1f} GiB, compute capability {facts.major}.{facts.minor}"
        if lack := unserved(str(device)):
            yield f"{told}: not usable. {lack}"
            continue
        low = "; --low-memory for SDXL and SD3" if facts.total_memory < _ROOMY_BYTES else ""
        yield f"{told}, computes in {_short(precision(device))}{' or bf16' if has_bf16(device) else ''}{low}"


def _threads(device: torch.device) -> str:
    """How many threads serve would compute with, of the cores that this process may use."""
    import torch

    from semdraw.models.device import leave_a_core, num_cores

    leave_a_core(device)
    told = f"{torch.get_num_threads()} for the model, of {num_cores()} cores that this process may use"
    return f"{told} ({os.cpu_count()} in the machine)" if os.cpu_count() != num_cores() else told


def _short(dtype: torch.dtype) -> str:
    from semdraw.models.device import named

    return str(named(dtype))


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "missing; install semdraw again"
