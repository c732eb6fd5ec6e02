"""Another decoder for a model: a tiny one for quick previews, or an autoencoder in the place of its own."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from semdraw.errors import CheckpointError
from semdraw.models.checkpoint import Checkpoint
from semdraw.models.families import Pair
from semdraw.models.guard import check_config, check_folder
from semdraw.models.headers import Header, read_header
from semdraw.models.kinds import recognise
from semdraw.models.layouts import Layout
from semdraw.models.weights import Weights, find_weights, fingerprint, read_json

TINY: Final[Pair] = ("diffusers", "AutoencoderTiny")
WHOLE: Final[Pair] = ("diffusers", "AutoencoderKL")


def with_decoder(checkpoint: Checkpoint, path: Path) -> Checkpoint:
    """A checkpoint whose pictures are decoded by what lies at `path`, a folder in diffusers layout or a single file.

    A tiny decoder is a part of its own, "decoder"; an autoencoder takes the place of "vae".
    """
    if "vae" not in checkpoint.configs:
        raise CheckpointError(
            f"{checkpoint.path}: models of the family {checkpoint.family.name} take no decoder"
        )
    changed = _with_folder(checkpoint, path) if path.is_dir() else _with_file(checkpoint, path)
    files = changed.weights["decoder" if "decoder" in changed.weights else "vae"].files
    digest = hashlib.sha256(f"{checkpoint.weights_hash} {fingerprint(files)}".encode())
    return replace(changed, weights_hash=digest.hexdigest()[:16])


def _with_folder(checkpoint: Checkpoint, folder: Path) -> Checkpoint:
    if not (folder / "config.json").exists() and (folder / "vae" / "config.json").exists():
        folder = folder / "vae"
    check_folder(folder)
    config = read_json(folder / "config.json")
    check_config(folder / "config.json", config)
    kind = config.get("_class_name")
    if kind not in (TINY[1], WHOLE[1]):
        raise CheckpointError(f"{folder} is a {kind}; wanted an {TINY[1]} or {WHOLE[1]} as decoder")
    _require_channels(checkpoint, folder, config.get("latent_channels"))
    name, build = ("decoder", TINY) if kind == TINY[1] else ("vae", WHOLE)
    weights, places = find_weights(folder), {**checkpoint.places, name: folder}
    layouts = {part: layout for part, layout in checkpoint.layouts.items() if part != name}
    return replace(_with_part(checkpoint, name, build, config, weights), places=places, layouts=layouts)


def _with_file(checkpoint: Checkpoint, file: Path) -> Checkpoint:
    if not file.is_file():
        raise CheckpointError(
            f"no decoder {file}; wanted a folder in diffusers layout or a .safetensors file"
        )
    header = read_header(file)
    kind = recognise(header)
    if kind.kind not in {"tiny decoder", "autoencoder"}:
        raise CheckpointError(f"{file} is {kind.title}; wanted a tiny decoder or an autoencoder")
    _require_channels(checkpoint, file, kind.channels)
    weights = Weights(files=(file,), variant=None)
    if kind.kind == "tiny decoder":
        layout = Layout(names="tiny" if "1.weight" in header else "same")
        changed = _with_part(checkpoint, "decoder", TINY, _tiny_config(header, kind.channels), weights)
        return replace(changed, layouts={**checkpoint.layouts, "decoder": layout})
    changed = _with_part(checkpoint, "vae", WHOLE, checkpoint.configs["vae"], weights)
    if checkpoint.classes["vae"] != WHOLE:
        raise CheckpointError(
            f"{file} is {kind.title}; the model's own is of another kind, so give a folder with its config"
        )
    prefix = "first_stage_model." if header.has("first_stage_model.") else ""
    names = "same" if header.has(f"{prefix}decoder.up_blocks.") else "vae"
    places = {part: place for part, place in checkpoint.places.items() if part != "vae"}
    return replace(
        changed, places=places, layouts={**checkpoint.layouts, "vae": Layout(names=names, prefix=prefix)}
    )


def _with_part(
    checkpoint: Checkpoint, name: str, build: Pair, config: dict[str, Any], weights: Weights
) -> Checkpoint:
    return replace(
        checkpoint,
        classes={**checkpoint.classes, name: build},
        configs={**checkpoint.configs, name: config},
        weights={**checkpoint.weights, name: weights},
    )


def _require_channels(checkpoint: Checkpoint, path: Path, channels: Any) -> None:
    wanted = checkpoint.configs["vae"].get("latent_channels")
    if channels != wanted:
        raise CheckpointError(
            f"{path} decodes latents of {channels} channels, those of {checkpoint.title} have {wanted}; "
            "TAESD is for SD1.5 and SD2.x, TAESDXL for SDXL, TAESD3 for SD3"
        )


def _tiny_config(header: Header, channels: int | None) -> dict[str, Any]:
    """TAESD's shape, as wide as the file says."""
    first = "1.weight" if "1.weight" in header else "decoder.layers.0.weight"
    width = header.shape(first)[0]
    return {
        "latent_channels": channels,
        "encoder_block_out_channels": [width] * 4,
        "decoder_block_out_channels": [width] * 4,
        "num_encoder_blocks": [1, 3, 3, 3],
        "num_decoder_blocks": [3, 3, 3, 1],
    }
