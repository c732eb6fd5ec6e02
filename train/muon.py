"""Muon for the matrices of a network, AdamW for the rest.

Each matrix moves along its orthogonalised momentum (Jordan et al. 2024), scaled to the size of an Adam update; the
processes of a run share that work.
"""

from collections.abc import Iterable, Iterator
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn

from train.runs import rank, world_size

MOMENTUM = 0.95
UPDATE_RMS = 0.6  # of one step at learning rate 1
NEWTON_SCHULZ = (3.4445, -4.7750, 2.0315)


def orthogonalize(matrix: Tensor, *, iterations: int = 5) -> Tensor:
    """(m n) -> the nearest matrix whose singular values are about 1, in bf16."""
    a, b, c = NEWTON_SCHULZ
    wide = matrix.bfloat16() if matrix.shape[0] <= matrix.shape[1] else matrix.bfloat16().T
    wide = wide / (wide.norm() + 1e-7)
    for _ in range(iterations):
        gram = wide @ wide.T
        wide = a * wide + (b * gram + c * gram @ gram) @ wide
    return wide if matrix.shape[0] <= matrix.shape[1] else wide.T


class Muon(torch.optim.Optimizer):
    """For parameters of two or more dimensions; a kernel (out in h w) counts as a matrix (out, in h w)."""

    def __init__(self, parameters: Iterable[nn.Parameter], lr: float) -> None:
        super().__init__(parameters, {"lr": lr})

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]  # noqa: ARG002
        for group in self.param_groups:
            parameters = [each for each in group["params"] if each.grad is not None]
            flat = self.directions(parameters)
            for each, part in zip(parameters, flat.split([each.numel() for each in parameters]), strict=True):
                size = UPDATE_RMS * max(each.flatten(1).shape) ** 0.5
                each.add_(part.view(each.shape).to(each.dtype), alpha=-group["lr"] * size)

    def directions(self, parameters: list[nn.Parameter]) -> Tensor:
        """All orthogonalised momenta in a row; each process computes its share."""
        flat = torch.zeros(
            sum(each.numel() for each in parameters), dtype=torch.bfloat16, device=parameters[0].device
        )
        parts = flat.split([each.numel() for each in parameters])
        for number, (each, part) in enumerate(zip(parameters, parts, strict=True)):
            assert each.grad is not None
            momentum = self.state[each].setdefault("momentum", torch.zeros_like(each))
            momentum.lerp_(each.grad, 1 - MOMENTUM)
            if number % world_size() == rank():
                ahead = each.grad.lerp(momentum, MOMENTUM)
                part.copy_(orthogonalize(ahead.flatten(1)).flatten())
        if world_size() > 1:
            dist.all_reduce(flat)
        return flat


class Both:
    """Two optimisers that look like one."""

    def __init__(self, *optimizers: torch.optim.Optimizer) -> None:
        self.optimizers = optimizers

    @property
    def param_groups(self) -> Iterator[dict[str, Any]]:
        return (group for optimizer in self.optimizers for group in optimizer.param_groups)

    def zero_grad(self, *, set_to_none: bool = True) -> None:
        for optimizer in self.optimizers:
            optimizer.zero_grad(set_to_none=set_to_none)

    def step(self) -> None:
        for optimizer in self.optimizers:
            optimizer.step()


def muon_and_adamw(unet: nn.Module, others: Iterable[nn.Parameter], lr: float) -> Both:
    """Muon for the matrices inside the denoiser; its two ends, biases and gains go with `others` to AdamW."""
    matrices = [
        value
        for name, value in unet.named_parameters()
        if value.ndim >= 2 and not name.startswith(("conv_in", "conv_out"))
    ]
    chosen = {id(value) for value in matrices}
    rest = [value for value in unet.parameters() if id(value) not in chosen]
    adamw = torch.optim.AdamW([*rest, *others], lr=lr, betas=(0.9, 0.99), weight_decay=0.01, fused=True)
    return Both(Muon(matrices, lr), adamw)
