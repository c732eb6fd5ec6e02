"""All errors a caller may meet. Each message names what was got, what is wanted and the next move."""

from __future__ import annotations


class SemdrawError(Exception):
    """Base class: the message is meant for the person who paints."""


class UsageError(SemdrawError):
    """A request that cannot be met as it was put."""


class ExtentError(SemdrawError):
    """A size that does not fit the model or the limits."""


class SceneError(SemdrawError):
    """A scene or an edit that makes no sense."""


class FileError(SemdrawError):
    """A project file or picture that cannot be read."""


class CheckpointError(SemdrawError):
    """A model that is not what it should be, or is not safe to load."""


class ProtocolError(SemdrawError):
    """A wire message outside its bounds."""


class EngineError(SemdrawError):
    """The device could not finish a picture."""


def is_out_of_memory(error: BaseException) -> bool:
    """Whether a device or this computer was full; libraries beneath torch say so in words only."""
    full = type(error).__name__ == "OutOfMemoryError" or "out of memory" in str(error).lower()
    return full or isinstance(error, MemoryError)


def reason_of(error: BaseException) -> str:
    """What went wrong, for people; out of memory is said with the next move."""
    if is_out_of_memory(error):
        return "the device ran out of memory; try a smaller canvas, fewer regions, or --low-memory"
    text = str(error)
    return text.splitlines()[0] if text else type(error).__name__
