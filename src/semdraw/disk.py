"""Whole files, read within bounds and replaced in one step."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Final

from semdraw.errors import FileError

MAX_FILE_BYTES: Final = 64 * 2**20


def read_bounded(path: Path, max_bytes: int = MAX_FILE_BYTES) -> bytes:
    """All bytes of a file, or a FileError where there is none, or it is too large."""
    try:
        with path.open("rb") as file:
            data = file.read(max_bytes + 1)
    except OSError as error:
        raise FileError(f"{path} cannot be read: {error.strerror}") from None
    if len(data) > max_bytes:
        raise FileError(f"{path} is larger than {max_bytes // 2**20} MiB")
    return data


def write_atomically(path: Path, data: bytes) -> None:
    """Replace the file in one step: whoever reads sees the old bytes or the new ones, also after a power cut.

    A link stays a link; the file it points to is replaced. A file keeps its permissions, a new one has the usual ones.
    """
    try:
        target = path.resolve()
        handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            Path(name).chmod(_mode(target))
            Path(name).replace(target)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
        _sync_folder(target.parent)
    except (OSError, RuntimeError) as error:  # RuntimeError: links in a circle
        raise FileError(f"{path} cannot be written: {getattr(error, 'strerror', None) or error}") from None


def _mode(path: Path) -> int:
    """The permissions of the file at `path`, or those that open() would give to a new one."""
    try:
        return path.stat().st_mode & 0o777
    except FileNotFoundError:
        mask = os.umask(0o077)  # there is no way to look without setting it
        os.umask(mask)
        return 0o666 & ~mask


def _sync_folder(folder: Path) -> None:
    """Make the renaming itself durable, where the system can open folders."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
