"""The edit scripts, driven through the real engine: what a painter sees between one stroke and the next.

Every edit is put as the page puts it, and every frame that comes is kept until the picture has settled. Then it is
taken back and done again, so that an undo is seen as well.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from eval.bench import Bench, Edit, EditScript, Layout, scene_of
from eval.drawing import done_as, recipe_of
from eval.easel import Easel, Shown
from eval.methods import MethodRow
from semdraw.live import Stream
from semdraw.models.base import DiffusionModel
from semdraw.scene import Recipe

_AT_REST = 3  # frames that are looked at when nothing is edited


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EditRun:
    """One edit: the layouts and settled pictures (H W 3) uint8 before and after, and all frames in between.

    undone: the picture after the edit was taken back.
    """

    edit: Edit
    layout_before: Layout
    layout_after: Layout
    before: np.ndarray
    after: np.ndarray
    undone: np.ndarray
    frames: tuple[Shown, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ScriptRun:
    """One script. at_rest: pictures of the first layout while nothing is edited."""

    script: EditScript
    at_rest: tuple[np.ndarray, ...]
    edits: tuple[EditRun, ...]


def drive(bench: Bench, script: EditScript, method: MethodRow, model: DiffusionModel) -> ScriptRun:
    """A script from the first layout to the last, by one painter at an engine of its own."""
    recipe = recipe_of(method, model.spec.recipe)
    with done_as(method.change):
        with Easel(model) as easel:
            edits = tuple(_edits(bench, script, recipe, easel))
        with Easel(model) as another:  # nothing is remembered here
            again = another.show(scene_of(bench.layout(script.layout), recipe))
            rested = another.show(scene_of(bench.layout(script.layout), recipe))
    at_rest = (edits[0].before, again[-1].pixels, *(frame.pixels for frame in rested))
    return ScriptRun(script=script, at_rest=at_rest, edits=edits)


def _edits(bench: Bench, script: EditScript, recipe: Recipe, easel: Easel) -> Iterator[EditRun]:
    states = bench.states(script)
    before = easel.show(scene_of(states[0], recipe))[-1].pixels
    for edit, earlier, later in zip(script.edits, states, states[1:], strict=False):
        frames = easel.show(scene_of(later, recipe))
        undone = easel.show(scene_of(earlier, recipe))[-1].pixels
        yield EditRun(
            edit=edit,
            layout_before=earlier,
            layout_after=later,
            before=before,
            after=frames[-1].pixels,
            undone=undone,
            frames=tuple(frames),
        )
        before = easel.show(scene_of(later, recipe))[-1].pixels


def varied_at_rest(layout: Layout, method: MethodRow, model: DiffusionModel) -> tuple[np.ndarray, ...]:
    """Frames of a stream that draws new noise for each, as the published one does; nothing is edited."""
    recipe = recipe_of(method, model.spec.recipe)
    with done_as(method.change), Stream(model, scene_of(layout, recipe), is_varied=True) as stream:
        settled = (frame.picture.array for frame in stream if frame.is_settled)
        return tuple(np.array(next(settled)) for _ in range(_AT_REST))
