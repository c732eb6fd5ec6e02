"""Published model keys -> loaded models, made quick by the published LoRA where they are not quick by themselves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import torch

from semdraw.compat.arguments import device_name
from semdraw.errors import CheckpointError
from semdraw.models.base import DiffusionModel
from semdraw.models.device import choose_device, precision
from semdraw.models.lora import Lora
from semdraw.models.registry import find_model, load_model
from semdraw.presets import preset
from semdraw.samplers import FACTS
from semdraw.scene import MethodName, Recipe

_FEW_STEPS: Final = 8  # a sampler that is usually run with no more is one of quick weights
_KINDS: Final = {"sd": "SD1.5", "sdxl": "SDXL", "sd3": "SD3"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a published constructor asks for. key: hub id, folder, file or name; None is the preset's own weights.

    lora: a LoRA's file or "repository:file"; None is the preset's, where the weights need one, "" is none at all.
    """

    preset: str
    method: MethodName
    key: str | None
    device: Any
    dtype: torch.dtype
    lora: str | None = None
    lora_weight: float = 1.0
    wants_tiny_decoder: bool = False


def opened(wanted: Wanted) -> tuple[DiffusionModel, Recipe]:
    """The model and how to run it: quick weights by their own recipe, others by the preset's."""
    chosen = preset(wanted.preset + ("-published" if wanted.method == "published" else ""))
    key = wanted.key or chosen.weights
    own = find_model(key).recipe
    is_quick = FACTS[own.sampler].num_steps <= _FEW_STEPS
    name = str(chosen.lora or "") if wanted.lora is None and not is_quick else wanted.lora
    loras = [Lora.parse(f"{name}:{wanted.lora_weight:g}")] if name else []
    model = open_model(key, chosen.family, device=wanted.device, dtype=wanted.dtype, loras=loras)
    return model, own if is_quick else chosen.recipe


def open_model(
    key: str, family: str, *, device: Any, dtype: torch.dtype, loras: Sequence[Lora] = ()
) -> DiffusionModel:
    """A model of this family; fp16 is for cards, on a CPU it means the CPU's own precision."""
    found = find_model(key).family
    if found != family:
        kind = _KINDS.get(found, found)
        raise CheckpointError(f"{key} is of the family {kind}, and this class is for {_KINDS[family]}")
    chosen = choose_device(device_name(device))
    is_own = dtype == torch.float16 or dtype == precision(chosen)
    more = {} if is_own else {"dtype": dtype}
    return load_model(key, device=str(chosen), loras=loras, **more)
