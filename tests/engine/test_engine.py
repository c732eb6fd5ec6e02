"""Claims about the engine: newest wins, settled is free, and a moving pen is followed."""

from __future__ import annotations

import threading

import pytest
from msgspec.structs import replace

from semdraw.engine import Engine
from semdraw.errors import EngineError
from semdraw.frames import is_preview
from semdraw.scene import Brush, PromptBackground
from semdraw.still import generate
from tests.core.test_stream import scene_of
from tests.engine.desks import Desk
from tests.toy import ToyModel


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


def test_a_question_to_the_model_is_answered_in_the_engine_s_thread_between_two_calls(
    engine: Engine, model: ToyModel
) -> None:
    engine.render(scene_of())
    engine_thread = engine.ask(lambda _: threading.current_thread().name)
    assert engine_thread == "semdraw-engine"
    assert engine.ask(lambda found: found) is model
    with pytest.raises(EngineError, match="division"):
        engine.ask(lambda _: 1 // 0)
    go, inside = threading.Event(), threading.Event()

    def hold() -> None:
        inside.set()
        go.wait(20)

    model.fault = hold
    desk = Desk(engine)
    desk.seat.put(scene_of(), 1)
    assert inside.wait(20)
    with pytest.raises(EngineError, match="busy with pictures"):
        engine.ask(lambda _: 1, timeout_s=0.05)
    go.set()
    desk.settled(1)
    engine.stop()
    with pytest.raises(EngineError, match="ask again"):
        engine.ask(lambda _: 1)
