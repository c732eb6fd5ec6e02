"""What to tell a painter: why a region shows or does not, and what a model makes of its words."""

from __future__ import annotations

from typing import Literal

import numpy as np

from semdraw.areas import Region, acting_steps
from semdraw.freezing import painted_above
from semdraw.models.base import ModelSpec
from semdraw.prompts import plain_text
from semdraw.reports import Hint
from semdraw.scene import Brush, ColorBackground, Layer, Scene
from semdraw.wildcards import has_chance
from semdraw.wording import own_words, own_words_behind

_FAINT = 0.5  # of the opacity of a brush
_MOSTLY = 0.75  # of a region under others
_TOO_SMALL_CELLS = 6  # below this many cells at the last step a region hardly shows


def hints_of(
    scene: Scene, pairs: list[tuple[Brush, Layer]], compiled: dict[str, Region], spec: ModelSpec
) -> list[Hint]:
    """What to tell the painter of visible layers, once those that are painted are compiled."""
    hints: list[Hint] = []
    for brush, layer in pairs:
        if layer.mask.is_blank:
            continue
        if not own_words(scene, brush).strip():
            hints.append(Hint(brush_id=brush.id, problem="no_prompt"))
            continue
        if (words := own_words(scene, brush)) != brush.prompt:
            hints.append(Hint(brush_id=brush.id, problem="chosen", words=(words,)))
        if layer.frozen is None:
            hints += _lacks(brush, layer, compiled[brush.id], scene, spec)
        if unknown := unknown_words(own_words(scene, brush), spec.vocabulary):
            hints.append(Hint(brush_id=brush.id, problem="unknown_words", words=unknown))
        if brush.negative.strip() and not scene.recipe.uses_negatives:
            hints.append(Hint(brush_id=brush.id, problem="negative_unused"))
    behind = scene.canvas.background
    if not isinstance(behind, ColorBackground) and has_chance(behind.prompt):
        hints.append(Hint(brush_id="", problem="chosen", words=(own_words_behind(scene),)))
    is_led = not isinstance(behind, ColorBackground) and bool(behind.negative.strip())
    if is_led and not scene.recipe.uses_negatives:
        hints.append(Hint(brush_id="", problem="negative_unused"))
    return hints


def _lacks(brush: Brush, layer: Layer, region: Region, scene: Scene, spec: ModelSpec) -> list[Hint]:
    """What keeps a painted region from being seen, if anything does."""
    if (lack := _lack(brush, layer, region, scene, spec)) is not None:
        return [Hint(brush_id=brush.id, problem=lack)]
    frozen = [other for other in scene.canvas.layers if other.visible and other.frozen is not None]
    if not frozen or _frozen_share(layer, frozen) <= _MOSTLY:
        return []
    return [Hint(brush_id=brush.id, problem="behind_locked")]


def _frozen_share(layer: Layer, frozen: list[Layer]) -> float:
    """Of what was painted on a layer: how much lies where others keep their pixels."""
    own = layer.mask.array > 0
    kept = np.zeros_like(own)
    for other in frozen:
        if other.frozen is not None:
            kept[other.frozen.bounds.slices] |= other.frozen.mask.array == 255
    return float(np.count_nonzero(kept & own)) / max(1, np.count_nonzero(own))


def _lack(
    brush: Brush, layer: Layer, region: Region, scene: Scene, spec: ModelSpec
) -> Literal["too_small", "hidden", "faint"] | None:
    """What keeps a painted region from acting, if anything does."""
    effect = float(region.weights.sum(dim=(1, 2, 3)).max())
    painted = float(np.count_nonzero(layer.mask.array)) / spec.cell_px**2
    first = acting_steps(brush, len(region.weights)).index(True)
    if effect >= min(_TOO_SMALL_CELLS, max(1.0, painted)) and region.is_active(first):
        return None
    if painted > 4 * _TOO_SMALL_CELLS and _covered_share(layer, scene) > _MOSTLY:
        return "hidden"
    return "faint" if brush.strength < _FAINT else "too_small"


def _covered_share(layer: Layer, scene: Scene) -> float:
    """Of what was painted on a layer: how much lies under regions above it."""
    own, above = layer.mask.array > 0, painted_above(scene, layer.brush_id) > 0
    return float(np.count_nonzero(above & own)) / max(1, np.count_nonzero(own))


def unknown_words(prompt: str, vocabulary: frozenset[str]) -> tuple[str, ...]:
    """The words of a prompt that a model of few words was never taught."""
    if not vocabulary:
        return ()
    words = "".join(c if c.isalnum() else " " for c in plain_text(prompt).lower()).split()
    return tuple(word for word in words if word not in vocabulary)
