"""Words for a picture behind. None come with the package, and none is loaded unless it is asked for.

A captioner is any function from a `Picture` to words. Another package brings one by name, by an entry point in the
group `semdraw.captioners`.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import entry_points
from typing import Final

from msgspec.structs import replace

from semdraw.errors import SceneError, UsageError
from semdraw.rasters import Picture
from semdraw.scene import MAX_PROMPT, ImageBackground

GROUP: Final = "semdraw.captioners"

Caption = Callable[[Picture], str]


def captioners() -> tuple[str, ...]:
    """The names of all that are installed; none of them is loaded for it."""
    return tuple(sorted(entry.name for entry in entry_points(group=GROUP)))


def captioner(name: str) -> Caption:
    """Load the captioner of this name."""
    for entry in entry_points(group=GROUP):
        if entry.name == name:
            return entry.load()
    known = ", ".join(captioners()) or "none"
    raise UsageError(
        f"no captioner {name!r}; installed: {known}; another package brings one by an entry point in {GROUP}"
    )


def described(background: ImageBackground, caption: Caption) -> ImageBackground:
    """A picture behind with the words that a captioner finds for it, where it has none yet."""
    if background.prompt.strip():
        return background
    return replace(background, prompt=_words(caption(background.picture)))


def _words(answer: object) -> str:
    if not isinstance(answer, str):
        raise SceneError(f"a captioner answers with words, got a {type(answer).__name__}")
    return " ".join(answer.split())[:MAX_PROMPT]
