"""Published files beside a model, looked up in the model folders and then in the hub's cache: LoRAs, tiny decoders."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Final

from semdraw.errors import CheckpointError
from semdraw.models.places import model_folders
from semdraw.presets import LoraSource

_TINY: Final = {"sd": "madebyollin/taesd", "sdxl": "madebyollin/taesdxl", "sd3": "madebyollin/taesd3"}


def lora_file(source: LoraSource) -> Path:
    """Where a published LoRA lies, under its own name or that of its repository."""
    own = f"{source.repository.split('/')[-1]}.safetensors"
    for folder in model_folders():
        for name in (own, source.file) if source.file != "pytorch_lora_weights.safetensors" else (own,):
            if (folder / name).is_file():
                return folder / name
    fetched = _fetched(source.repository, source.file)
    if fetched is None:
        raise CheckpointError(
            f"these weights need many steps, and the LoRA that makes them quick, {source.file} of "
            f"{source.repository}, is neither in {' nor in '.join(map(str, model_folders()))} nor in the hub's "
            f"cache, and cannot be fetched. Put it there as {own}, name a file with lora_key=…, or give "
            'lora_key="" for weights that are quick by themselves'
        )
    return fetched


def tiny_decoder(family: str) -> str | None:
    """The folder or file of the published tiny decoder; None, said aloud, where there is none."""
    repository = _TINY[family]
    name = repository.split("/")[-1]
    for folder in model_folders():
        for path in (folder / name, folder / f"{name}.safetensors"):
            if path.exists():
                return str(path)
    config = _fetched(repository, "config.json")
    if config is not None and _fetched(repository, "diffusion_pytorch_model.safetensors") is not None:
        return str(config.parent)
    warnings.warn(
        f"no tiny decoder {repository} on this machine, so the model's own decodes, which takes longer; put it "
        f"into {model_folders()[0] / name}, or give use_tiny_vae=False",
        stacklevel=5,
    )
    return None


def _fetched(repository: str, file: str) -> Path | None:
    """A file of a repository, from the hub's cache or the hub; None where neither has it."""
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    try:
        return Path(hf_hub_download(repository, file))
    except (LocalEntryNotFoundError, HfHubHTTPError, OSError):
        return None
