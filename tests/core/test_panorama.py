"""One prompt over a canvas wider than any model draws at once."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

import semdraw
from semdraw.geometry import Extent
from semdraw.panoramas import panorama, panorama_recipe
from semdraw.samplers import suiting
from semdraw.scene import Recipe
from semdraw.schedule import Prediction, Training, build_schedule
from semdraw.still import Progress
from tests.core.test_stream import GREEN, color_at
from tests.toy import ToyModel

WIDE = Extent(320, 128)


def test_a_panorama_has_its_prompt_from_end_to_end_in_tiles_of_the_models_own_size() -> None:
    model, seen = ToyModel(), list[Progress]()
    picture = panorama(model, "green", WIDE, on_progress=seen.append)
    assert picture.extent == WIDE
    for x in (12, 100, 220, 308):
        assert color_at(picture, x, 64) == pytest.approx(GREEN, abs=3)
    assert model.calls == [4, 4, 4, 4]  # 0, 64, 128 and 192 of 320 px
    assert [progress.step for progress in seen] == [1, 2, 3, 4]


def test_another_seed_is_another_panorama() -> None:
    model = ToyModel()
    model.spoil = lambda output: 0.9 * output
    first = panorama(model, "green", WIDE, seed=1)
    assert first == panorama(model, "green", WIDE, seed=1)
    assert first != panorama(model, "green", WIDE, seed=2)


def test_a_model_of_few_steps_takes_the_published_ones_and_others_their_own() -> None:
    recipe = panorama_recipe(Recipe(), Extent(512, 768))
    assert (recipe.step_indices, recipe.grid_steps, recipe.tile_px) == ((0, 12, 25, 37), 50, 512)
    slow = Recipe(sampler="ddim", num_steps=20)
    assert panorama_recipe(slow, Extent(512, 512)) == replace(slow, tile_px=512)


@pytest.mark.parametrize("is_flow", [False, True])
def test_every_sampler_can_take_the_published_steps(is_flow: bool) -> None:
    training = Training(prediction=Prediction.flow if is_flow else Prediction.epsilon)
    for sampler in suiting(is_flow):
        recipe = panorama_recipe(Recipe(sampler=sampler, num_steps=4), Extent(512, 512))
        assert len(build_schedule(training, recipe)) == 4


def test_the_name_at_the_top_is_the_function() -> None:
    assert semdraw.panorama is panorama
    assert semdraw.panorama is panorama  # the module of a name must not take its place once it is imported
