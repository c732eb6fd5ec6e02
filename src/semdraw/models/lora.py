"""LoRAs: small files of changes to a model's weights, in the layouts of kohya, diffusers and PEFT.

They are added to the weights once, when the model is loaded; from then on they cost nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from semdraw.errors import CheckpointError
from semdraw.models.headers import read_header
from semdraw.models.kinds import recognise

_MAX_SCALE: Final = 4.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Lora:
    """A file and how strongly it acts: 1 is as it was trained, 0 not at all."""

    file: Path
    scale: float = 1.0

    @classmethod
    def parse(cls, text: str) -> Lora:
        """Reads "file.safetensors" or "file.safetensors:0.8"."""
        found = re.fullmatch(r"(.+?)(?::([0-9]+(?:\.[0-9]+)?))?", text)
        scale = float(found[2]) if found and found[2] else 1.0
        if not found or scale > _MAX_SCALE:
            raise CheckpointError(
                f"a LoRA is FILE or FILE:SCALE with a scale of 0 to {_MAX_SCALE:g}, got {text!r}"
            )
        return cls(file=Path(found[1]).expanduser(), scale=scale)


def check_lora(lora: Lora, title: str) -> None:
    """Refuse what is no LoRA, or one for another kind of model than `title`, told from its header alone."""
    if not abs(lora.scale) <= _MAX_SCALE:  # also where it is no number
        raise CheckpointError(
            f"{lora.file} with a scale of {lora.scale}; wanted {-_MAX_SCALE:g} to {_MAX_SCALE:g}"
        )
    if not lora.file.is_file():
        raise CheckpointError(f"no LoRA {lora.file}; wanted a .safetensors file")
    kind = recognise(read_header(lora.file))
    if kind.kind != "lora":
        raise CheckpointError(f"{lora.file} is {kind.title}; wanted a LoRA for {title}")
    if kind.base and not title.startswith(kind.base):
        raise CheckpointError(f"{lora.file} is {kind.title}, the model is {title}; take one made for {title}")
