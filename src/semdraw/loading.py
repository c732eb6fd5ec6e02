"""What the engine's thread is asked for between two network calls: another model, or something of the one it has."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

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


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Question:
    """Something that the model is needed for, and nobody's picture."""

    ask: Callable[[DiffusionModel], Any]
    answer: Future[Any] = field(default_factory=Future[Any])

    def meet(self, model: DiffusionModel) -> None:
        """Answer it; what goes wrong is the asker's matter alone."""
        if not self.answer.set_running_or_notify_cancel():
            return
        try:
            self.answer.set_result(self.ask(model))
        except SemdrawError as error:
            self.answer.set_exception(error)
        except Exception as error:
            log.exception("a question to the model failed")
            self.answer.set_exception(EngineError(reason_of(error)))

    def refuse(self, reason: str) -> None:
        if self.answer.set_running_or_notify_cancel():
            self.answer.set_exception(EngineError(reason))


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
