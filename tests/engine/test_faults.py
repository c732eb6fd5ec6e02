"""Claims about the engine's faults: each is told in words, and none loses the last good picture."""

from __future__ import annotations

import pytest
import torch

from semdraw.engine import Engine
from semdraw.errors import CheckpointError, EngineError
from semdraw.frames import EngineStatus, Frame
from semdraw.still import generate
from tests.core.test_stream import scene_of
from tests.engine.desks import Desk, planted
from tests.toy import ToyModel


@pytest.mark.parametrize(
    ("error", "word"),
    [
        (torch.OutOfMemoryError("CUDA out of memory"), "out of memory"),
        (RuntimeError("CUDA out of memory. Tried to allocate"), "out of memory"),
        (RuntimeError("a kernel failed"), "a kernel failed"),
        (EngineError("not finite"), "not finite"),
    ],
)
def test_a_fault_is_tried_once_more_then_told_and_the_next_edit_paints_again(
    engine: Engine, model: ToyModel, error: Exception, word: str
) -> None:
    desk = Desk(engine)
    planted(model, error, times=1)
    desk.seat.put(scene_of(), 1)
    assert word in desk.told("recovering").reason
    desk.settled(1)

    planted(model, error, times=2)
    desk.seat.put(scene_of(seed=2), 2)
    assert word in desk.told("failed").reason
    assert all(frame.revision == 1 for frame in desk.frames)

    desk.seat.put(scene_of(seed=3), 3)
    assert (desk.settled(3).pixels == generate(ToyModel(), scene_of(seed=3)).array).all()


def test_numbers_that_are_not_finite_never_reach_a_frame(engine: Engine, model: ToyModel) -> None:
    desk = Desk(engine)
    model.spoil = lambda output: output * float("inf")
    desk.seat.put(scene_of(), 1)
    assert "not finite" in desk.told("failed").reason
    assert not desk.frames
    model.spoil = lambda output: output
    desk.seat.put(scene_of(), 2)
    desk.settled(2)


def test_a_dead_engine_loads_its_model_again_and_paints_the_same_scene(model: ToyModel) -> None:
    loads: list[int] = []
    engine = Engine(lambda: (loads.append(1), model)[1])
    engine.start()
    desk = Desk(engine)
    planted(model, SystemExit("the driver went away"), times=1)
    desk.seat.put(scene_of(), 1)
    assert "driver" in desk.told("recovering").reason
    desk.settled(1)
    assert len(loads) == 2
    engine.stop()


def test_a_model_that_cannot_be_loaded_is_told_in_words() -> None:
    def refuse() -> ToyModel:
        raise CheckpointError("no such model; wanted picturebook")

    engine = Engine(refuse)
    engine.start()
    assert "wanted picturebook" in Desk(engine).told("failed").reason
    engine.stop()


def test_a_scene_that_the_model_cannot_take_fails_at_once_and_harms_nobody(engine: Engine) -> None:
    desk, other = Desk(engine), Desk(engine)
    unsuited = scene_of(guidance="residual_self", guidance_scale=2.0)
    desk.seat.put(unsuited, 1)
    assert "give the scene one" in desk.told("failed").reason
    other.seat.put(scene_of(), 1)
    other.settled(1)
    with pytest.raises(EngineError, match="give the scene one"):
        engine.render(unsuited)


def test_a_listener_that_fails_does_not_stop_the_engine(engine: Engine) -> None:
    def fail(_: Frame | EngineStatus) -> None:
        raise ValueError("the page is gone")

    engine.open_seat(fail).put(scene_of(), 1)
    assert engine.render(scene_of()) == generate(ToyModel(), scene_of())


def test_live_again_tells_how_the_engine_really_fares() -> None:
    def refuse() -> ToyModel:
        raise CheckpointError("no such model; wanted picturebook")

    engine = Engine(refuse)
    engine.start()
    desk = Desk(engine)
    desk.told("failed")
    desk.seat.set_live(False)
    desk.told("paused")
    desk.seat.set_live(True)
    assert "wanted picturebook" in desk.told("failed").reason
    engine.stop()


def test_live_again_a_picture_that_failed_is_tried_anew(engine: Engine, model: ToyModel) -> None:
    desk = Desk(engine)
    model.fault = lambda: (_ for _ in ()).throw(RuntimeError("a kernel failed"))
    desk.seat.put(scene_of(), 1)
    desk.told("failed")
    for _ in range(2):  # as long as it fails, that is what is told last
        desk.seat.set_live(False)
        desk.told("paused")
        desk.seat.set_live(True)
        desk.told("live")
        assert "a kernel failed" in desk.told("failed").reason
    model.fault = lambda: None
    desk.seat.set_live(False)
    desk.seat.set_live(True)
    desk.settled(1)


def test_deaths_far_apart_do_not_add_up(model: ToyModel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("semdraw.engine._RELOAD_PAUSE_S", 0.01)
    engine = Engine(lambda: model)
    engine.start()
    desk = Desk(engine)
    for revision in range(5):
        planted(model, SystemExit("the driver went away"), times=1)
        desk.seat.put(scene_of(seed=revision), revision)
        desk.told("recovering")
        desk.settled(revision)
    engine.stop()
