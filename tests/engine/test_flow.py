"""Claims about flow: it drifts, its frames can be made again to the byte, it rests, and nobody waits for it."""

from __future__ import annotations

import itertools
import threading

import pytest
import torch
from msgspec.structs import replace

from semdraw.denoise import draw_noise, drift_noise
from semdraw.engine import Engine
from semdraw.frames import Flow, Frame
from semdraw.scene import MAX_FRAME
from semdraw.still import generate
from tests.core.test_stream import scene_of
from tests.engine.desks import Desk, planted
from tests.toy import ToyModel

QUICK = Flow(speed=0.25, per_s=1000.0)


@pytest.fixture
def model() -> ToyModel:
    return dreamy()


def dreamy() -> ToyModel:
    """A model whose pictures depend on their noise."""
    model = ToyModel()
    model.spoil = lambda output: 0.97 * output
    return model


def flowing(desk: Desk, number: int) -> list[Frame]:
    """The next frames of a flow."""
    return [desk.settled(desk.seat.newest[1] if desk.seat.newest else 0) for _ in range(number)]


def hold(gate: threading.Event) -> None:
    gate.wait(20)


# ---- noise ----
def test_noise_at_whole_frames_is_drawn_and_between_them_it_turns_from_one_into_the_next() -> None:
    seeds = torch.full((24, 24), 7)

    def at(frame: float) -> torch.Tensor:
        return drift_noise(seeds, channels=4, frame=frame, step=1)

    assert at(3.0).equal(draw_noise(seeds, channels=4, frame=3, step=1))
    path = [at(3 + share / 8) for share in range(9)]
    assert path[-1].equal(draw_noise(seeds, channels=4, frame=4, step=1))
    assert all(abs(float(noise.std()) - 1) < 0.1 for noise in path), "it stays standard normal"
    steps = [float((after - before).std()) for before, after in itertools.pairwise(path)]
    assert max(steps) < 0.3 < float((path[-1] - path[0]).std()), "no jump on the way"


# ---- the engine ----
def test_a_flow_goes_on_by_itself_and_every_frame_can_be_made_again_to_the_byte(engine: Engine) -> None:
    desk = Desk(engine)
    desk.seat.put(replace(scene_of(), frame=2.0), 5)
    desk.settled(5)
    desk.seat.set_flow(QUICK)
    frames = flowing(desk, 6)
    assert [frame.frame for frame in frames] == [2.25, 2.5, 2.75, 3.0, 3.25, 3.5]
    assert all(frame.is_settled and frame.revision == 5 for frame in frames)
    for frame in (frames[0], frames[3]):
        again = generate(dreamy(), replace(scene_of(), frame=frame.frame))
        assert (again.array == frame.pixels).all()
    assert not (frames[0].pixels == frames[3].pixels).all(), "it drifts"


def test_an_edit_in_a_flow_is_followed_from_where_the_flow_stands(engine: Engine) -> None:
    desk = Desk(engine)
    desk.seat.put(scene_of(), 0)
    desk.seat.set_flow(QUICK)
    desk.settled(0)
    here = flowing(desk, 3)[-1].frame
    desk.seat.put(scene_of(seed=9), 1)
    frames = [desk.settled(1), *flowing(desk, 2)]
    assert here <= frames[0].frame <= here + 2
    assert frames[2].frame == frames[0].frame + 0.5
    desk.seat.put(replace(scene_of(seed=9), frame=40.0), 2)
    assert desk.settled(2).frame == 40.0, "a frame number of the painter's own is where it goes on"


def test_a_flow_ends_at_once_and_its_last_frame_stays(engine: Engine, model: ToyModel) -> None:
    desk = Desk(engine)
    desk.seat.put(scene_of(), 0)
    desk.seat.set_flow(QUICK)
    desk.settled(0)
    last = flowing(desk, 2)[-1]
    desk.seat.put(replace(scene_of(), frame=last.frame), 1)
    desk.seat.set_flow(None)
    assert (desk.settled(1).pixels == last.pixels).all()
    rows = engine.work.rows
    other = Desk(engine)
    other.seat.put(scene_of(seed=3), 0)
    other.settled(0)
    assert engine.work.rows == rows + 12, "nothing is painted for the one whose flow has ended"


def test_a_flow_rests_when_its_painter_is_silent_and_wakes_at_a_word(engine: Engine) -> None:
    desk = Desk(engine)
    desk.seat.put(scene_of(), 0)
    desk.settled(0)
    desk.seat.set_flow(Flow(speed=0.5, per_s=1000.0, rest_s=0.0))
    assert "rests" in desk.told("paused").reason
    rows = engine.work.rows
    other = Desk(engine)
    other.seat.put(scene_of(seed=3), 0)
    other.settled(0)
    assert engine.work.rows == rows + 12, "nothing is painted for a flow that rests"
    desk.seat.set_flow(QUICK)
    assert flowing(desk, 2)[-1].frame == 0.5
    assert desk.statuses[-1].state == "live"


def test_a_flow_over_the_last_frame_begins_anew(engine: Engine) -> None:
    desk = Desk(engine)
    desk.seat.put(replace(scene_of(), frame=MAX_FRAME - 0.5), 0)
    desk.seat.set_flow(Flow(speed=0.5, per_s=1000.0))
    desk.settled(0)
    assert flowing(desk, 1)[0].frame == 0.0


def test_a_flow_whose_pictures_fail_says_so_once_and_stops(engine: Engine, model: ToyModel) -> None:
    desk = Desk(engine)
    desk.seat.put(scene_of(), 0)
    desk.settled(0)
    planted(model, RuntimeError("a card fell out"), times=10**6)
    desk.seat.set_flow(QUICK)
    assert "card fell out" in desk.told("failed").reason
    calls = len(model.calls)
    desk.seat.set_live(True)
    other = Desk(engine)
    other.seat.put(scene_of(seed=3), 0)
    other.told("failed")
    assert len(model.calls) <= calls + 4


def test_who_paints_has_three_turns_for_one_of_a_flow_or_a_still(engine: Engine, model: ToyModel) -> None:
    flow = Desk(engine)
    flow.seat.put(scene_of(), 0)
    flow.settled(0)
    flow.seat.set_flow(Flow(speed=0.5, per_s=100_000.0))
    flow.until(lambda news: isinstance(news, Frame) and news.frame > 0)
    gate = threading.Event()
    model.fault = lambda: hold(gate)
    painter = Desk(engine)
    painter.seat.put(scene_of(seed=3, num_steps=30), 1)
    before = engine.work.pictures
    gate.set()
    painter.settled(1)
    # thirty live turns leave ten to the flow, whose pictures take four; one may have been on its way
    assert 2 <= engine.work.pictures - before - 1 <= 4


def test_a_still_is_told_of_every_step_and_is_decoded_once(engine: Engine) -> None:
    told: list[tuple[int, int]] = []

    def step_done(step: int, num_steps: int) -> None:
        told.append((step, num_steps))

    done = threading.Event()

    def listen(news: object) -> None:
        if isinstance(news, Frame):
            done.set()

    seat = engine.open_seat(listen, is_still=True, on_step=step_done)
    seat.put(scene_of(num_steps=9), 0)
    assert done.wait(20)
    seat.close()
    assert told == [(step, 9) for step in range(1, 10)]
    assert engine.work.decodes == 1
