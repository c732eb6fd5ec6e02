"""What is told of a picture beside its pixels."""

from __future__ import annotations

from typing import Literal

import msgspec

from semdraw.rasters import Mask


class Hint(msgspec.Struct, frozen=True):
    """What to tell the painter of one region; an empty `brush_id` is the background.

    problem: `chosen` is none: the words say what chance has made of a prompt.
    """

    brush_id: str
    problem: Literal[
        "chosen",
        "too_small",
        "hidden",
        "faint",
        "behind_locked",
        "no_prompt",
        "unknown_words",
        "negative_unused",
    ]
    words: tuple[str, ...] = ()


def hint_text(hint: Hint) -> str:
    """A hint in words, for those who do not see the page."""
    match hint.problem:
        case "chosen":
            text = f"is this time: {' '.join(hint.words)}"
        case "too_small":
            text = "is too small to act; paint more of it"
        case "hidden":
            text = "is hidden by the layers above it"
        case "faint":
            text = "is too faint to act; raise its opacity"
        case "behind_locked":
            text = "lies where a locked region keeps its picture; unlock that one, or paint elsewhere"
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


class ActingStep(msgspec.Struct, frozen=True):
    """What of a region takes part in one step.

    acts: the step lies in the brush's window. noise: the share of noise before the step. cover: the share of the
    canvas that the region claims, 0 to 1. mask: how much it counts, one pixel a latent cell.
    """

    acts: bool
    noise: float
    cover: float
    mask: Mask


class Inspection(msgspec.Struct, frozen=True):
    """Why a region shows or does not. painted: the share of the canvas with its paint; steps: none where it has none,
    no words, or is hidden; hints: what its painter is told.
    """

    brush_id: str
    painted: float
    steps: tuple[ActingStep, ...]
    hints: tuple[Hint, ...]
