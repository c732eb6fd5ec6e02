"""Pipelines of diffusers that somebody has in hand: their parts are shared with the pipeline, which stays as it is."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any, Final

import torch

from semdraw.errors import CheckpointError
from semdraw.models.checkpoint import Checkpoint, require_text_to_image
from semdraw.models.families import Family, Pair, families

_SAMPLED: Final = 64  # numbers of each end of a tensor that its fingerprint looks at


def checkpoint_of(pipeline: Any) -> Checkpoint:
    """A pipeline as a checked checkpoint, or a CheckpointError that says what is wanted instead."""
    family = _family_of(pipeline)
    parts = _parts_of(pipeline, family)
    classes = {name: _class_of(pipeline, name, part, family) for name, part in parts.items()}
    networks = {name: part for name, part in parts.items() if "Tokenizer" not in classes[name][1]}
    for name, network in networks.items():
        _require_usable(pipeline, name, network)
    checkpoint = Checkpoint(
        path=Path(str(pipeline.config.get("_name_or_path") or type(pipeline).__name__)),
        title=type(pipeline).__name__,
        family=family,
        classes=classes,
        configs={
            **{name: _config_of(network) for name, network in networks.items()},
            "scheduler": {**pipeline.scheduler.config, "_class_name": type(pipeline.scheduler).__name__},
            "pipeline": dict(pipeline.config),
        },
        weights={},
        weights_hash=_fingerprint(networks),
        built=parts,
    )
    require_text_to_image(checkpoint)
    return checkpoint


def _family_of(pipeline: Any) -> Family:
    served = {family.pipeline: family for family in families() if family.pipeline}
    for kind in type(pipeline).__mro__:
        if kind.__module__.startswith("diffusers.") and kind.__name__ in served:
            return served[kind.__name__]
    name = type(pipeline).__name__
    if not hasattr(pipeline, "components"):
        raise CheckpointError(f"a model is a name, a path or a pipeline of diffusers, got {name}")
    raise CheckpointError(
        f"{name} is not served; wanted {' or '.join(served)}. Where its parts are those of such a model, hand in "
        f"{next(iter(served))}.from_pipe(pipeline), or the like"
    )


def _parts_of(pipeline: Any, family: Family) -> dict[str, Any]:
    parts = {name: getattr(pipeline, name, None) for name in (*family.parts, *family.extra_parts)}
    left_out = family.extra_parts if any(parts[name] is None for name in family.extra_parts) else ()
    return {name: part for name, part in parts.items() if name not in left_out}


def _class_of(pipeline: Any, name: str, part: Any, family: Family) -> Pair:
    allowed = {**family.parts, **family.extra_parts}[name]
    kind = type(getattr(part, "_orig_mod", part))  # a compiled network stands for its own
    for base in kind.__mro__:
        pair = (base.__module__.split(".")[0], base.__name__)
        if pair in allowed:
            return pair
    wanted = " or ".join(pair[1] for pair in sorted(allowed))
    raise CheckpointError(
        f"the {name} of this {type(pipeline).__name__} is {kind.__name__}, which is not served; wanted {wanted}"
    )


def _require_usable(pipeline: Any, name: str, network: Any) -> None:
    mine = f"the {name} of this {type(pipeline).__name__}"
    if hasattr(network, "_hf_hook") or network.device.type == "meta":
        raise CheckpointError(
            f"{mine} is offloaded, so that it cannot be shared; call pipeline.remove_all_hooks() and "
            "pipeline.to(device) first, or hand in its folder with low_memory=True"
        )
    if network.training:
        raise CheckpointError(
            f"{mine} is in training mode, where it answers at random; call its eval() first"
        )


def _config_of(network: Any) -> dict[str, Any]:
    config = network.config
    return config.to_dict() if hasattr(config, "to_dict") else dict(config)


def _fingerprint(networks: dict[str, Any]) -> str:
    """16 hex digits over names, shapes and a few numbers of every tensor: other than that of the files."""
    digest = hashlib.sha256()
    for name, network in sorted(networks.items()):
        for key, tensor in sorted(network.state_dict().items()):
            flat = tensor.detach().flatten()
            ends = torch.cat([flat[:_SAMPLED], flat[-_SAMPLED:]]).float().cpu()
            digest.update(f"{name} {key} {tuple(tensor.shape)} {tensor.dtype}".encode())
            digest.update(ends.numpy().tobytes())
    return digest.hexdigest()[:16]
