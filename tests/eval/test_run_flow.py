"""Claims about the twin by equal signal-to-noise."""

from __future__ import annotations

from typing import cast

import pytest
import torch
from msgspec.structs import replace

from eval.flow_twin import FlowTwin
from semdraw.geometry import Bounds, Extent
from semdraw.models.base import DiffusionModel, Rows
from semdraw.scene import Scene
from semdraw.schedule import Prediction
from semdraw.still import generate
from tests.scenes import box
from tests.toy import ToyModel


@pytest.mark.parametrize("prediction", [Prediction.epsilon, Prediction.v])
def test_a_network_that_knows_the_picture_knows_its_flow(prediction: Prediction) -> None:
    twin = FlowTwin(ToyModel(prediction))
    told = twin.encode_prompt("red")
    noise = torch.randn(1, 3, 4, 4, generator=torch.Generator().manual_seed(1))
    clean = told.embeds.view(1, 3, 1, 1).expand_as(noise)
    for timestep in (900.0, 743.0, 496.0, 100.0):
        latents = (1 - timestep / 1000) * clean + timestep / 1000 * noise
        flow = twin.predict(Rows(latents=latents, timestep=torch.tensor([timestep]), conditioning=told))
        torch.testing.assert_close(flow, noise - clean, atol=0.05, rtol=0.05)


@pytest.mark.parametrize("sampler", ["flow_lcm", "flow", "flow_trailing"])
def test_a_picture_by_the_samplers_of_flow_is_the_picture(sampler: str) -> None:
    twin = FlowTwin(ToyModel(Prediction.v))
    extent = Extent(64, 64)
    scene = Scene.from_masks(
        [("red", box(extent, Bounds(0, 0, 32, 64)))],
        background="blue",
        recipe=replace(twin.spec.recipe, sampler=sampler),
    )
    picture = generate(cast(DiffusionModel, twin), scene).array
    assert picture[32, 8].tolist() == pytest.approx([242, 13, 13], abs=12)
    assert picture[32, 56].tolist() == pytest.approx([13, 13, 242], abs=12)
