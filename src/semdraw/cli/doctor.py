"""`semdraw doctor`: what this machine and this installation are, for a report or a question."""

from __future__ import annotations

import argparse
import os
import platform
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version

from semdraw.cli.options import Verbs
from semdraw.errors import CheckpointError
from semdraw.version import __version__

_PACKAGES = (
    "torch",
    "diffusers",
    "transformers",
    "numpy",
    "pillow",
    "msgspec",
    "fastapi",
    "uvicorn",
    "websockets",
)


def add_to(verbs: Verbs) -> None:
    """Tell the parser of this verb."""
    text = "print versions, device, precision and threads"
    parser = verbs.add_parser("doctor", help=text, description=f"{text.capitalize()}.")
    parser.set_defaults(verb=_doctor)


def _doctor(_: argparse.Namespace) -> int:
    for name, value in findings():
        print(f"{name:14}{value}")
    return 0


def findings() -> Iterator[tuple[str, str]]:
    """(what, how it is), in the order in which one asks."""
    import torch

    from semdraw.models.device import choose_device, leave_a_core, precision
    from semdraw.models.registry import list_models

    yield from versions()
    device = choose_device()
    leave_a_core(device)
    yield (
        "device",
        str(device) + (f" ({torch.cuda.get_device_name(device)})" if device.type == "cuda" else ""),
    )
    yield "precision", str(precision(device)).removeprefix("torch.")
    yield (
        "threads",
        f"{torch.get_num_threads()} of {os.cpu_count()} for the model, the rest for server and browser",
    )
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


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "missing; install semdraw again"
