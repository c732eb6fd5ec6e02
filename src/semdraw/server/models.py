"""Which model paints, which others there are, and the change from one to another."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from semdraw.engine import Engine
from semdraw.errors import UsageError
from semdraw.loading import Switch
from semdraw.models.registry import ModelCard

if TYPE_CHECKING:
    from semdraw.models.base import DiffusionModel

_PLACED: Final = ("device", "dtype", "low_memory")  # what `load_model` is told and `find_model` is not


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A model that painters may ask for. find, load: its card without its weights, and the model itself."""

    name: str
    title: str
    find: Callable[[], ModelCard]
    load: Callable[[], DiffusionModel]


def laid_out(what: str, **told: Any) -> Callable[[], tuple[Choice, ...]]:
    """What painters may choose from: the model that the operator asked for, those of the package, the model folders.

    told: `load_model`'s further arguments. What is added to weights belongs to `what` alone.
    """

    def choices() -> tuple[Choice, ...]:
        from semdraw.models.opening import EMBEDDED
        from semdraw.models.places import lying_there

        shared = {name: told[name] for name in _PLACED if name in told}
        lying = [found for found in lying_there() if found.kind in {"folder", "model"}]
        found = [
            _choice(what, "", told),
            *(_choice(name, "comes with semdraw", shared) for name in EMBEDDED if name != what),
            *(_choice(str(each.path), each.title, shared) for each in lying if str(each.path) != what),
        ]
        return tuple({choice.name: choice for choice in reversed(found)}.values())[::-1]

    return choices


def _choice(what: str, title: str, told: dict[str, Any]) -> Choice:
    from semdraw.models.places import called
    from semdraw.models.registry import find_model, load_model

    additions = {name: value for name, value in told.items() if name not in _PLACED}
    name = called(what)
    return Choice(
        name=name,
        title=f"{name} ({title})" if title else name,
        find=lambda: find_model(what, **additions),
        load=lambda: load_model(what, **told),
    )


class Models:
    """Painters choose by name among what the operator has laid out, never by path."""

    def __init__(
        self, engine: Engine, card: ModelCard, choices: Callable[[], tuple[Choice, ...]] = lambda: ()
    ) -> None:
        self._engine = engine
        self._choices = choices
        self._listeners: list[Callable[[ModelCard], None]] = []
        self.first = card
        self.card = card

    def choices(self) -> tuple[Choice, ...]:
        """What there is now; looks into the model folders."""
        return self._choices()

    async def switch(self, name: str) -> ModelCard:
        """Have another model paint for everybody; a SemdrawError says why it does not, and nothing has changed."""
        choices = {choice.name: choice for choice in await asyncio.to_thread(self._choices)}
        if name not in choices:
            raise UsageError(f"no model {name!r} here; wanted one of {', '.join(choices) or self.card.name}")
        choice = choices[name]
        card = await asyncio.to_thread(choice.find)
        wish = Switch(name=card.name, load=choice.load, on_ready=lambda: self._changed(card))
        await asyncio.wrap_future(self._engine.switch(wish))
        return card

    @contextmanager
    def heard_by(self, listener: Callable[[ModelCard], None]) -> Generator[None]:
        """Within the block `listener` is called in the engine's thread whenever another model paints."""
        self._listeners.append(listener)
        try:
            yield
        finally:
            self._listeners.remove(listener)

    def _changed(self, card: ModelCard) -> None:
        self.card = card
        for listener in tuple(self._listeners):
            listener(card)
