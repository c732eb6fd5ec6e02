"""Claims about the steps in which a brush takes part."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from msgspec.structs import replace

from semdraw.areas import acting_steps
from semdraw.commands import EditBrush, apply
from semdraw.geometry import Bounds, Extent
from semdraw.previews import touched_cells
from semdraw.regions import compile_regions
from semdraw.scene import Brush, Canvas, Layer, PromptBackground, Scene
from semdraw.still import generate
from tests.scenes import box
from tests.toy import ToyModel

EXTENT = Extent(128, 128)
BELOW, ABOVE = Bounds(16, 16, 96, 96), Bounds(64, 16, 48, 96)


def scene_of(*, acts_from: float = 0.0, acts_until: float = 1.0) -> Scene:
    """Red below, blue above its right half."""
    layers = (
        Layer(brush_id="below", mask=box(EXTENT, BELOW)),
        Layer(brush_id="above", mask=box(EXTENT, ABOVE)),
    )
    blue = Brush(id="above", prompt="blue", acts_from=acts_from, acts_until=acts_until, softness_px=0)
    canvas = Canvas(extent=EXTENT, layers=layers, background=PromptBackground(prompt="green"))
    return Scene(canvas=canvas, brushes=(Brush(id="below", prompt="red", softness_px=0), blue))


@pytest.mark.parametrize(
    ("window", "steps"),
    [
        ((0.0, 1.0), (True, True, True, True)),
        ((0.5, 1.0), (False, False, True, True)),
        ((0.0, 0.3), (True, False, False, False)),
        ((0.3, 0.0), (True, False, False, False)),
        ((0.5, 0.5), (False, False, True, False)),
        ((1.0, 1.0), (False, False, False, True)),
    ],
)
def test_a_step_counts_by_its_middle_and_one_step_acts_at_least(
    window: tuple[float, float], steps: tuple[bool, ...]
) -> None:
    assert acting_steps(Brush(id="b", acts_from=window[0], acts_until=window[1]), 4) == steps


def test_outside_of_its_window_a_region_weighs_nothing_and_hides_nothing() -> None:
    model = ToyModel()
    alone = scene_of()
    alone = alone.with_layer(replace(alone.layer("above"), visible=False))
    whole, late, without = (
        {region.brush_id: region.weights for region in compile_regions(scene, model).regions}
        for scene in (scene_of(), scene_of(acts_from=0.5), alone)
    )
    assert not late["above"][:2].any()
    assert torch.equal(late["above"][2:], whole["above"][2:])
    assert torch.equal(late["below"][:2], without["below"][:2])
    assert torch.equal(late["below"][2:], whole["below"][2:])


def test_rows_outside_of_the_window_do_not_run() -> None:
    counts: list[int] = []
    for scene in (scene_of(), scene_of(acts_until=0.25)):
        model = ToyModel()
        generate(model, scene)
        counts.append(model.rows)
    assert counts[0] - counts[1] == 3


def test_what_acts_last_is_what_one_sees() -> None:
    early, late = (
        generate(ToyModel(), scene_of(**window)) for window in ({"acts_until": 0.5}, {"acts_from": 0.5})
    )
    at = (64, 96)
    assert np.argmax(early.array[at]) == 0
    assert np.argmax(late.array[at]) == 2


def test_a_window_is_set_by_a_command_tells_no_false_hint_and_previews_show_it() -> None:
    scene = apply(scene_of(), EditBrush(brush_id="above", acts_until=0.5))
    assert scene == scene_of(acts_until=0.5)
    model = ToyModel()
    before, after = compile_regions(scene_of(), model), compile_regions(scene, model)
    assert before.hints == after.hints == ()
    cells = touched_cells(before, after)
    assert bool(cells[8, 12])
    assert not bool(cells[8, 4])
