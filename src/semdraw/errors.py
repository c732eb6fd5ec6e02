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
