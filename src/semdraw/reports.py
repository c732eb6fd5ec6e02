"""What is told of a picture beside its pixels."""

from __future__ import annotations

from typing import Literal

import msgspec


class Hint(msgspec.Struct, frozen=True):
    """What to tell the painter of one region; an empty `brush_id` is the background."""

    brush_id: str
    problem: Literal["too_small", "hidden", "no_prompt", "unknown_words", "negative_unused"]
    words: tuple[str, ...] = ()


class Timings(msgspec.Struct, frozen=True):
    """Milliseconds since the scene of this frame was taken up, and the network rows of the picture so far."""

    compile_ms: float = 0.0
    denoise_ms: float = 0.0
    decode_ms: float = 0.0
    total_ms: float = 0.0
    rows: int = 0
