"""`for frame in Stream(model, scene)`: edits between frames, the newest wins, at rest nothing is computed."""

from __future__ import annotations

import threading
from itertools import islice

import numpy as np
import pytest
import torch
from msgspec.structs import replace

from semdraw.commands import EditBrush
from semdraw.errors import EngineError, SceneError
from semdraw.geometry import Extent
from semdraw.live import Stream, StreamFrame
from semdraw.regions import compile_regions
from semdraw.scene import Scene
from semdraw.still import generate
from tests.core.test_stream import BLUE, GREEN, LEFT, RED, color_at, scene_of
from tests.toy import ToyModel


def imperfect() -> ToyModel:
    """A model that lets the noise show."""
    model = ToyModel()
    model.spoil = lambda output: 0.9 * output
    return model


def until_settled(stream: Stream) -> list[StreamFrame]:
    frames = [next(stream)]
    while not frames[-1].is_settled:
        frames.append(next(stream))
    return frames


def left_of(frame: StreamFrame) -> tuple[int, ...]:
    return color_at(frame.picture, LEFT.x + 20, LEFT.y + 32)


def green(scene: Scene) -> Scene:
    return scene.with_brush(replace(scene.brush("left"), prompt="green"))


def test_every_frame_costs_one_call_and_the_settled_one_is_that_of_generate() -> None:
    model = imperfect()
    frames = until_settled(Stream(model, scene_of(softness_px=8.0)))
    assert [(frame.step, frame.is_settled) for frame in frames] == [
        (1, False),
        (2, False),
        (3, False),
        (4, True),
    ]
    assert [frame.number for frame in frames] == [0, 1, 2, 3]
    assert model.calls == [3, 3, 3, 3]
    assert frames[-1].picture == generate(imperfect(), scene_of(softness_px=8.0))


def test_a_scene_at_rest_costs_nothing() -> None:
    model = imperfect()
    stream = Stream(model, scene_of())
    settled, rows = until_settled(stream)[-1], model.rows
    again = list(islice(stream, 3))
    assert model.rows == rows
    assert all(frame.is_settled and frame.picture == settled.picture for frame in again)


def test_an_edit_shows_in_the_next_frame_and_settles_to_what_generate_makes() -> None:
    scene = scene_of()
    stream = Stream(imperfect(), scene)
    until_settled(stream)
    assert stream.update(green(scene)) == 1
    frames = until_settled(stream)
    red, green_, _ = left_of(frames[0])
    assert green_ > red
    assert frames[-1].revision == 1
    assert frames[-1].picture == generate(imperfect(), green(scene))


def test_an_edit_takes_hold_of_pictures_on_their_way_and_their_frames_are_unsettled() -> None:
    scene = scene_of()
    stream = Stream(imperfect(), scene)
    list(islice(stream, 2))
    stream.update(green(scene))
    frames = until_settled(stream)
    assert [(frame.revision, frame.is_settled) for frame in frames[:2]] == [(0, False), (0, False)]
    assert left_of(frames[1])[1] > left_of(frames[1])[0]
    assert frames[-1].revision == 1
    assert frames[-1].picture == generate(imperfect(), green(scene))


def test_the_newest_of_several_edits_wins_and_the_others_are_never_drawn() -> None:
    scene, asked = scene_of(), list[str]()
    model = ToyModel()
    encode = model.encode_prompt
    model.encode_prompt = lambda prompt: (asked.append(prompt), encode(prompt))[1]  # type: ignore[method-assign]
    stream = Stream(model, scene)
    for prompt in ("white", "blue"):
        stream.update(scene.with_brush(replace(scene.brush("left"), prompt=prompt)))
    frames = until_settled(stream)
    assert stream.revision == frames[-1].revision == 2
    assert left_of(frames[-1]) == pytest.approx(BLUE, abs=6)
    assert "white" not in asked


def test_edits_add_up_and_one_that_makes_no_sense_changes_nothing() -> None:
    stream = Stream(ToyModel(), scene_of())
    stream.apply(EditBrush(brush_id="left", prompt="blue"))
    stream.apply(EditBrush(brush_id="right", prompt="red"))
    with pytest.raises(SceneError, match="nobody"):
        stream.apply(EditBrush(brush_id="nobody", prompt="red"))
    frame = until_settled(stream)[-1]
    assert (stream.revision, frame.revision) == (2, 2)
    assert left_of(frame) == pytest.approx(BLUE, abs=6)
    assert color_at(frame.picture, 96, 76) == pytest.approx(RED, abs=6)
    assert stream.scene.brush("left").prompt == "blue"


def test_after_a_flush_no_frame_shows_an_older_scene() -> None:
    scene = scene_of()
    stream = Stream(ToyModel(), scene)
    list(islice(stream, 2))
    stream.update(green(scene))
    stream.flush()
    frames = until_settled(stream)
    assert {frame.revision for frame in frames} == {1}
    assert len(frames) == 4


@pytest.mark.parametrize("change", ["size", "steps"])
def test_another_size_or_recipe_starts_anew(change: str) -> None:
    stream = Stream(ToyModel(), scene_of())
    list(islice(stream, 2))
    scene = Scene.blank(Extent(64, 96)) if change == "size" else scene_of(num_steps=2)
    stream.update(scene)
    frames = until_settled(stream)
    assert {frame.revision for frame in frames} == {1}
    assert frames[-1].picture == generate(ToyModel(), scene)


def test_with_variation_every_frame_is_another_picture_and_the_first_is_that_of_generate() -> None:
    model = imperfect()
    stream = Stream(model, scene_of(), is_varied=True)
    frames = [frame for frame in islice(stream, 7) if frame.step == frame.num_steps]
    assert len(frames) == 4
    assert all(frame.is_settled for frame in frames)
    assert len({frame.picture.data for frame in frames}) == 4
    still = generate(imperfect(), scene_of()).array.astype(int)
    assert np.abs(frames[0].picture.array.astype(int) - still).max() <= 1
    assert model.calls == [3, 6, 9, 12, 12, 12, 12]  # as many pictures on their way as there are steps


def test_a_closed_stream_ends_and_a_with_block_closes_it() -> None:
    with Stream(ToyModel(), scene_of()) as stream:
        assert next(stream).number == 0
    assert list(stream) == []


def test_a_picture_that_fails_is_an_error_and_the_stream_goes_on() -> None:
    model = ToyModel()
    stream = Stream(model, scene_of())
    next(stream)
    model.spoil = lambda output: output * float("nan")
    with pytest.raises(EngineError, match="not finite"):
        next(stream)
    model.spoil = lambda output: output
    assert left_of(until_settled(stream)[-1]) == pytest.approx(RED, abs=6)


def test_edits_may_come_from_another_thread() -> None:
    scene, prompts = scene_of(), ["green", "blue", "white", "red"] * 25
    stream = Stream(ToyModel(), scene)

    def paint() -> None:
        for prompt in prompts:
            stream.apply(EditBrush(brush_id="left", prompt=prompt))

    painter = threading.Thread(target=paint)
    painter.start()
    seen = [next(stream).revision for _ in range(10)]
    painter.join()
    frame = until_settled(stream)[-1]
    assert seen == sorted(seen)
    assert frame.revision == len(prompts)
    assert left_of(frame) == pytest.approx(RED, abs=6)


def test_what_an_edit_did_not_touch_stays_as_it_was_settled() -> None:
    scene = scene_of()
    model = imperfect()
    stream = Stream(model, scene)
    settled = until_settled(stream)[-1].picture.array
    stream.update(green(scene))
    preview = next(stream).picture.array
    assert np.array_equal(preview[:, 96:], settled[:, 96:])
    assert not np.array_equal(preview[:, :64], settled[:, :64])
    assert color_at(generate(model, green(scene)), 28, 48) != GREEN
    assert torch.equal(compile_regions(scene, model).seeds, compile_regions(green(scene), model).seeds)
