"""One region over the whole canvas is plain sampling: equal to diffusers' own pipeline, noise for noise."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from semdraw.geometry import Extent
from semdraw.models.registry import load_model
from semdraw.reference import by_diffusers, by_semdraw, plain_recipe, seeded_field
from semdraw.scene import Sampler
from tests.tiny import write_checkpoint

EXTENT = Extent(96, 64)


@pytest.fixture(scope="module", params=["epsilon", "v_prediction"])
def checkpoint(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tiny") / request.param
    return write_checkpoint(folder, prediction=request.param)


@pytest.mark.parametrize("guidance_scale", [1.0, 4.0])
@pytest.mark.parametrize(
    ("sampler", "num_steps"), [("lcm", 4), ("euler_trailing", 4), ("ddim", 10), ("ddim_trailing", 4)]
)
def test_one_region_equals_the_pipeline_of_diffusers(
    checkpoint: Path, sampler: Sampler, num_steps: int, guidance_scale: float
) -> None:
    from diffusers import StableDiffusionPipeline

    pipeline: Any = StableDiffusionPipeline.from_pretrained(
        checkpoint, safety_checker=None, local_files_only=True
    )
    pipeline.set_progress_bar_config(disable=True)
    model = load_model(str(checkpoint), device="cpu")
    recipe, field = plain_recipe(sampler, num_steps, guidance_scale), seeded_field(model, EXTENT)
    wanted = by_diffusers(pipeline, model.spec.training, recipe, extent=EXTENT, field=field)
    found = by_semdraw(model, recipe, extent=EXTENT, field=field)
    assert wanted.abs().max() > 0.1
    torch.testing.assert_close(found, wanted, atol=1e-4, rtol=1e-4)
