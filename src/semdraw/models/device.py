"""The one place that chooses a device, its precision and its threads."""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import Final

import torch

from semdraw.errors import CheckpointError

PRECISIONS: Final = {"fp16": torch.float16, "bf16": torch.bfloat16, "fp32": torch.float32}
_CGROUP: Final = Path("/sys/fs/cgroup")


def device_name(device: object) -> str | None:
    """A device as it may be spelled: 0 is the first CUDA card, a negative number the CPU, None the best there is.

    Also takes "cuda:1", "cpu", "mps" and torch's devices.
    """
    if device is None:
        return None
    text = str(device)
    try:
        number = int(text)
    except ValueError:
        return text
    return f"cuda:{number}" if number >= 0 else "cpu"


def choose_device(name: str | None = None) -> torch.device:
    """The device of that name, or the best there is: cuda, mps, cpu."""
    if name is None:
        return torch.device(
            next(kind for kind in ("cuda", "mps", "cpu") if _has(kind) and not unserved(kind))
        )
    kind = name.split(":")[0]
    if kind not in {"cpu", "cuda", "mps"}:
        raise CheckpointError(f"device {name!r} is not known; wanted cpu, cuda, cuda:N or mps")
    if not _has(kind):
        raise CheckpointError(
            f"device {name!r} is not there, or this build of torch does not serve it; try --device cpu"
        )
    if kind == "cuda" and not _number(name) < (count := torch.cuda.device_count()):
        cards = "cuda:0 alone" if count == 1 else f"cuda:0 to cuda:{count - 1}"
        raise CheckpointError(f"device {name!r} is not there; this machine has {cards}")
    if lack := unserved(name):
        raise CheckpointError(f"{lack}; or try --device cpu")
    return torch.device(name)


def _number(name: str) -> int:
    """Of a card, as in cuda:1; 0 where none is told."""
    number = name.partition(":")[2] or "0"
    if not number.isdecimal():
        raise CheckpointError(f"device {name!r} is not known; wanted cpu, cuda, cuda:N or mps")
    return int(number)


def _has(kind: str) -> bool:
    match kind:
        case "cuda":
            return torch.cuda.is_available()
        case "mps":
            return torch.backends.mps.is_available()
        case _:
            return True


def unserved(name: str) -> str:
    """Why the installed torch cannot use a card that is there; empty if it can."""
    if not name.startswith("cuda") or torch.version.hip is not None:
        return ""
    device = torch.device(name)
    capability, built = torch.cuda.get_device_capability(device), torch.cuda.get_arch_list()
    if is_served(capability, built):
        return ""
    return (
        f"{torch.cuda.get_device_name(device)} has compute capability {capability[0]}.{capability[1]}, and this build "
        f"of torch serves {', '.join(built)}; install a build that serves the card (docs/cards.md says which)"
    )


def is_served(capability: tuple[int, int], built: list[str]) -> bool:
    """Whether a build of torch has code for a card. built: such as sm_86 (machine code), compute_90 (to be compiled).

    Machine code runs on cards of its own generation that are as new or newer, compilable code on all newer ones.
    """
    major, minor = capability
    for name in built:
        kind, _, number = name.partition("_")
        digits = "".join(letter for letter in number if letter.isdigit())
        if not digits:
            continue
        own = int(digits[:-1] or 0), int(digits[-1])
        is_exact = number != digits  # sm_90a and its like run on that one card only
        if own == capability or (kind == "compute" and not is_exact and own <= capability):
            return True
        if kind == "sm" and not is_exact and own[0] == major and own[1] <= minor:
            return True
    return False


def named(dtype: torch.dtype | str | None) -> str | None:
    """The short name of a precision that is given as torch's own or by any of its names; None stays None."""
    if dtype is None:
        return None
    for name, known in PRECISIONS.items():
        if dtype in (known, name, str(known), str(known).removeprefix("torch.")):
            return name
    raise CheckpointError(f"precision {dtype!s} is not served; wanted one of {', '.join(PRECISIONS)}")


def precision(device: torch.device, name: str | None = None, *, prefers_bf16: bool = False) -> torch.dtype:
    """In which numbers models compute there: as `name` says, or fp16 on CUDA and fp32 elsewhere.

    prefers_bf16: the model is one for whose range bf16 is better than fp16, where the card has both.
    """
    if name is not None:
        return PRECISIONS[name]
    if device.type != "cuda" or _spoils_fp16(device):
        return torch.float32
    return torch.bfloat16 if prefers_bf16 and has_bf16(device) else torch.float16


def has_bf16(device: torch.device) -> bool:
    """Whether the device computes in bf16 by itself and does not only imitate it: NVIDIA's from Ampere on."""
    is_there = device.type == "cuda" and torch.cuda.is_available()
    return is_there and torch.cuda.get_device_capability(device) >= (8, 0)


def _spoils_fp16(device: torch.device) -> bool:
    """The GTX 16 series is known for black pictures in fp16."""
    return torch.cuda.is_available() and "GTX 16" in torch.cuda.get_device_name(device)


# ---- threads ----
def num_cores() -> int:
    """How many cores this process may keep busy: by affinity and by the quota of its container."""
    is_told = hasattr(os, "sched_getaffinity")  # not everywhere
    cores = len(os.sched_getaffinity(0)) if is_told else os.cpu_count() or 1
    return max(1, math.ceil(min(cores, _quota(_CGROUP))))


def _quota(cgroup: Path) -> float:
    """Cores that the container's quota allows; infinite without one."""
    for file, other in (("cpu.max", None), ("cpu/cpu.cfs_quota_us", "cpu/cpu.cfs_period_us")):
        try:
            told = (cgroup / file).read_text().split()
            quota, period = (told[0], told[1]) if other is None else (told[0], (cgroup / other).read_text())
            if quota != "max" and int(quota) > 0:
                return int(quota) / int(period)
        except (OSError, ValueError, IndexError, ZeroDivisionError):
            continue
    return math.inf


def leave_a_core(device: torch.device) -> None:
    """On the CPU, compute on all cores but one: server and browser need it. OMP_NUM_THREADS overrules."""
    if device.type == "cpu" and "OMP_NUM_THREADS" not in os.environ:
        torch.set_num_threads(max(1, num_cores() - 1))
