"""Claims about the engine: newest wins, settled is free, and no fault loses the last good picture."""

from __future__ import annotations

import dataclasses
import gc
import queue
import threading
import weakref
from collections.abc import Callable, Iterator

import pytest
import torch
from msgspec.structs import replace

from semdraw.engine import Engine, Seat, Switch
from semdraw.errors import CheckpointError, EngineError, SemdrawError
from semdraw.frames import EngineStatus, Frame, is_preview
from semdraw.models.base import Conditioning
from semdraw.scene import Brush, PromptBackground, Recipe
from semdraw.schedule import Prediction
from semdraw.still import generate
from tests.core.test_stream import scene_of
from tests.toy import ToyModel

News = queue.Queue[Frame | EngineStatus]


class Desk:
    """A painter with a seat, who waits for news."""

    def __init__(self, engine: Engine) -> None:
        self.news: News = queue.Queue()
        self.frames: list[Frame] = []
        self.statuses: list[EngineStatus] = []
        self.seat: Seat = engine.open_seat(self.news.put)

    def until(self, is_it: Callable[[Frame | EngineStatus], bool]) -> Frame | EngineStatus:
        while True:
            item = self.news.get(timeout=20)
            (self.frames if isinstance(item, Frame) else self.statuses).append(item)  # type: ignore[arg-type]
            if is_it(item):
                return item

    def settled(self, revision: int) -> Frame:
        found = self.until(lambda x: isinstance(x, Frame) and x.is_settled and x.revision == revision)
        assert isinstance(found, Frame)
        return found

    def told(self, state: str) -> EngineStatus:
        found = self.until(lambda x: isinstance(x, EngineStatus) and x.state == state)
        assert isinstance(found, EngineStatus)
        return found


@pytest.fixture
def model() -> ToyModel:
    return ToyModel()


@pytest.fixture
def engine(model: ToyModel) -> Iterator[Engine]:
    engine = Engine(lambda: model)
    engine.start()
    yield engine
    model.fault = lambda: None
    engine.stop()
    assert not engine.is_alive


def test_a_settled_frame_equals_generate_to_the_byte(engine: Engine, model: ToyModel) -> None:
    desk = Desk(engine)
    desk.seat.put(scene_of(), 1)
    frame = desk.settled(1)
    assert (frame.pixels == generate(ToyModel(), scene_of()).array).all()
    assert [f.step for f in desk.frames] == [1, 4]
    assert frame.timings.rows == 12
    assert (engine.work.rows, engine.work.decodes) == (12, 2)


def test_a_settled_scene_runs_no_rows(engine: Engine, model: ToyModel) -> None:
    desk = Desk(engine)
    desk.seat.put(scene_of(), 1)
    desk.settled(1)
    model.calls.clear()
    renamed = scene_of().with_brush(replace(scene_of().brush("left"), name="a name", color="#ffffff"))
    desk.seat.put(renamed, 2)
    desk.settled(2)
    assert model.rows == 0


def test_undo_brings_back_the_same_bytes(engine: Engine) -> None:
    desk = Desk(engine)
    pixels = []
    for revision, seed in enumerate((1, 2, 1)):
        desk.seat.put(scene_of(seed=seed, guidance_scale=1.5), revision)
        pixels.append(desk.settled(revision).pixels)
    assert (pixels[0] == pixels[2]).all()


def test_the_newest_scene_wins_and_the_ones_between_are_never_begun(engine: Engine, model: ToyModel) -> None:
    gate, inside = threading.Event(), threading.Event()

    def hold() -> None:
        inside.set()
        gate.wait(20)

    desk = Desk(engine)
    model.fault = hold
    desk.seat.put(scene_of(seed=0), 0)
    assert inside.wait(20)
    for revision in range(1, 50):
        desk.seat.put(scene_of(seed=revision), revision)
    model.fault = lambda: None
    gate.set()
    desk.settled(49)
    assert {frame.revision for frame in desk.frames} == {0, 49}
    assert not any(frame.is_settled for frame in desk.frames if frame.revision == 0)


def test_a_moving_pen_is_followed_even_when_every_step_meets_an_edit(engine: Engine, model: ToyModel) -> None:
    desk = Desk(engine)
    edits = iter(range(1, 40))

    def edit_again() -> None:
        if (seed := next(edits, None)) is not None:
            desk.seat.put(scene_of(seed=seed), seed)

    model.fault = edit_again
    desk.seat.put(scene_of(seed=0), 0)
    desk.settled(39)
    shown = [frame.revision for frame in desk.frames]
    assert len(shown) >= 20
    assert shown == sorted(shown)


def test_live_off_keeps_the_scene_and_costs_nothing(engine: Engine, model: ToyModel) -> None:
    desk = Desk(engine)
    desk.told("live")
    desk.seat.set_live(False)
    assert desk.told("paused").reason
    desk.seat.put(scene_of(), 1)
    other = Desk(engine)
    other.seat.put(scene_of(seed=5), 1)
    other.settled(1)
    assert model.rows == 12  # the other painter's
    desk.seat.set_live(True)
    desk.settled(1)


def test_two_painters_get_their_own_pictures(engine: Engine) -> None:
    desks = [Desk(engine) for _ in range(3)]
    for number, desk in enumerate(desks):
        desk.seat.put(
            scene_of(seed=number, background=PromptBackground(prompt=("red", "green", "blue")[number])), 7
        )
    for number, desk in enumerate(desks):
        scene = scene_of(seed=number, background=PromptBackground(prompt=("red", "green", "blue")[number]))
        assert (desk.settled(7).pixels == generate(ToyModel(), scene).array).all()


def test_a_closed_seat_is_forgotten(engine: Engine, model: ToyModel) -> None:
    desk = Desk(engine)
    desk.seat.close()
    desk.seat.put(scene_of(), 1)
    assert engine.render(scene_of(seed=3)) == generate(ToyModel(), scene_of(seed=3))
    assert model.rows == 12
    assert desk.news.qsize() <= 1  # the greeting


def test_a_still_of_what_a_painter_sees_settled_runs_no_rows(engine: Engine, model: ToyModel) -> None:
    desk = Desk(engine)
    desk.seat.put(scene_of(), 1)
    frame = desk.settled(1)
    model.fault = lambda: (_ for _ in ()).throw(RuntimeError("nothing is drawn any more"))
    noted: list[object] = []
    picture = engine.render(scene_of(), on_settled=lambda: noted.append(engine.model))
    assert (picture.array == frame.pixels).all()
    assert noted == [model]


def planted(model: ToyModel, error: BaseException, *, times: int) -> None:
    left = iter(range(times))

    def fail() -> None:
        if next(left, None) is not None:
            raise error

    model.fault = fail


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


def test_long_schedules_are_previewed_every_eighth_part() -> None:
    assert [step for step in range(1, 51) if is_preview(step, 50)] == [1, 6, 12, 18, 24, 30, 36, 42, 48]
    assert [step for step in range(1, 4) if is_preview(step, 4)] == [1]


def test_a_preview_is_rough_only_where_the_edit_touched(engine: Engine, model: ToyModel) -> None:
    model.spoil = lambda output: (
        0.9 * output
    )  # an imperfect model, so that the first step looks unlike the last
    desk = Desk(engine)
    desk.seat.put(scene_of(), 1)
    settled = desk.settled(1).pixels
    desk.seat.put(scene_of().with_brush(Brush(id="left", prompt="green", softness_px=0)), 2)
    after = desk.settled(2).pixels
    preview = next(frame.pixels for frame in desk.frames if frame.revision == 2)
    assert (preview[:, 84:] == settled[:, 84:]).all()
    assert (preview[24:72, 16:40] != settled[24:72, 16:40]).any(axis=-1).mean() > 0.9
    assert not (preview == after).all()


@pytest.mark.parametrize("change", ["seed", "background", "recipe"])
def test_an_edit_of_the_whole_picture_is_rough_everywhere(
    engine: Engine, model: ToyModel, change: str
) -> None:
    model.spoil = lambda output: 0.9 * output
    desk = Desk(engine)
    desk.seat.put(scene_of(), 1)
    settled = desk.settled(1).pixels
    edited = {
        "seed": scene_of(seed=2),
        "background": scene_of(background=PromptBackground(prompt="red")),
        "recipe": scene_of(num_steps=8),
    }[change]
    desk.seat.put(edited, 2)
    desk.settled(2)
    preview = next(frame.pixels for frame in desk.frames if frame.revision == 2)
    assert (preview != settled).any(axis=-1).mean() > 0.9


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


def test_live_again_a_settled_picture_runs_no_rows(engine: Engine, model: ToyModel) -> None:
    desk = Desk(engine)
    desk.seat.put(scene_of(), 1)
    desk.settled(1)
    model.calls.clear()
    desk.seat.set_live(False)
    desk.seat.set_live(True)
    desk.seat.put(scene_of(seed=2), 2)
    desk.settled(2)
    assert model.rows == 12


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


# ---- another model ----
class OtherModel(ToyModel):
    """Paints every prompt grey."""

    def encode_prompt(self, prompt: str) -> Conditioning:
        return Conditioning(torch.full((1, 1, 3), 0.25))


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
