"""A server whose model was trained with flow matching, and scenes that come from models that were not."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace

import pytest

from semdraw.scene import Recipe
from semdraw.schedule import Prediction
from tests.server.living import CARD, LiveServer, colour_of, live_server, plain, repaint
from tests.toy import ToyModel


@pytest.fixture(scope="module")
def flowing() -> Generator[LiveServer]:
    card = replace(CARD, recipe=Recipe(sampler="flow_lcm", num_steps=3))
    with live_server(model=ToyModel(Prediction.flow), card=card) as server:
        yield server


def test_a_newcomer_finds_a_scene_that_suits_the_model(flowing: LiveServer) -> None:
    with flowing.painter() as (painter, welcome):
        assert welcome.scene is not None
        assert (welcome.scene.recipe.sampler, welcome.scene.recipe.num_steps) == ("flow_lcm", 3)
        assert painter.settled(0).num_steps == 3


def test_a_scene_of_another_kind_of_model_is_painted_with_a_sampler_that_suits(flowing: LiveServer) -> None:
    assert plain("red").recipe.sampler == "lcm"
    with flowing.painter(plain("red")) as (painter, _):
        assert colour_of(painter.settled(0)) == "red"
        painter.say(repaint("blue", seq=1))
        assert colour_of(painter.settled(1)) == "blue"
