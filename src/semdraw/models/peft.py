"""How strongly a LoRA acts, where PEFT's settings tell it and not the tensors: by what factor its product is scaled.

PEFT writes its settings into `adapter_config.json` beside the file; diffusers puts them into the header of the file.
"""

from __future__ import annotations

import json
import logging
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from semdraw.errors import CheckpointError
from semdraw.models.headers import read_header, without_doubles
from semdraw.models.weights import read_json

log = logging.getLogger(__name__)

CONFIG: Final = "adapter_config.json"
PREFIX: Final = "base_model.model."  # what PEFT, and nothing else, puts before every name
_UNSERVED: Final = (
    "use_dora",
    "use_qalora",
    "layer_replication",
    "modules_to_save",
    "alora_invocation_tokens",
)
_CHANGES_THE_BASE: Final = ("pissa", "olora", "loftq", "corda")
_PARTS: Final = {"unet": "network", "transformer": "network"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Strength:
    """alpha / rank, or with rsLoRA alpha / sqrt(rank). alphas: those of layers whose paths end so; `^`: are so."""

    alpha: float
    alphas: Mapping[str, float] = field(default_factory=dict[str, float])
    is_rs: bool = False

    def factor(self, path: str, rank: int) -> float:
        """For the layer of that path, with dots."""
        found = (alpha for end, alpha in self.alphas.items() if _is_meant(path, end))
        return next(found, self.alpha) / (math.sqrt(rank) if self.is_rs else rank)


def _is_meant(path: str, end: str) -> bool:
    return path == end[1:] if end.startswith("^") else f".{path}".endswith(f".{end}")


def strengths_of(file: Path, names: Iterable[str]) -> dict[str, Strength]:
    """By part ("network", "text_encoder", ...), as far as the header of a file or PEFT's config beside it tells."""
    if told := _in_header(file):
        return told
    if not any(name.startswith(PREFIX) for name in names):
        return {}
    config = file.parent / CONFIG
    if not config.is_file():
        log.warning(
            "%s lies without its %s, which tells how strongly it acts; taken as alpha = rank, a factor of 1. "
            "Put the %s beside it, or give a scale, as in FILE:0.5",
            *(file, CONFIG, CONFIG),
        )
        return {}
    return {"network": _strength(config, read_json(config))}


def _in_header(file: Path) -> dict[str, Strength]:
    """Settings by part, as "unet.lora_alpha"."""
    text = read_header(file).metadata.get("lora_adapter_metadata", "{}")
    try:
        told = json.loads(text, object_pairs_hook=without_doubles)
    except (ValueError, RecursionError):
        return {}
    by_part: dict[str, dict[str, Any]] = {}
    for key, value in told.items() if isinstance(told, dict) else ():
        part, _, setting = str(key).partition(".")
        by_part.setdefault(_PARTS.get(part, part), {})[setting] = value
    return {part: _strength(file, settings) for part, settings in by_part.items() if "lora_alpha" in settings}


def _strength(where: Path, settings: Mapping[str, Any]) -> Strength:
    """Settings as PEFT spells them, or a CheckpointError that names what is not served."""
    kind = settings.get("peft_type") or "LORA"
    start = str(settings.get("init_lora_weights"))
    lacking = [key for key in _UNSERVED if settings.get(key)]
    if kind != "LORA" or lacking or start.startswith(_CHANGES_THE_BASE):
        what = ", ".join(lacking) or (kind if kind != "LORA" else f"init_lora_weights {start}")
        raise CheckpointError(
            f"{where}: made with {what}, which is not served here; wanted a plain LoRA or rsLoRA"
        )
    patterns = settings.get("alpha_pattern") or {}
    if not isinstance(patterns, dict) or not all(re.fullmatch(r"\^?[\w.]+", str(end)) for end in patterns):
        raise CheckpointError(
            f"{where}: alpha_pattern should give alphas by the paths of layers or their ends, got {patterns!r:.200}"
        )
    return Strength(
        alpha=_alpha(where, settings.get("lora_alpha", 8)),  # 8 is PEFT's own default
        alphas={str(end): _alpha(where, value) for end, value in patterns.items()},
        is_rs=bool(settings.get("use_rslora")),
    )


def _alpha(where: Path, value: Any) -> float:
    if type(value) not in (int, float) or not math.isfinite(value):
        raise CheckpointError(f"{where}: an alpha should be a number, got {value!r:.80}")
    return float(value)
