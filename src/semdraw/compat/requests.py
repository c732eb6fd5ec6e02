"""Requests that wait for the next picture: what is newer wins, what it leaves open is kept from what is older."""

from __future__ import annotations

import threading
import warnings

from semdraw.compat.data import BackgroundObject, LayerObject


class Requests:
    """One request for the background, and at most `capacity` for layers; may be filled from any thread."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._lock = threading.Lock()
        self._background: BackgroundObject | None = None
        self._layers: list[LayerObject] = []

    @property
    def is_empty(self) -> bool:
        return self._background is None and not self._layers

    def put_background(self, request: BackgroundObject) -> None:
        """The new request, with what it leaves open taken from one that waits."""
        if request.is_empty:
            return
        with self._lock:
            if self._background is not None:
                request.absorb(self._background)
            self._background = request

    def put_layer(self, request: LayerObject) -> None:
        """The new request absorbs all that wait for the same layer and comes last; where all is full it is dropped."""
        if request.is_empty:
            return
        with self._lock:
            others = [older for older in reversed(self._layers) if not request.merge(older)][::-1]
            if len(others) >= self._capacity:
                warnings.warn(
                    f"{self._capacity} requests wait already; left out: {request}. Call commit() now and then",
                    stacklevel=3,
                )
            else:
                others.append(request)
            self._layers = others

    def take(self) -> tuple[BackgroundObject | None, list[LayerObject]]:
        """All that waits, which then waits no more."""
        with self._lock:
            taken = self._background, self._layers
            self._background, self._layers = None, []
        return taken
