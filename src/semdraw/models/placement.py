"""Where each part of a model lies, and in which numbers it computes."""

from __future__ import annotations

from typing import Final

import torch

from semdraw.models.checkpoint import Checkpoint
from semdraw.models.device import precision

_CPU: Final = torch.device("cpu")


def placement(checkpoint: Checkpoint, name: str, device: torch.device) -> tuple[torch.device, torch.dtype]:
    """Device and precision of a part, where the network lies on `device`.

    With little memory text encoders stay on the CPU, in fp32, but for T5, whose 4.7 billion numbers take bf16 there.
    Autoencoders take fp32, unless fp16 serves and does not overflow: bf16 has too few digits for pixels.
    """
    if checkpoint.is_low_memory and name.startswith("text_encoder"):
        return _CPU, torch.bfloat16 if checkpoint.classes[name][1].startswith("T5") else torch.float32
    dtype = precision(device, checkpoint.precision, prefers_bf16=checkpoint.family.prefers_bf16)
    if name == "vae" and (dtype == torch.bfloat16 or overflows(checkpoint)):
        return device, torch.float32
    return device, dtype


def overflows(checkpoint: Checkpoint) -> bool:
    """Whether the autoencoder gives black pictures in fp16."""
    return checkpoint.family.vae_overflows and bool(checkpoint.configs["vae"].get("force_upcast", True))
