"""What is told of a picture beside its pixels."""

from __future__ import annotations

from typing import Literal

import msgspec


class Hint(msgspec.Struct, frozen=True):
    """What to tell the painter of one region; an empty `brush_id` is the background."""

    brush_id: str
    problem: Literal["too_small", "hidden", "no_prompt", "unknown_words", "negative_unused"]
    words: tuple[str, ...] = ()


def hint_text(hint: Hint) -> str:
    """A hint in words, for those who do not see the page."""
    match hint.problem:
        case "too_small":
            text = "is too small to act; paint more of it"
        case "hidden":
            text = "is hidden by the layers above it"
        case "no_prompt":
            text = "has no prompt; say what shall appear there"
        case "unknown_words":
            text = f"uses words that the model does not know: {', '.join(hint.words)}"
        case "negative_unused":
            text = "has a negative prompt, which acts only with a guidance above 1 that leads away from words"
    return f"{hint.brush_id or 'the background'} {text}"


class Timings(msgspec.Struct, frozen=True):
    """Milliseconds since the scene of this frame was taken up, and the network rows of the picture so far."""

    compile_ms: float = 0.0
    denoise_ms: float = 0.0
    decode_ms: float = 0.0
    total_ms: float = 0.0
    rows: int = 0
