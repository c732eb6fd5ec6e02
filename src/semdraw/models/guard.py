"""What may not lie in a model folder: code, pickles where a library might look for them, ways out of the folder.

Told from names, first bytes and json, before anything is built.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from semdraw.errors import CheckpointError
from semdraw.models.headers import disguise
from semdraw.models.weights import read_json

_MAX_FILES: Final = 10_000
_CODE_KEYS: Final = {  # with these, libraries would import code from the folder or from a hub
    "auto_map": "code of its own",
    "custom_pipeline": "code of its own",
    "custom_pipelines": "code of its own",
    "trust_remote_code": "code of its own",
    "kernel_config": "kernels from a hub",
    "use_kernels": "kernels from a hub",
    "quantization_config": "quantised weights",
}
_ATTENTION: Final = {"eager", "sdpa", "flash_attention_2", "flex_attention", None}
_TOKENIZERS: Final = re.compile(r"(CLIP|T5)Tokenizer(Fast)?|PreTrainedTokenizerFast|TokenizersBackend")
_TOKENIZER_FILES: Final = {".json", ".txt", ".model"}
_NOTES: Final = {"README.md", ".gitattributes", ".gitignore"}


def check_folder(folder: Path) -> None:
    """Refuse a model folder that holds what may run or lead elsewhere (CheckpointError)."""
    root = _root(folder)
    for path in _files(folder):
        if not path.resolve().is_relative_to(root):
            raise CheckpointError(f"{path} leads out of the folder; put the file itself there")
        if path.suffix == ".py":
            raise CheckpointError(
                f"{path} is code, which is never run from a model folder; remove it if you trust the rest"
            )
        if path.name == "adapter_config.json":
            raise CheckpointError(
                f"{path} would load another model; give the adapter as a LoRA with --lora instead"
            )
        if path.parent.name.startswith("tokenizer"):
            _check_tokenizer_file(path)
        if path.name == "model_index.json" or (path.suffix == ".json" and "config" in path.name):
            check_config(path, read_json(path))


def _root(folder: Path) -> Path:
    """A snapshot in a hub's cache is made of links to the files beside it."""
    real = folder.resolve()
    return real.parent.parent if real.parent.name == "snapshots" else real


def _files(folder: Path) -> Iterator[Path]:
    """All files of the folder and of the parts in it."""
    rooms = [place for place in sorted(folder.iterdir()) if place.is_dir() and not place.name.startswith(".")]
    for count, path in enumerate(path for room in (folder, *rooms) for path in room.iterdir()):
        if count > _MAX_FILES:
            raise CheckpointError(f"{folder} holds more than {_MAX_FILES} files; that is no model folder")
        if not path.is_dir():
            yield path


def check_config(path: Path, told: dict[str, Any]) -> None:
    """Refuse a config that asks for code, kernels or files from elsewhere."""
    for key, what in _CODE_KEYS.items():
        if told.get(key):
            raise CheckpointError(f"{path} asks for {what} ({key}), which is not served here")
    name = told.get("_class_name")
    if name is not None and not isinstance(name, str):
        raise CheckpointError(f"{path} names {name} as its class; wanted one name")
    for key in ("attn_implementation", "_attn_implementation"):
        value = told.get(key)
        if not isinstance(value, str | None) or value not in _ATTENTION:
            raise CheckpointError(
                f"{path} asks for the attention {value!r}, which might be fetched from a hub"
            )
    kind = told.get("tokenizer_class")
    if kind is not None and not (isinstance(kind, str) and _TOKENIZERS.fullmatch(kind)):
        raise CheckpointError(f"{path} names the tokenizer {kind!r}; wanted one of CLIP or T5")
    _check_places(path, told)


def _check_places(path: Path, told: dict[str, Any]) -> None:
    for key, value in told.items():
        if key.endswith("_file") and isinstance(value, str) and Path(value).name != value:
            raise CheckpointError(
                f"{path} names the file {value!r} ({key}); wanted a file in the same folder"
            )


def _check_tokenizer_file(path: Path) -> None:
    """Tokenizers are tables of text; some libraries would unpickle others."""
    if path.name in _NOTES:
        return
    if path.suffix not in _TOKENIZER_FILES:
        raise CheckpointError(
            f"{path} does not belong to a tokenizer; wanted {', '.join(sorted(_TOKENIZER_FILES))}"
        )
    with path.open("rb") as file:
        if what := disguise(file.read(8)):
            raise CheckpointError(f"{path} is no tokenizer: {what}")
