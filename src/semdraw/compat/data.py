"""What a stream is asked to change, and what it holds: the published data classes. None means: as it was."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any


@dataclass(repr=False, eq=False)
class _Request:
    """Fields that are None say nothing; the rest wins over older requests."""

    @property
    def is_empty(self) -> bool:
        return all(getattr(self, one.name) is None for one in fields(self) if one.name != "idx")

    def absorb(self, older: _Request) -> None:
        """Take over from an older request what this one leaves open."""
        for one in fields(self):
            if getattr(self, one.name) is None:
                setattr(self, one.name, getattr(older, one.name))

    def __repr__(self) -> str:
        said = [
            f"{one.name}={_brief(getattr(self, one.name))}"
            for one in fields(self)
            if getattr(self, one.name) is not None
        ]
        return f"{type(self).__name__}({', '.join(said)})"


@dataclass(repr=False, eq=False)
class BackgroundObject(_Request):
    """A background: a picture, its prompt, what it shall not show."""

    image: Any = None
    prompt: str | None = None
    negative_prompt: str | None = None


@dataclass(repr=False, eq=False)
class LayerObject(_Request):
    """One layer; `idx` says which, None or one past the last appends."""

    idx: int | None = None
    prompt: str | None = None
    negative_prompt: str | None = None
    suffix: str | None = None
    prompt_strength: float | None = None
    mask: Any = None
    mask_std: float | None = None
    mask_strength: float | None = None

    def merge(self, other: LayerObject) -> bool:
        """Absorb an older request for the same layer; whether it was one. Two that append are two layers."""
        if self.idx is None or self.idx != other.idx:
            return False
        self.absorb(other)
        return True


@dataclass(repr=False, eq=False)
class BackgroundState(BackgroundObject):
    """A background as a stream holds it: with its clean latent (1 c h w) and its prompt's embeddings (1 n d)."""

    latent: Any = None
    embed: Any = None

    @property
    def is_incomplete(self) -> bool:
        return any(getattr(self, one.name) is None for one in fields(self))


def _brief(value: Any) -> str:
    if hasattr(value, "shape"):
        return f"{type(value).__name__}(shape={tuple(value.shape)})"
    if hasattr(value, "size") and hasattr(value, "mode"):
        return f"Image(size={value.size})"
    return repr(value)
