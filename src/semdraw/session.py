"""One painter's work: the scene, its revision, and which edits are part of it. Pure: no loop, no device, no lock."""

from __future__ import annotations

from collections import OrderedDict

from msgspec.structs import replace

from semdraw.commands import Command, apply
from semdraw.errors import SceneError
from semdraw.scene import Recipe, Scene, checked

_REMEMBERED = 1_000  # edits that may come again and are still known by number


class Session:
    """Applies commands in order and counts revisions; an edit that comes twice counts once."""

    def __init__(self, scene: Scene) -> None:
        self._scene = checked(scene)
        self._revision = 0
        self._last_seq = -1
        self._applied: OrderedDict[int, int] = OrderedDict()  # seq -> revision

    @property
    def scene(self) -> Scene:
        return self._scene

    @property
    def revision(self) -> int:
        return self._revision

    def apply(self, seq: int, command: Command) -> int:
        """The revision from which on the edit is part of the scene. A SceneError leaves everything as it was."""
        known = self._applied.get(seq)
        if known is not None:
            return known
        if seq <= self._last_seq:
            raise SceneError(
                f"edit {seq} came after edit {self._last_seq}; send edits in order, each number once"
            )
        self._scene = apply(self._scene, command)
        self._revision += 1
        self._last_seq = seq
        self._remember(seq)
        return self._revision

    def retune(self, recipe: Recipe) -> None:
        """Another recipe under the same revision: no edit of the painter's, but what a change of models brings."""
        self._scene = replace(self._scene, recipe=recipe)

    def _remember(self, seq: int) -> None:
        self._applied[seq] = self._revision
        if len(self._applied) > _REMEMBERED:
            self._applied.popitem(last=False)
