"""Adding LoRAs to the weights of a model: plain sums, so that no wrapper stays behind.

Names only ever choose among the parameters that the model has; a file whose names, shapes or numbers are not all right
changes nothing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final

import torch
from torch import Tensor

from semdraw.errors import CheckpointError
from semdraw.models.layouts import Source
from semdraw.models.lora import Lora
from semdraw.models.lora_names import meant, path_of, places_of, role_of
from semdraw.models.peft import strengths_of

_MAX_RANK: Final = 512


@dataclass(slots=True)
class _Change:
    """What a LoRA adds to one weight: up (o r) times down (r i), by `factor`; alpha: what the file tells of it."""

    down: Tensor | None = None
    up: Tensor | None = None
    alpha: float | None = None
    factor: float = 1.0


def fuse(loras: tuple[Lora, ...], network: str, parts: dict[str, Any]) -> None:
    """Add LoRAs to the weights of `parts`, in place, all of each file or none; `network`: the part that predicts."""
    places = places_of(parts, network)
    for lora in loras:
        changes = _changes(lora)
        unplaced = [stem for stem in changes if meant(stem) not in places and not _is_left_out(stem, parts)]
        if unplaced:
            raise CheckpointError(
                f"{lora.file} does not fit this model: {len(unplaced)} of its {len(changes)} changes have no place "
                f"there, {min(unplaced)!r} first; take a LoRA that was made for it"
            )
        for is_trial in (True, False):
            for stem, change in changes.items():
                for place in places.get(meant(stem), ()):
                    weight = parts[place.part].get_parameter(place.parameter)
                    added = _share(lora, stem, change, place.source, weight)
                    if not is_trial:
                        weight.data = (weight.data.float() + lora.scale * added).to(weight.dtype)


def _is_left_out(stem: str, parts: dict[str, Any]) -> bool:
    """T5 is left out of many models; what a LoRA does to it then has no effect."""
    return meant(stem)[0] == "text_encoder_3" and "text_encoder_3" not in parts


def _changes(lora: Lora) -> dict[str, _Change]:
    from safetensors.torch import load_file

    changes: dict[str, _Change] = {}
    for name, tensor in load_file(lora.file).items():
        if (found := role_of(name)) is None:
            raise CheckpointError(
                f"{lora.file}: {name!r} is nothing that a LoRA has; it is of a kind not served here"
            )
        stem, role = found
        change = changes.setdefault(stem, _Change())
        if role == "alpha":
            change.alpha = float(tensor)
        else:
            setattr(change, role, tensor)
    strengths = strengths_of(lora.file, changes)
    for stem, change in changes.items():
        rank = _checked_rank(lora, stem, change)
        strength = strengths.get(meant(stem)[0])
        if change.alpha is not None:
            change.factor = change.alpha / rank
        elif strength is not None:
            change.factor = strength.factor(path_of(stem), rank)
    return changes


def _checked_rank(lora: Lora, stem: str, change: _Change) -> int:
    """Of the two matrices, or a CheckpointError where they are none that fit each other."""
    if change.down is None or change.up is None:
        raise CheckpointError(f"{lora.file}: {stem!r} lacks one of its two matrices")
    rank = change.down.shape[0] if change.down.dim() else 0
    is_pair = change.up.shape[1:2] == (rank,) and change.up.shape[2:].numel() == 1 < change.down.dim()
    if not 0 < rank <= _MAX_RANK or not is_pair:
        shapes = list(change.down.shape), list(change.up.shape)
        raise CheckpointError(
            f"{lora.file}: {stem!r} has the shapes {shapes}; wanted a rank of 1 to {_MAX_RANK} in both, "
            "and an up of 1x1 where it is a convolution"
        )
    is_finite = change.down.isfinite().all() and change.up.isfinite().all()
    if not is_finite or not math.isfinite(change.alpha or 0.0):
        raise CheckpointError(f"{lora.file}: {stem!r} holds numbers that are not finite")
    return rank


def _share(lora: Lora, stem: str, change: _Change, source: Source, weight: Tensor) -> Tensor:
    """What is added to one weight, in fp32, in its shape and on its device."""
    assert change.down is not None
    assert change.up is not None
    down, up = (each.to(weight.device, torch.float32) for each in (change.down, change.up))
    whole = up.flatten(1) @ down.flatten(1) * change.factor
    if source.change == "swapped":
        whole = torch.cat(whole.chunk(2)[::-1])
    if source.rows:
        whole = whole.chunk(source.rows[1])[source.rows[0]]
    if whole.numel() != weight.numel() or len(whole) != len(weight):
        raise CheckpointError(
            f"{lora.file} does not fit this model: {stem!r} is {list(up.shape)} by {list(down.shape)}, "
            f"the weight {list(weight.shape)}; take a LoRA that was made for it"
        )
    return whole.view(weight.shape)
