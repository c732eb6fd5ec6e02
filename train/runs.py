"""What every training verb shares: options, a wall-clock plan, atomic state, and a loop that can be resumed.

On a CPU two processes of one thread each train faster than one of two threads, above all on a busy machine, for
they meet once a step and not at every operation:

    torchrun --standalone --nproc-per-node 2 -m train.base --threads 1
"""

import argparse
import math
import os
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, TypeVar

import torch
import torch.distributed as dist
from torch import Tensor, nn

STATE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "semdraw" / "train"
SAVE_EVERY_S = 60.0
M = TypeVar("M", bound=nn.Module)
LOG_EVERY_S = 15.0


def parser(description: str | None, *, seconds: float) -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(description=description)
    options.add_argument(
        "--state", type=Path, default=STATE, help="folder for everything that training keeps"
    )
    options.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    options.add_argument("--seconds", type=float, default=seconds, help="wall-clock time of this call")
    options.add_argument("--total", type=float, help="wall-clock time of the whole stage, over all calls")
    options.add_argument("--threads", type=int, default=os.cpu_count())
    options.add_argument("--seed", type=int, default=0)
    return options


def prepare(args: argparse.Namespace) -> torch.device:
    torch.set_num_threads(args.threads)
    if "LOCAL_RANK" in os.environ:
        dist.init_process_group("nccl" if args.device == "cuda" else "gloo")
    torch.manual_seed(args.seed)  # the same first weights in every process
    torch.backends.cuda.matmul.allow_tf32 = True
    args.state.mkdir(parents=True, exist_ok=True)
    return torch.device(args.device)


def rank() -> int:
    return dist.get_rank() if dist.is_initialized() else 0


def world_size() -> int:
    return dist.get_world_size() if dist.is_initialized() else 1


def agree(value: float) -> float:
    """What the first process says, in all of them."""
    if world_size() == 1:
        return value
    shared = torch.tensor([value], dtype=torch.float64)
    dist.broadcast(shared, 0)
    return float(shared)


def average_gradients(module: nn.Module) -> None:
    if world_size() == 1:
        return
    gradients = [value.grad for value in module.parameters() if value.grad is not None]
    flat = torch.cat([gradient.flatten() for gradient in gradients])
    dist.all_reduce(flat)
    flat /= world_size()
    parts = flat.split([gradient.numel() for gradient in gradients])
    for gradient, part in zip(gradients, parts, strict=True):
        gradient.copy_(part.view_as(gradient))


def move_towards(means: list[Tensor], values: list[Tensor], share: float) -> None:
    """In place, all tensors in one call: mean + share * (value - mean)."""
    torch._foreach_lerp_(means, values, share)  # pyright: ignore[reportPrivateUsage]


def on_device(module: M, device: torch.device) -> M:
    """Moved, and in the order of channels that convolutions like."""
    module.to(device)
    return module.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]


def save_atomically(value: object, path: Path) -> None:
    """Write beside the target and rename, so that a reader or a crash never sees half a file."""
    temporary = path.with_name(path.name + ".tmp")
    torch.save(value, temporary)
    temporary.replace(path)


def save_state(
    path: Path,
    module: Mapping[str, Tensor],
    ema: Mapping[str, Tensor],
    *,
    step: int = 0,
    elapsed_s: float = 0.0,
    samples: int = 0,
) -> None:
    """The file of a stage: weights and averages in fp16, and how far it has come."""
    save_atomically(
        {
            "module": halves(module),
            "ema": halves(ema),
            "step": step,
            "elapsed_s": elapsed_s,
            "samples": samples,
        },
        path,
    )


def halves(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name: value.half() if value.is_floating_point() else value for name, value in weights.items()}


def random_for(seed: int, step: int, device: torch.device, *, shared: bool = False) -> torch.Generator:
    """One generator per step and process: a resumed run draws what an unbroken one would have drawn."""
    return torch.Generator(device).manual_seed((seed << 40) + (0 if shared else rank() << 32) + step)


def trapezoid(progress: float, *, decay_from: float, floor: float = 0.03) -> float:
    """1, then a straight line down to `floor` at progress 1."""
    return 1.0 if progress < decay_from else floor + (1 - floor) * max(0.0, (1 - progress) / (1 - decay_from))


@dataclass(kw_only=True)
class Ema:
    """A running mean of weights, fp32: decay rises to `limit` so that early steps are forgotten soon."""

    module: nn.Module
    limit: float = 0.999
    weights: dict[str, Tensor] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.weights = self.weights or {
            name: value.detach().clone() for name, value in self.module.state_dict().items()
        }

    @torch.no_grad()
    def update(self, step: int) -> None:
        decay = min(self.limit, (1 + step) / (10 + step))
        current = self.module.state_dict()
        means = [mean for mean in self.weights.values() if mean.is_floating_point()]
        values = [current[name] for name, mean in self.weights.items() if mean.is_floating_point()]
        move_towards(means, values, 1 - decay)


class Optimizer(Protocol):
    """What a run asks of an optimiser."""

    @property
    def param_groups(self) -> Iterable[dict[str, Any]]: ...

    def zero_grad(self, *, set_to_none: bool = True) -> None: ...

    def step(self) -> Any: ...


@dataclass(kw_only=True)
class Run:
    """A resumable stage: its weights and averages live in one small file.

    The optimiser's moments are not kept: they would treble the file, and a warm-up after each resumption finds them
    again within `warmup_steps`.
    """

    path: Path
    module: nn.Module
    optimizer: Optimizer
    seconds: float
    total_s: float | None = None
    max_steps: float = math.inf
    ema: Ema | None = None
    lr: float
    warmup_steps: int = 100
    decay_from: float = 0.7
    step: int = 0
    elapsed_s: float = 0.0
    samples: int = 0
    resumed_at: int = 0

    def resume(self) -> "Run":
        if not self.path.exists():
            return self
        state = torch.load(self.path, map_location="cpu", weights_only=True)
        self.module.load_state_dict(state["module"])
        if self.ema:
            own = self.module.state_dict()
            self.ema.weights = {name: value.to(own[name]) for name, value in state["ema"].items()}
        self.step, self.elapsed_s, self.samples = state["step"], state["elapsed_s"], state["samples"]
        self.resumed_at = self.step
        return self

    def save(self) -> None:
        if rank() != 0:
            return
        averages = self.ema.weights if self.ema else {}
        save_state(
            self.path,
            self.module.state_dict(),
            averages,
            step=self.step,
            elapsed_s=self.elapsed_s,
            samples=self.samples,
        )

    def steps(self) -> Iterator[float]:
        """Yield the progress (0 ... 1) before each step, until time or steps are spent; save now and then."""
        before, start = self.elapsed_s, time.monotonic()
        total = self.total_s or before + self.seconds
        saved = start
        while (used := agree(time.monotonic() - start)) < self.seconds and self.step < self.max_steps:
            self.elapsed_s = before + used
            progress = min(1.0, self.elapsed_s / total)
            for group in self.optimizer.param_groups:
                group["lr"] = self.lr * self.scale(progress)
            yield progress
            self.step += 1
            if time.monotonic() - saved > SAVE_EVERY_S:
                self.save()
                saved = time.monotonic()
        self.elapsed_s = before + used
        self.save()

    def scale(self, progress: float) -> float:
        since = self.step - self.resumed_at
        return min(1.0, (since + 1) / self.warmup_steps) * trapezoid(progress, decay_from=self.decay_from)

    def descend(self, loss: Tensor, *, clip: float = 1.0) -> None:
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        average_gradients(self.module)
        nn.utils.clip_grad_norm_(self.module.parameters(), clip)
        self.optimizer.step()
        if self.ema:
            self.ema.update(self.step)


@dataclass(kw_only=True)
class Meter:
    """Means since the last line, printed every few seconds."""

    sums: dict[str, float] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    printed: float = field(default_factory=time.monotonic)

    def add(self, name: str, value: float, count: int = 1) -> None:
        self.sums[name] = self.sums.get(name, 0.0) + value * count
        self.counts[name] = self.counts.get(name, 0) + count

    def report(self, run: Run, *, every_s: float = LOG_EVERY_S) -> None:
        if rank() != 0 or time.monotonic() - self.printed < every_s:
            return
        means = "  ".join(f"{name} {self.sums[name] / self.counts[name]:.4f}" for name in sorted(self.sums))
        print(f"{run.elapsed_s:7.0f} s  step {run.step:6d}  samples {run.samples:8d}  {means}", flush=True)
        self.sums, self.counts, self.printed = {}, {}, time.monotonic()
