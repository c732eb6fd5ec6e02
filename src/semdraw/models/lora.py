"""LoRAs: small files of changes to a model's weights, in the layouts of kohya, diffusers and PEFT.

They are added to the weights once, when the model is loaded; from then on they cost nothing.
"""

from __future__ import annotations

import inspect
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

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
    if not lora.file.is_file():
        raise CheckpointError(f"no LoRA {lora.file}; wanted a .safetensors file")
    kind = recognise(read_header(lora.file))
    if kind.kind != "lora":
        raise CheckpointError(f"{lora.file} is {kind.title}; wanted a LoRA for {title}")
    if kind.base and not title.startswith(kind.base):
        raise CheckpointError(f"{lora.file} is {kind.title}, the model is {title}; take one made for {title}")


def fuse(loras: tuple[Lora, ...], pipeline: str, parts: dict[str, Any]) -> None:
    """Add LoRAs to the weights of `parts`, in place. pipeline: diffusers' class that knows this family's layouts."""
    carrier = _carrier(pipeline, parts)
    for lora in loras:
        try:
            _fuse_one(carrier, lora)
        except (ValueError, RuntimeError, KeyError, TypeError, IndexError) as error:
            raise CheckpointError(
                f"{lora.file} does not fit this model, which is for {pipeline}: {error}"
            ) from error


def _fuse_one(carrier: Any, lora: Lora) -> None:
    from safetensors.torch import load_file

    carrier.load_lora_weights(load_file(lora.file), adapter_name="one")
    if not carrier.get_list_adapters():
        raise ValueError("none of its tensors has a place there")
    carrier.fuse_lora(lora_scale=lora.scale)
    carrier.unload_lora_weights()


def _carrier(pipeline: str, parts: dict[str, Any]) -> Any:
    """A pipeline around the parts, for the sake of its loader."""
    import diffusers

    builder = getattr(diffusers, pipeline)
    wanted = inspect.signature(builder.__init__).parameters.values()
    needed = [each.name for each in wanted if each.name != "self" and each.default is each.empty]
    return builder(**{name: parts.get(name) for name in needed})
