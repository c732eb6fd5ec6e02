"""Claims about another model in the place of the one that runs."""

from __future__ import annotations

import dataclasses
import gc
import threading
import weakref

import pytest
import torch

from semdraw.engine import Engine
from semdraw.errors import CheckpointError, EngineError, SemdrawError
from semdraw.loading import Switch
from semdraw.models.base import Conditioning
from semdraw.scene import Recipe
from semdraw.schedule import Prediction
from semdraw.still import generate
from tests.core.test_stream import scene_of
from tests.engine.desks import Desk, planted
from tests.toy import ToyModel


class OtherModel(ToyModel):
    """Paints every prompt grey."""

    def encode_prompt(self, prompt: str) -> Conditioning:
        return Conditioning(torch.full((1, 1, 3), 0.25))


def test_a_switch_that_fails_leaves_no_failed_picture_as_if_it_were_coming(
    engine: Engine, model: ToyModel
) -> None:
    def refuse() -> ToyModel:
        raise CheckpointError("it is a LoRA")

    desk = Desk(engine)
    planted(model, RuntimeError("a kernel failed"), times=2)
    desk.seat.put(scene_of(), 1)
    desk.told("failed")
    with pytest.raises(CheckpointError):
        engine.switch(Switch(name="x", load=refuse)).result(20)
    desk.told("live")
    desk.settled(1)


def test_another_model_paints_everybody_s_scene(engine: Engine) -> None:
    desks = [Desk(engine) for _ in range(2)]
    for desk in desks:
        desk.seat.put(scene_of(), 1)
        desk.settled(1)
    ready: list[str] = []
    wish = Switch(name="grey", load=OtherModel, on_ready=lambda: ready.append("now"))
    engine.switch(wish).result(20)
    assert ready == ["now"]
    assert isinstance(engine.model, OtherModel)
    for desk in desks:
        assert desk.told("loading").reason == "loading grey …"
        desk.told("live")
        assert (desk.settled(1).pixels == generate(OtherModel(), scene_of()).array).all()


def test_the_model_before_is_let_go() -> None:
    engine = Engine(ToyModel)
    engine.start()
    desk = Desk(engine)
    desk.seat.put(scene_of(), 1)
    desk.settled(1)
    before = weakref.ref(engine.model)
    assert before() is not None
    engine.switch(Switch(name="grey", load=OtherModel)).result(20)
    gc.collect()
    assert before() is None
    engine.stop()


@pytest.mark.parametrize("error", [CheckpointError("it is a LoRA"), RuntimeError("it is a LoRA")])
def test_a_model_that_cannot_be_loaded_leaves_the_one_that_runs(
    engine: Engine, model: ToyModel, error: Exception
) -> None:
    def refuse() -> ToyModel:
        raise error

    desk = Desk(engine)
    desk.seat.put(scene_of(), 1)
    before = desk.settled(1)
    with pytest.raises(SemdrawError, match="it is a LoRA"):
        engine.switch(Switch(name="x", load=refuse)).result(20)
    desk.told("loading")
    desk.told("live")
    model.calls.clear()
    desk.seat.put(scene_of(), 2)
    assert (desk.settled(2).pixels == before.pixels).all()
    assert model.rows == 0  # not even what was settled is lost


def test_without_memory_for_both_the_model_before_goes_first_and_comes_back() -> None:
    alive: list[weakref.ref[ToyModel]] = []
    room = 1

    def build(kind: type[ToyModel]) -> ToyModel:
        gc.collect()
        if sum(each() is not None for each in alive) >= room:
            raise torch.OutOfMemoryError("CUDA out of memory")
        alive.append(weakref.ref(found := kind()))
        return found

    engine = Engine(lambda: build(ToyModel))
    engine.start()
    assert engine.render(scene_of()) == generate(ToyModel(), scene_of())
    engine.switch(Switch(name="grey", load=lambda: build(OtherModel))).result(20)
    assert isinstance(engine.model, OtherModel)

    def far_too_large() -> ToyModel:
        raise torch.OutOfMemoryError("CUDA out of memory")

    with pytest.raises(EngineError, match="out of memory"):
        engine.switch(Switch(name="huge", load=far_too_large)).result(20)
    assert engine.render(scene_of()) == generate(OtherModel(), scene_of())
    engine.stop()


def test_the_newest_wish_for_a_model_wins(engine: Engine, model: ToyModel) -> None:
    gate, inside = threading.Event(), threading.Event()

    def hold() -> None:
        inside.set()
        gate.wait(20)

    model.fault = hold
    Desk(engine).seat.put(scene_of(), 1)
    assert inside.wait(20)
    first = engine.switch(Switch(name="first", load=ToyModel))
    second = engine.switch(Switch(name="second", load=OtherModel))
    model.fault = lambda: None
    gate.set()
    with pytest.raises(EngineError, match="meanwhile"):
        first.result(20)
    second.result(20)
    assert isinstance(engine.model, OtherModel)


def test_a_scene_of_another_kind_of_model_is_painted_with_a_sampler_that_suits(engine: Engine) -> None:
    class FlowModel(ToyModel):
        def __init__(self) -> None:
            super().__init__(Prediction.flow)
            self.spec = dataclasses.replace(self.spec, recipe=Recipe(sampler="flow_lcm", num_steps=4))

    desk = Desk(engine)
    desk.seat.put(scene_of(), 1)
    desk.settled(1)
    engine.switch(Switch(name="flow", load=FlowModel)).result(20)
    desk.told("live")
    frame = desk.settled(1)
    assert frame.num_steps == 4


def test_a_wish_after_the_end_is_refused(model: ToyModel) -> None:
    engine = Engine(lambda: model)
    engine.start()
    engine.stop()
    with pytest.raises(EngineError, match="start it again"):
        engine.switch(Switch(name="x", load=ToyModel))
