"""The one place that chooses a device and its precision."""

from __future__ import annotations

import os

import torch

from semdraw.errors import CheckpointError


def choose_device(name: str | None = None) -> torch.device:
    """The device of that name, or the best there is: cuda, mps, cpu."""
    if name is None:
        return torch.device("cuda" if _has("cuda") else "mps" if _has("mps") else "cpu")
    kind = name.split(":")[0]
    if kind not in {"cpu", "cuda", "mps"}:
        raise CheckpointError(f"device {name!r} is not known; wanted cpu, cuda, cuda:N or mps")
    if not _has(kind):
        raise CheckpointError(
            f"device {name!r} is not there, or this build of torch does not serve it; try --device cpu"
        )
    return torch.device(name)


def precision(device: torch.device) -> torch.dtype:
    """In which numbers models compute there."""
    return torch.float16 if device.type == "cuda" else torch.float32


def _has(kind: str) -> bool:
    match kind:
        case "cuda":
            return torch.cuda.is_available()
        case "mps":
            return torch.backends.mps.is_available()
        case _:
            return True


def leave_a_core(device: torch.device) -> None:
    """On the CPU, compute on all cores but one: server and browser need it. OMP_NUM_THREADS overrules."""
    if device.type == "cpu" and "OMP_NUM_THREADS" not in os.environ:
        torch.set_num_threads(max(1, (os.cpu_count() or 1) - 1))
