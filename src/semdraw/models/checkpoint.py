"""What a model is, told without running any of it; folders in diffusers layout, and what is refused of them, and why.

`model_index.json` names classes, so it is read here against what each family may build; only json and the headers of
safetensors are looked at. Weights are read for their hash alone, about a second per GB.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from semdraw.errors import CheckpointError
from semdraw.models.families import Family, Pair, families
from semdraw.models.guard import check_folder
from semdraw.models.layouts import Layout
from semdraw.models.lora import Lora, check_lora
from semdraw.models.weights import Weights, find_weights, fingerprint, read_json

_NEVER_LOADED: Final = {"safety_checker", "feature_extractor", "image_encoder", "scheduler"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """A model whose parts are known and allowed: a folder in diffusers layout, or a single file.

    path: the folder or the file. title: what its kind is called, as "SDXL".
    classes: what each part is built as. configs: each part's config.json, and those of "scheduler" and "pipeline"
    (model_index.json). weights: the files of each part but the tokenizers. loras: what is added to them.
    places: the folder of each part that has one. layouts: how the other parts lie in their file.
    built: parts that exist already and are taken as they are. precision: "fp16", "bf16", "fp32", or None for what the
    device does best. is_low_memory: for cards of 8 GB.
    """

    path: Path
    title: str
    family: Family
    classes: dict[str, Pair]
    configs: dict[str, dict[str, Any]]
    weights: dict[str, Weights]
    weights_hash: str
    places: dict[str, Path] = field(default_factory=dict[str, Path])
    layouts: dict[str, Layout] = field(default_factory=dict[str, Layout])
    loras: tuple[Lora, ...] = ()
    built: dict[str, Any] = field(default_factory=dict[str, Any])
    precision: str | None = None
    is_low_memory: bool = False

    def with_loras(self, loras: Iterable[Lora]) -> Checkpoint:
        """This checkpoint with LoRAs added; other weights, so another hash."""
        told, digest = tuple(loras), hashlib.sha256(self.weights_hash.encode())
        if not told:
            return self
        if self.family.pipeline is None:
            raise CheckpointError(f"{self.path}: models of the family {self.family.name} take no LoRA")
        for lora in told:
            check_lora(lora, self.title)
            digest.update(f"{fingerprint([lora.file])} {lora.scale}".encode())
        return replace(self, loras=told, weights_hash=digest.hexdigest()[:16])

    def with_prediction(self, prediction: str) -> Checkpoint:
        """This checkpoint, its network taken to predict so, whatever its scheduler's config says."""
        if "FlowMatch" in str(self.configs["scheduler"].get("_class_name")):
            raise CheckpointError(f"{self.path} is trained by flow matching; it has no other prediction")
        scheduler = {**self.configs["scheduler"], "prediction_type": prediction, "_told_by": "you"}
        return replace(self, configs={**self.configs, "scheduler": scheduler})

    @property
    def network(self) -> dict[str, Any]:
        """The config of the part that predicts."""
        return self.configs[self.family.network]


def inspect_folder(folder: Path, *, without_t5: bool = False) -> Checkpoint:
    """Recognise the family of a folder, or say what it is not (CheckpointError).

    without_t5: the family's extra parts are left out even where they are there.
    """
    index = read_json(folder / "model_index.json")
    check_folder(folder)
    declared = {name: value for name, value in index.items() if not name.startswith("_")}
    declared = {name: value for name, value in declared.items() if isinstance(value, list) and any(value)}
    family = max(families(), key=lambda family: _nearness(family, declared))
    classes = _allowed(folder, family, declared, without_extra=without_t5)
    models = sorted(name for name, (_, kind) in classes.items() if "Tokenizer" not in kind)
    configs = {name: read_json(folder / name / "config.json") for name in models}
    weights = {name: find_weights(folder / name) for name in models}
    checkpoint = Checkpoint(
        path=folder,
        title=_title(family, configs),
        family=family,
        classes=classes,
        configs={
            **configs,
            "scheduler": read_json(folder / "scheduler" / "scheduler_config.json"),
            "pipeline": index,
        },
        weights=weights,
        weights_hash=fingerprint(file for part in weights.values() for file in part.files),
        places={name: folder / name for name in classes},
    )
    require_text_to_image(checkpoint)
    return checkpoint


def _title(family: Family, configs: dict[str, dict[str, Any]]) -> str:
    """Models of the family sd are told apart by the width of the text that they take."""
    width = configs[family.network].get("cross_attention_dim")
    widths = {768: "SD1.5", 1024: "SD2.x"} if family.name == "sd" else {}
    return widths.get(width, family.name.upper()) if isinstance(width, int) else family.name.upper()


def _nearness(family: Family, declared: dict[str, Any]) -> int:
    """How well a family fits what a folder declares: parts that are right less those that are not."""
    known = {**family.parts, **family.extra_parts}
    right = sum(_is_allowed(known[name], pair) for name, pair in declared.items() if name in known)
    missing = sum(not _is_allowed(pairs, declared.get(name)) for name, pairs in family.parts.items())
    return right - missing - len(declared.keys() - known.keys() - _NEVER_LOADED)


def _is_allowed(pairs: frozenset[Pair], pair: Any) -> bool:
    return pair in [list(known) for known in pairs]


def _allowed(
    folder: Path, family: Family, declared: dict[str, Any], *, without_extra: bool
) -> dict[str, Pair]:
    """The class of every part that is built; a CheckpointError names the first that may not be."""
    for name in declared.keys() - family.parts.keys() - family.extra_parts.keys() - _NEVER_LOADED:
        raise CheckpointError(
            f"{folder}: part {name!r} ({declared[name]}) does not belong to a model of the family {family.name}"
        )
    wanted = dict(family.parts)
    if not without_extra and all(
        name in declared and (folder / name).is_dir() for name in family.extra_parts
    ):
        wanted |= family.extra_parts
    return {name: _pair(folder, name, declared.get(name), pairs) for name, pairs in wanted.items()}


def _pair(folder: Path, name: str, pair: Any, pairs: frozenset[Pair]) -> Pair:
    if pair is None:
        raise CheckpointError(
            f"{folder}: model_index.json has no {name!r}; wanted a model folder in diffusers layout"
        )
    if not _is_allowed(pairs, pair):
        wanted = " or ".join(".".join(known) for known in sorted(pairs))
        raise CheckpointError(
            f"{folder}: {name!r} is declared as {pair}, which is not built here; wanted {wanted}"
        )
    return pair[0], pair[1]


def require_text_to_image(checkpoint: Checkpoint) -> None:
    """Refuse networks that want more than a prompt: inpainting, and those that are told a guidance scale."""
    network = checkpoint.network
    latents = checkpoint.configs.get("vae", {}).get("latent_channels", network.get("in_channels"))
    if network.get("in_channels") != latents:
        raise CheckpointError(
            f"{checkpoint.path}: its network takes {network.get('in_channels')} channels where pictures have "
            f"{latents}; it is made for inpainting or editing, wanted a text-to-image model"
        )
    if network.get("time_cond_proj_dim") is not None:
        raise CheckpointError(
            f"{checkpoint.path}: its network wants to be told a guidance scale (time_cond_proj_dim), which is not "
            "served here; take the LoRA form of the same model, fused into its base"
        )
