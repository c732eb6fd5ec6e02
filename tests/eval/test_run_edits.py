"""Claims about edit scripts at the real engine, with a model that knows the answer."""

from __future__ import annotations

import numpy as np
import pytest

from eval.bench import Bench, Edit, EditScript, Layout, PlacedRegion
from eval.easel import Easel
from eval.edits import drive, varied_at_rest
from eval.edits_scores import flicker
from eval.methods import METHODS, MethodRow
from semdraw.errors import EngineError
from semdraw.geometry import Extent
from tests.scenes import two_regions
from tests.toy import ToyModel

EXTENT = Extent(128, 128)
EXACT = next(row for row in METHODS if row.name == "exact-lcm")


def disc(x: int, y: int) -> np.ndarray:
    rows, columns = np.mgrid[:128, :128]
    return np.hypot(columns - x, rows - y) < 24


def toy_bench() -> Bench:
    """One region that moves, and goes."""
    region = PlacedRegion(key="one", object=0, prompt="red", mask=disc(40, 40))
    layout = Layout(
        id=0, split="dev", tier="easy", mask_kind="blob", background=0, regions=(region,), extent=EXTENT
    )
    edits = (Edit(kind="move", key="one", mask=disc(90, 90)), Edit(kind="remove", key="one"))
    return Bench(layouts=(layout,), scripts=(EditScript(id=0, layout=0, edits=edits),), hash="toy")


def test_an_edit_is_followed_taken_back_and_done_again() -> None:
    bench = toy_bench()
    done = drive(bench, bench.scripts[0], EXACT, ToyModel())
    move, gone = done.edits
    assert [edit.edit.kind for edit in done.edits] == ["move", "remove"]
    assert [frame.is_settled for frame in move.frames] == [False, True]
    assert move.frames[0].elapsed_ms <= move.frames[-1].elapsed_ms
    assert np.array_equal(move.frames[-1].pixels, move.after)
    assert not np.array_equal(move.before, move.after)
    assert np.array_equal(move.before, move.undone)
    assert np.array_equal(move.after, gone.before)
    assert move.after[90, 90, 0] > 200 > move.after[40, 40, 0], "red is where it was moved to"
    assert flicker(done.at_rest) == 0, "nothing moves at rest, nor at another engine"


def test_new_noise_in_every_frame_is_seen_as_flicker() -> None:
    layout = toy_bench().layout(0)
    model = ToyModel()
    model.spoil = lambda output: 0.8 * output
    assert flicker(varied_at_rest(layout, EXACT, model)) > 0


@pytest.mark.parametrize(
    "method", [row for row in METHODS if row.name in ("published-lcm", "without-quantising")]
)
def test_a_script_is_driven_by_the_rules_of_its_method(method: MethodRow) -> None:
    bench = toy_bench()
    exact = drive(bench, bench.scripts[0], EXACT, ToyModel()).edits[0].after
    assert not np.array_equal(drive(bench, bench.scripts[0], method, ToyModel()).edits[0].after, exact)


def test_an_engine_that_fails_ends_the_script_with_its_reason() -> None:
    model = ToyModel()

    def fail() -> None:
        raise EngineError("the device is gone")

    model.fault = fail
    with pytest.raises(EngineError, match="the device is gone"), Easel(model) as easel:
        easel.show(two_regions(EXTENT))
