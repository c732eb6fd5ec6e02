"""Models on the way in: the wish for another one, and an attempt to load it. Torch waits for the engine's thread."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from semdraw.errors import EngineError, SemdrawError, is_out_of_memory, reason_of

if TYPE_CHECKING:
    from semdraw.models.base import DiffusionModel

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Switch:
    """A wish for another model. on_ready is called in the engine's thread, before the model paints for anybody.

    done ends when the model runs, or with the reason why the one before goes on.
    """

    name: str
    load: Callable[[], DiffusionModel]
    on_ready: Callable[[], None] = lambda: None
    done: Future[None] = field(default_factory=Future[None])


def attempt(
    load: Callable[[], DiffusionModel],
) -> tuple[DiffusionModel | None, SemdrawError | None, bool]:
    """A model, or why there is none and whether for want of memory; nothing of a failed attempt is held on to."""
    from semdraw.painting import free_memory

    try:
        return load(), None, False
    except SemdrawError as error:
        return None, type(error)(str(error)), False
    except Exception as error:
        log.error(
            "a model cannot be loaded: %s", traceback.format_exc()
        )  # as text, which holds on to nothing
        return None, EngineError(reason_of(error)), is_out_of_memory(error)
    finally:
        free_memory()
