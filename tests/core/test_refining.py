"""Claims about pictures in two passes: what is where comes from the small one, the rest is drawn at full size."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch
from msgspec.structs import replace

from semdraw.engine import Engine
from semdraw.enlarging import enlarged
from semdraw.errors import UsageError
from semdraw.live import Stream
from semdraw.rasters import Picture
from semdraw.refining import fine_step, rough_scene, take_up
from semdraw.regions import compile_regions
from semdraw.scene import Scene
from semdraw.still import generate
from tests.core.test_stream import scene_of
from tests.engine.desks import Desk
from tests.engine.test_flow import dreamy
from tests.toy import ToyModel


@pytest.fixture
def engine() -> Iterator[Engine]:
    engine = Engine(dreamy)
    engine.start()
    yield engine
    engine.stop()


def in_two(num_steps: int = 6) -> Scene:
    scene = enlarged(scene_of(num_steps=num_steps), 2.0, multiple=8)
    return replace(scene, recipe=replace(scene.recipe, enlarge=2.0))


def test_a_recipe_that_enlarges_nothing_has_one_pass() -> None:
    model, scene = ToyModel(), scene_of()
    assert rough_scene(scene, model.spec) is None
    small = rough_scene(in_two(), model.spec)
    assert small is not None
    assert small.canvas.extent == scene.canvas.extent
    assert small.recipe.enlarge == 1


def test_the_second_pass_begins_at_little_noise_with_the_first_one_enlarged() -> None:
    model, scene = ToyModel(), in_two()
    regions = compile_regions(scene, model)
    step = fine_step(regions.schedule)
    alpha, sigma = float(regions.schedule.alpha[step]), float(regions.schedule.sigma[step])
    assert 0 < step < 6
    assert sigma / (alpha**2 + sigma**2) ** 0.5 <= 0.5 or step == 5
    grey = Picture.from_array(torch.full((128, 128, 3), 191, dtype=torch.uint8).numpy())
    flight = take_up(grey, regions, model)
    assert flight.step == step
    known = (flight.latents - sigma * flight.noise) / alpha
    assert torch.allclose(known, torch.full_like(known, 191 / 127.5 - 1), atol=1e-4)


def test_every_region_is_drawn_at_its_place_and_the_calls_are_those_of_both_passes() -> None:
    model, scene = ToyModel(), in_two()
    seen: list[tuple[int, int]] = []
    picture = generate(
        model, scene, on_progress=lambda progress: seen.append((progress.step, progress.num_steps))
    )
    fine = fine_step(compile_regions(scene, model).schedule)
    assert seen == [(step, 6) for step in (*range(1, 7), *range(fine + 1, 7))]
    once = generate(ToyModel(), enlarged(scene_of(num_steps=6), 2.0, multiple=8))
    assert abs(picture.array.astype(int) - once.array).mean() < 3, "colours stand where they stood"


def test_the_engine_draws_the_same_bytes_and_counts_the_steps_of_both(engine: Engine) -> None:
    steps: list[tuple[int, int]] = []
    desk = Desk(engine)

    def count(step: int, num_steps: int) -> None:
        steps.append((step, num_steps))

    desk.seat.on_step = count
    desk.seat.put(in_two(), 1)
    frame = desk.settled(1)
    assert (frame.pixels == generate(dreamy(), in_two()).array).all()
    assert steps == [(step, steps[-1][1]) for step in range(1, len(steps) + 1)]
    assert (frame.step, frame.num_steps) == steps[-1]
    assert steps[-1][0] == steps[-1][1] > 6
    desk.seat.put(in_two(), 2)
    desk.settled(2)
    assert len(steps) == steps[-1][1], "what is settled is not drawn again"


@pytest.mark.parametrize("num_steps", [1, 2])
def test_few_steps_are_enough(num_steps: int) -> None:
    assert generate(ToyModel(), in_two(num_steps)).extent == in_two().canvas.extent


def test_a_stream_says_that_it_has_one_pass() -> None:
    with pytest.raises(UsageError, match="set it to 1"):
        Stream(ToyModel(), in_two())
    stream = Stream(ToyModel(), scene_of())
    with pytest.raises(UsageError, match="got enlarge = 2"):
        stream.update(in_two())
    assert stream.revision == 0
