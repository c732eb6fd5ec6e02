"""A model that counts what it is asked for: rows, and the arithmetic of network and decoder."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from semdraw.models.base import DiffusionModel, Rows


class Counting:
    """Stands before a model and passes everything on.

    flops: of all calls since `reset`, a multiplication and an addition being two. rows: of the network. is_timed: no
    call was slowed down by counting: the arithmetic of a call depends on its shapes alone, so that each shape is
    counted once, by the row, on the first call that has it.
    """

    def __init__(self, model: DiffusionModel) -> None:
        self._model = model
        self._known: dict[Any, int] = {}
        self.reset()

    def reset(self) -> None:
        self.flops, self.rows, self.decodes = 0, 0, 0
        self.is_timed = True

    def __getattr__(self, name: str) -> Any:
        return getattr(self._model, name)

    def predict(self, rows: Rows) -> Tensor:
        count = len(rows.latents)
        self.rows += count
        return self._counted(("predict", _shapes(rows, count)), count, lambda: self._model.predict(rows))

    def decode(self, latents: Tensor) -> Tensor:
        self.decodes += 1
        return self._counted(("decode", tuple(latents.shape)), 1, lambda: self._model.decode(latents))

    def _counted(self, key: Any, count: int, call: Callable[[], Tensor]) -> Tensor:
        """The call's result; what one of its `count` rows takes is counted where it is not known."""
        if key in self._known:
            self.flops += count * self._known[key]
            return call()
        self.is_timed = False
        with FlopCounterMode(display=False) as counter:
            result = call()
        self._known[key] = counter.get_total_flops() // count
        self.flops += count * self._known[key]
        return result


def _shapes(value: Any, count: int) -> Any:
    """The shapes of all tensors in a value of `count` rows, nested as they are, without the axis of rows."""
    if isinstance(value, Tensor):
        shape = tuple(value.shape)
        return shape[1:] if shape[:1] == (count,) else shape
    if isinstance(value, (list, tuple)):
        return tuple(_shapes(each, count) for each in value)
    if isinstance(value, dict):
        return tuple((name, _shapes(each, count)) for name, each in value.items())
    if hasattr(value, "__dataclass_fields__"):
        return tuple((name, _shapes(getattr(value, name), count)) for name in value.__dataclass_fields__)
    return value if isinstance(value, (int, float, str, bool, type(None))) else type(value).__name__
