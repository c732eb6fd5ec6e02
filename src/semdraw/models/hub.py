"""Repositories of a model hub: only when asked for by owner/name, only json, text and safetensors of known parts."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from semdraw.errors import CheckpointError
from semdraw.models.families import families
from semdraw.models.weights import find_weights

_KINDS: Final = ("*.json", "*.txt", "*.model", "*.safetensors")
_HALF: Final = "*.fp16*"
_SURPLUS: Final = ("*non_ema*", "*ema_only*", "*openvino*", "*flax*")


def fetch(repository: str, *, without_t5: bool = False) -> Path:
    """The folder of a repository in the local cache, filled where it lacks something and there is a network.

    Full precision is taken; half precision for the parts that have no other. without_t5: extra parts are not
    fetched, for SD3 9 GB of T5.
    """
    folder = _snapshot(repository, ["model_index.json"], [])
    if not (folder / "model_index.json").is_file():
        raise CheckpointError(
            f"{repository} has no model_index.json, so it is no model in diffusers layout; "
            "download the .safetensors file that you want and name it instead"
        )
    parts = sorted(
        {
            name
            for family in families()
            for name in (*family.parts, *(() if without_t5 else family.extra_parts))
        }
    )
    patterns = [
        "model_index.json",
        "scheduler/*.json",
        *(f"{part}/{kind}" for part in parts for kind in _KINDS),
    ]
    folder = _snapshot(repository, patterns, [_HALF, *_SURPLUS])
    half = [
        part for part in parts if (folder / part / "config.json").exists() and not _has_weights(folder / part)
    ]
    return _snapshot(repository, [f"{part}/{_HALF}" for part in half], list(_SURPLUS)) if half else folder


def _has_weights(folder: Path) -> bool:
    try:
        return bool(find_weights(folder))
    except CheckpointError:
        return False


def _snapshot(repository: str, wanted: list[str], left_out: list[str]) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    try:
        return Path(snapshot_download(repository, allow_patterns=wanted, ignore_patterns=left_out))
    except LocalEntryNotFoundError:
        raise CheckpointError(
            f"{repository} is not in the local cache and cannot be fetched: no network, or HF_HUB_OFFLINE is set. "
            "Fetch it elsewhere and name its folder, or check that no local path was meant"
        ) from None
    except (HfHubHTTPError, HFValidationError, OSError) as error:
        raise CheckpointError(f"{repository} cannot be fetched: {str(error).splitlines()[0]}") from error
