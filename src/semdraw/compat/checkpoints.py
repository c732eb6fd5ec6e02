"""Published model keys -> loaded models, made quick by the published LoRA where they are not quick by themselves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import torch

from semdraw.compat.extras import lora_file, tiny_decoder
from semdraw.errors import CheckpointError
from semdraw.models.base import DiffusionModel
from semdraw.models.device import choose_device, device_name
from semdraw.models.lora import Lora
from semdraw.models.registry import ModelCard, find_model, load_model
from semdraw.presets import preset
from semdraw.samplers import FACTS, FEW_STEPS
from semdraw.scene import MethodName, Recipe

_KINDS: Final = {"sd": "SD1.5", "sdxl": "SDXL", "sd3": "SD3"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a published constructor asks for.

    key: hub id, folder, file, name or a pipeline of diffusers; None is the preset's own weights.

    lora: the file of a LoRA; None is the preset's, where the weights need one, "" is none at all.
    """

    preset: str
    method: MethodName
    key: Any
    device: Any
    dtype: torch.dtype
    lora: str | None = None
    lora_weight: float = 1.0
    wants_tiny_decoder: bool = False


def opened(wanted: Wanted) -> tuple[DiffusionModel, Recipe]:
    """The model and how to run it: quick weights by their own recipe, others by the preset's."""
    chosen = preset(wanted.preset + ("-published" if wanted.method == "published" else ""))
    key = chosen.weights if wanted.key is None else wanted.key
    card = _of_family(key, chosen.family)
    is_quick = FACTS[card.recipe.sampler].num_steps <= FEW_STEPS
    file = Path(wanted.lora).expanduser() if wanted.lora else None
    if wanted.lora is None and chosen.lora and not is_quick and _is_path(key):
        file = lora_file(chosen.lora)
    model = open_model(
        key,
        chosen.family,
        device=wanted.device,
        dtype=wanted.dtype,
        loras=[Lora(file=file, scale=wanted.lora_weight)] if file else [],
        decoder=_decoder(card, chosen.family) if wanted.wants_tiny_decoder and _is_path(key) else None,
    )
    return model, card.recipe if is_quick else chosen.recipe


def open_model(
    key: Any,
    family: str,
    *,
    device: Any,
    dtype: torch.dtype,
    loras: Sequence[Lora] = (),
    decoder: str | None = None,
) -> DiffusionModel:
    """A model of this family; half precision is for cards, elsewhere it means the device's own.

    A pipeline of diffusers is used as it is, where it is, with what it has been given.
    """
    _of_family(key, family)
    if not _is_path(key):
        return load_model(key)
    chosen = choose_device(device_name(device))
    is_own = dtype == torch.float16 and chosen.type != "cuda"
    return load_model(key, device=str(chosen), dtype=None if is_own else dtype, loras=loras, decoder=decoder)


def _is_path(key: Any) -> bool:
    """Whether a key names weights, and is not a pipeline that has them."""
    return isinstance(key, (str, Path))


def _of_family(key: Any, family: str) -> ModelCard:
    """The card of a model, or a CheckpointError where it is of another family."""
    card = find_model(key)
    if card.family != family:
        found, wanted = _KINDS.get(card.family, card.family), _KINDS[family]
        raise CheckpointError(
            f"{card.name} is of the family {found}, this class is for {wanted}; take the one for {found}"
        )
    return card


def _decoder(card: ModelCard, family: str) -> str | None:
    """The tiny decoder, unless the model's own is one."""
    return None if card.facts.get("vae") == "AutoencoderTiny" else tiny_decoder(family)
