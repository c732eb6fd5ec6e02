"""What an engine hands out: pictures, and how it fares. Knows nothing of torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from semdraw.reports import Hint, Timings


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Frame:
    """One picture: pixels (H W 3) uint8; all its steps ran under `revision`. A settled frame is final for it.

    frame: where in the endless variation it stands; the scene with this frame number gives the same bytes.
    """

    pixels: NDArray[np.uint8]
    revision: int
    step: int
    num_steps: int
    is_settled: bool
    timings: Timings
    hints: tuple[Hint, ...] = ()
    frame: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """Endless variation: pictures of one scene, each `speed` frames further than the last.

    rest_s: how long it goes on without a word from the painter.
    """

    speed: float
    per_s: float = 8.0
    rest_s: float = 600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineStatus:
    """How the engine fares, for one painter; `reason` is for people and empty when all is well."""

    state: Literal["live", "paused", "loading", "recovering", "failed"]
    reason: str = ""


def is_preview(step: int, num_steps: int) -> bool:
    """Which steps are shown: the first, and of long schedules every eighth part."""
    return step == 1 or step % max(4, num_steps // 8) == 0
