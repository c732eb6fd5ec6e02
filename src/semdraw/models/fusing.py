"""Adding LoRAs to the weights of a model: plain sums, so that no wrapper stays behind.

Names only ever choose among the parameters that the model has; a file whose names, shapes or numbers are not all right
changes nothing.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import Any, Final

import torch
from torch import Tensor

from semdraw.errors import CheckpointError
from semdraw.models.headers import read_header
from semdraw.models.layouts import Source
from semdraw.models.lora import Lora
from semdraw.models.lora_names import meant, places_of, role_of

_MAX_RANK: Final = 512


@dataclass(slots=True)
class _Change:
    """What a LoRA adds to one weight: up (o r) times down (r i), by alpha / r."""

    down: Tensor | None = None
    up: Tensor | None = None
    alpha: float | None = None


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
    alphas = _alphas_in_metadata(lora)
    for stem, change in changes.items():
        if change.alpha is None:
            change.alpha = alphas.get(meant(stem)[0])
        _check(lora, stem, change)
    return changes


def _check(lora: Lora, stem: str, change: _Change) -> None:
    if change.down is None or change.up is None:
        raise CheckpointError(f"{lora.file}: {stem!r} lacks one of its two matrices")
    rank = change.down.shape[0]
    if not 0 < rank <= _MAX_RANK or change.up.shape[1:2] != (rank,):
        shapes = list(change.down.shape), list(change.up.shape)
        raise CheckpointError(
            f"{lora.file}: {stem!r} has the shapes {shapes}; wanted a rank of 1 to {_MAX_RANK}"
        )
    is_finite = change.down.isfinite().all() and change.up.isfinite().all()
    if not is_finite or not math.isfinite(change.alpha or 0.0):
        raise CheckpointError(f"{lora.file}: {stem!r} holds numbers that are not finite")


def _alphas_in_metadata(lora: Lora) -> dict[str, float]:
    """By part, where diffusers wrote PEFT's settings beside the tensors."""
    try:
        told = json.loads(read_header(lora.file).metadata.get("lora_adapter_metadata", "{}"))
    except ValueError:
        return {}
    if any(told.get(key) for key in told if key.endswith(("use_dora", "use_rslora", "alpha_pattern"))):
        raise CheckpointError(
            f"{lora.file} was made with DoRA, rsLoRA or alphas by layer, which are not served here"
        )
    found = {
        key.removesuffix(".lora_alpha"): value for key, value in told.items() if key.endswith(".lora_alpha")
    }
    names: dict[str, str] = {"unet": "network", "transformer": "network"}
    return {names.get(str(part), str(part)): float(value) for part, value in found.items()}


def _share(lora: Lora, stem: str, change: _Change, source: Source, weight: Tensor) -> Tensor:
    """What is added to one weight, in fp32, in its shape and on its device."""
    assert change.down is not None
    assert change.up is not None
    down, up = (each.to(weight.device, torch.float32) for each in (change.down, change.up))
    rank = down.shape[0]
    whole = up.flatten(1) @ down.flatten(1) * ((rank if change.alpha is None else change.alpha) / rank)
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
