"""Which parameter a tensor of a LoRA is meant for, in the spellings of kohya, diffusers and PEFT.

All are brought to one form, a part of the model and a path with underscores; a path in the original layout of a
network means the same parameter as one in diffusers' layout.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from semdraw.models import layouts
from semdraw.models.layouts import Source

Role = Literal["down", "up", "alpha"]
_ROLES: Final[dict[str, Role]] = {
    r"[._]lora[._](?:linear_layer\.)?down\.weight": "down",
    r"[._]lora[._](?:linear_layer\.)?up\.weight": "up",
    r"\.lora_linear_layer\.down\.weight": "down",
    r"\.lora_linear_layer\.up\.weight": "up",
    r"\.lora_A(?:\.\w+)?\.weight": "down",
    r"\.lora_B(?:\.\w+)?\.weight": "up",
    r"\.alpha": "alpha",
}
_PARTS: Final = {  # longer beginnings first
    r"lora_te2_|text_encoder_2\.": "text_encoder_2",
    r"lora_te3_|text_encoder_3\.": "text_encoder_3",
    r"lora_te1?_|text_encoder\.": "text_encoder",
    r"lora_unet_|lora_transformer_|unet\.|transformer\.|(model\.)?diffusion_model\.|base_model\.model\.|": "network",
}
_OLD_ATTENTION: Final = {"to_q": "q_proj", "to_k": "k_proj", "to_v": "v_proj", "to_out": "out_proj"}


@dataclass(frozen=True, slots=True)
class Place:
    """A parameter of a part, and which share of a change belongs to it."""

    part: str
    parameter: str
    source: Source


def role_of(name: str) -> tuple[str, Role] | None:
    """The name without its end, and what the end says; None where it is no part of a LoRA."""
    for pattern, role in _ROLES.items():
        if found := re.fullmatch(f"(.+?){pattern}", name):
            return found[1], role
    return None


def meant(stem: str) -> tuple[str, str]:
    """(part, path with underscores) that the name of a change stands for."""
    for pattern, part in _PARTS.items():
        if found := re.match(pattern, stem):
            path = stem[found.end() :].replace(".processor.", ".")
            if part != "network":
                path = re.sub(
                    r"self_attn\.(to_\w+)$", lambda m: f"self_attn.{_OLD_ATTENTION.get(m[1], m[1])}", path
                )
            return part, re.sub(r"attn([12]?)\.to_out$", r"attn\1.to_out.0", path).replace(".", "_")
    raise AssertionError("the last pattern fits all names")


def path_of(stem: str) -> str:
    """The path of a layer in its part, as a change spells it."""
    return re.sub("|".join(_PARTS), "", stem, count=1)


def places_of(parts: Mapping[str, Any], network: str) -> dict[tuple[str, str], list[Place]]:
    """Every parameter that a LoRA may change, by (part, path); a fused path has several."""
    found: dict[tuple[str, str], list[Place]] = defaultdict(list)
    for name, module in parts.items():
        if not hasattr(module, "named_parameters") or not (
            name == network or name.startswith("text_encoder")
        ):
            continue
        role = "network" if name == network else name
        for parameter, value in module.named_parameters():
            if not parameter.endswith(".weight") or value.dim() < 2:
                continue
            path = parameter.removesuffix(".weight")
            for other, source in _spellings(path, module, is_network=name == network):
                found[role, other.replace(".", "_")].append(Place(name, parameter, source))
    return found


def _spellings(path: str, module: Any, *, is_network: bool) -> list[tuple[str, Source]]:
    """A path as it stands, and as others write it."""
    own = (path, Source(path))
    if not is_network:
        wrapped = path if path.startswith("text_model.") else f"text_model.{path}"
        return [own] if wrapped == path else [own, (wrapped, Source(path))]
    layout = {"UNet2DConditionModel": "unet", "SD3Transformer2DModel": "sd3"}.get(type(module).__name__)
    if layout is None:
        return [own]
    source = layouts.NAMES[layout](f"{path}.weight", module.config)
    original = source.key.removesuffix(".weight")
    return [own] if original == path else [own, (original, source)]
