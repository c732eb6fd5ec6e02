"""Building the parts of a checked folder: from local files only, frozen, on the device."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from copy import deepcopy
from importlib import import_module
from typing import Any

import torch

from semdraw.errors import CheckpointError
from semdraw.models.checkpoint import Checkpoint
from semdraw.models.filling import build_part, clip_tokenizer
from semdraw.models.fusing import fuse
from semdraw.models.placement import overflows, placement


def load_parts(checkpoint: Checkpoint, device: torch.device) -> dict[str, Any]:
    """Every part by name, LoRAs added, frozen, each where `placement` says."""
    if checkpoint.built:
        return _shared(checkpoint)
    with _quiet():
        parts = {name: _load(checkpoint, name, device) for name in checkpoint.classes}
        if checkpoint.loras:
            fuse(checkpoint.loras, checkpoint.family.network, parts)
    for name in checkpoint.weights:
        parts[name].eval().requires_grad_(False)
    return parts


def _shared(checkpoint: Checkpoint) -> dict[str, Any]:
    """Parts that somebody else uses, too: none is changed, so an autoencoder that overflows is copied in fp32."""
    parts = dict(checkpoint.built)
    if parts["vae"].dtype == torch.float16 and overflows(checkpoint):
        own = getattr(parts["vae"], "_orig_mod", parts["vae"])  # not what compiled it
        parts["vae"] = deepcopy(own).to(torch.float32)
    return parts


def _load(checkpoint: Checkpoint, name: str, device: torch.device) -> Any:
    library, kind = checkpoint.classes[name]
    builder = getattr(import_module(library), kind)  # the pair stands in the family's list
    place = checkpoint.places.get(name, checkpoint.path)
    device, dtype = placement(checkpoint, name, device)
    try:
        if name in checkpoint.layouts:
            return build_part(checkpoint, name, builder, dtype=dtype).to(device)
        if name not in checkpoint.places:
            return clip_tokenizer(builder, checkpoint.configs[name])
        if name not in checkpoint.weights:
            return builder.from_pretrained(str(place), local_files_only=True)
        module, told = builder.from_pretrained(
            str(place),
            local_files_only=True,
            use_safetensors=True,
            variant=checkpoint.weights[name].variant,
            output_loading_info=True,
            **{"dtype" if library == "transformers" else "torch_dtype": dtype},
        )
    except (OSError, ValueError, TypeError, KeyError, RuntimeError) as error:
        raise CheckpointError(f"{place} cannot be loaded as {kind}: {error}") from error
    missing = sorted(str(key) for key in told["missing_keys"])
    if missing or any(parameter.is_meta for parameter in module.parameters()):
        raise CheckpointError(f"{place} lacks weights of {kind}: {', '.join(missing[:3]) or 'some'}")
    return module.to(device)


def channels_last(module: Any) -> Any:
    """The order in which convolutions are a fifth quicker on CPUs."""
    return module.to(memory_format=torch.channels_last)


@contextmanager
def _quiet() -> Generator[None]:
    """Without the libraries' own progress bars and their notes on configs; what fails still raises."""
    from diffusers.utils import logging as diffusers_logging
    from transformers.utils import logging as transformers_logging

    before = diffusers_logging.get_verbosity(), transformers_logging.is_progress_bar_enabled()
    diffusers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()
    try:
        yield
    finally:
        diffusers_logging.set_verbosity(before[0])
        if before[1]:
            transformers_logging.enable_progress_bar()
