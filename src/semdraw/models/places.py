"""Where models lie: paths, bare names in `./checkpoints` and the user's model folder, repositories of a hub."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from semdraw.errors import CheckpointError
from semdraw.models.headers import read_header
from semdraw.models.kinds import Kind, recognise
from semdraw.models.weights import read_json

_HUB_ID: Final = re.compile(r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}")
_PICKLES: Final = frozenset({".ckpt", ".pt", ".pth", ".bin", ".pkl"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Lying:
    """A file or folder in one of the model folders, told from its header. kind: "folder", "refused" or as in kinds."""

    name: str
    path: Path
    kind: str
    title: str
    num_bytes: int


def model_folders() -> tuple[Path, ...]:
    """Where bare names are looked up, in this order."""
    told = os.environ.get("SEMDRAW_MODELS")
    data = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
    return Path("checkpoints"), Path(told).expanduser() if told else data / "semdraw" / "models"


def find_path(what: str, *, without_t5: bool = False) -> Path:
    """The file or folder that is meant; a name such as owner/name that is no path is fetched from the hub."""
    if found := _on_disk(what):
        return found
    if _may_be_repository(what):
        from semdraw.models.hub import fetch

        return fetch(what, without_t5=without_t5)
    looked = f"; looked in {' and '.join(map(str, model_folders()))}" if _is_bare(what) else ""
    raise CheckpointError(
        f"no model {what!r}{looked}; wanted a name that `semdraw models` lists, a folder in diffusers layout, "
        "a .safetensors file, or the owner/name of a repository"
    )


def called(what: str) -> str:
    """What a model is called: its repository as it was asked for, or its file or folder without the way there."""
    if _may_be_repository(what) and not _on_disk(what):
        return what
    return Path(what).expanduser().absolute().name.removesuffix(".safetensors")


def _on_disk(what: str) -> Path | None:
    path = Path(what).expanduser()
    return path if what and (path.is_dir() or path.is_file()) else in_model_folders(what)


def _may_be_repository(what: str) -> bool:
    return bool(_HUB_ID.fullmatch(what)) and not what.endswith(".safetensors")


def in_model_folders(name: str) -> Path | None:
    """What a bare name means there, with or without its .safetensors."""
    for folder in model_folders() if _is_bare(name) else ():
        for each in (name, f"{name}.safetensors"):
            if (folder / each).exists():
                return folder / each
    return None


def _is_bare(name: str) -> bool:
    return bool(name) and name not in {".", ".."} and Path(name).name == name


def lying_there() -> tuple[Lying, ...]:
    """What the model folders hold, by folder and name."""
    places = (path for folder in model_folders() if folder.is_dir() for path in sorted(folder.iterdir()))
    return tuple(found for place in places if (found := _lying(place)))


def _lying(path: Path) -> Lying | None:
    try:
        kind, title = _told(path)
    except (CheckpointError, OSError) as error:
        kind, title = "refused", str(error)
    if not kind:
        return None
    files = [path] if path.is_file() else list(path.glob("**/*.safetensors"))
    return Lying(name=path.name, path=path, kind=kind, title=title, num_bytes=sum(map(_size, files)))


def _size(file: Path) -> int:
    """In bytes; a link that leads nowhere has none."""
    try:
        return file.stat().st_size
    except OSError:
        return 0


def _told(path: Path) -> tuple[str, str]:
    """("", "") where it is nothing that one would ask for."""
    if path.is_dir():
        if not (path / "model_index.json").exists():
            return "", ""
        return "folder", f"a {read_json(path / 'model_index.json').get('_class_name')} in diffusers layout"
    if path.suffix in _PICKLES:
        return "refused", "a pickle by its name, which is never opened; convert it to safetensors"
    return _in_two_words(recognise(read_header(path))) if path.suffix == ".safetensors" else ("", "")


def _in_two_words(kind: Kind) -> tuple[str, str]:
    is_refused = kind.kind in {"model", "other"} and kind.variant is None
    return "refused" if is_refused else kind.kind, kind.title
