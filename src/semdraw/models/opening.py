"""From what a person asks for to a checked checkpoint, with all that is put on it; weights are hashed, not built."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Final, Literal, TypedDict, Unpack

from semdraw.errors import CheckpointError
from semdraw.models.checkpoint import Checkpoint, inspect_folder, require_text_to_image
from semdraw.models.lora import Lora
from semdraw.models.places import find_path, in_model_folders
from semdraw.models.single_file import inspect_file

WEIGHTS: Final = Path(__file__).parent.parent / "weights"
EMBEDDED: Final = ("picturebook",)
Prediction = Literal["epsilon", "v_prediction"]


class Additions(TypedDict, total=False):
    """What `load_model` and `find_model` take beside the model; `load_model` tells what each does."""

    loras: Iterable[Lora | str | Path]
    decoder: str | Path | None
    parts: str | Path | None
    prediction: Prediction | None
    without_t5: bool


def inspect(what: str, **told: Unpack[Additions]) -> Checkpoint:
    """A checkpoint by name or path, or a CheckpointError."""
    checkpoint = _base(
        what, told.get("parts"), told.get("prediction"), without_t5=told.get("without_t5", False)
    )
    if decoder := told.get("decoder"):
        from semdraw.models.decoder import with_decoder

        checkpoint = with_decoder(checkpoint, find_path(str(decoder)))
    return checkpoint.with_loras(map(_looked_up, told.get("loras", ())))


def _looked_up(told: Lora | str | Path) -> Lora:
    """A LoRA may be a bare name, too, and NAME/LORA is one that comes with an embedded model."""
    lora = told if isinstance(told, Lora) else Lora.parse(str(told))
    if lora.file.exists():
        return lora
    owner = str(lora.file.parent)
    own = WEIGHTS / owner / "loras" / f"{lora.file.name}.safetensors" if owner in EMBEDDED else None
    found = own if own and own.exists() else in_model_folders(str(lora.file))
    return replace(lora, file=found) if found else lora


def _base(
    what: str, parts: str | Path | None, prediction: Prediction | None, *, without_t5: bool
) -> Checkpoint:
    if prediction not in (None, "epsilon", "v_prediction"):
        raise CheckpointError(f"a network predicts epsilon or v_prediction, got {prediction!r}")
    path = WEIGHTS / what if what in EMBEDDED else find_path(what, without_t5=without_t5)
    if path.is_file():
        checkpoint = inspect_file(path, parts=_folder(parts), prediction=prediction, without_t5=without_t5)
        require_text_to_image(checkpoint)
        return checkpoint
    if parts:
        raise CheckpointError(f"{path} is a folder that has its own parts; --parts is for single files")
    checkpoint = inspect_folder(path, without_t5=without_t5)
    return checkpoint.with_prediction(prediction) if prediction else checkpoint


def _folder(parts: str | Path | None) -> Path | None:
    path = find_path(str(parts)) if parts else None
    if path and not path.is_dir():
        raise CheckpointError(f"{path} is a file; wanted a folder that has the parts")
    return path
