"""One region over the whole canvas is plain sampling: equal to diffusers' own pipeline, noise for noise."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from semdraw.geometry import Bounds, Extent
from semdraw.models.registry import load_model
from semdraw.regions import compile_regions
from semdraw.scene import Brush, Canvas, ColorBackground, Layer, Recipe, Sampler, Scene
from semdraw.still import denoise_steps
from tests.scenes import box
from tests.tiny import write_checkpoint

EXTENT = Extent(96, 64)
PROMPT = "a castle on a hill"
BETAS: dict[str, Any] = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear"}


@pytest.fixture(scope="module", params=["epsilon", "v_prediction"])
def checkpoint(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tiny") / request.param
    return write_checkpoint(folder, prediction=request.param)


def field(index: int) -> Tensor:
    generator = torch.Generator().manual_seed(index)
    return torch.randn(4, EXTENT.height // 8, EXTENT.width // 8, generator=generator)


def scheduler_for(sampler: Sampler, prediction: Any) -> Any:
    from diffusers.schedulers.scheduling_ddim import DDIMScheduler
    from diffusers.schedulers.scheduling_euler_discrete import EulerDiscreteScheduler
    from diffusers.schedulers.scheduling_lcm import LCMScheduler

    match sampler:
        case "lcm":
            return LCMScheduler(**BETAS, prediction_type=prediction)
        case "euler_trailing":
            return EulerDiscreteScheduler(**BETAS, prediction_type=prediction, timestep_spacing="trailing")
        case "ddim":
            options: dict[str, Any] = {"clip_sample": False, "set_alpha_to_one": False, "steps_offset": 1}
            return DDIMScheduler(**BETAS, **options, prediction_type=prediction)
        case other:
            raise ValueError(f"no twin for {other}")


def whole_canvas(sampler: Sampler, num_steps: int, guidance_scale: float) -> Scene:
    layer = Layer(brush_id="all", mask=box(EXTENT, Bounds(0, 0, *EXTENT)))
    return Scene(
        canvas=Canvas(extent=EXTENT, layers=(layer,), background=ColorBackground(color="#336699")),
        brushes=(Brush(id="all", prompt=PROMPT, softness_px=0),),
        recipe=Recipe(sampler=sampler, num_steps=num_steps, bootstrap_steps=0, guidance_scale=guidance_scale),
    )


@pytest.mark.parametrize("guidance_scale", [1.0, 4.0])
@pytest.mark.parametrize(("sampler", "num_steps"), [("lcm", 4), ("euler_trailing", 4), ("ddim", 10)])
def test_one_region_equals_the_pipeline_of_diffusers(
    checkpoint: Path,
    sampler: Sampler,
    num_steps: int,
    guidance_scale: float,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from diffusers import StableDiffusionPipeline

    pipeline: Any = StableDiffusionPipeline.from_pretrained(
        checkpoint, safety_checker=None, local_files_only=True
    )
    pipeline.scheduler = scheduler_for(sampler, pipeline.scheduler.config.prediction_type)
    pipeline.set_progress_bar_config(disable=True)
    monkeypatch.setattr("diffusers.schedulers.scheduling_lcm.randn_tensor", counting(field))
    wanted = pipeline(
        PROMPT,
        height=EXTENT.height,
        width=EXTENT.width,
        latents=field(0)[None],
        num_inference_steps=num_steps,
        guidance_scale=guidance_scale,
        output_type="latent",
    ).images[0]

    model = load_model(str(checkpoint), device="cpu")
    regions = compile_regions(whole_canvas(sampler, num_steps, guidance_scale), model)
    found = list(denoise_steps(regions, model, field=field))[-1].latents
    assert wanted.abs().max() > 0.1
    torch.testing.assert_close(found, wanted, atol=1e-4, rtol=1e-4)


def counting(field: Callable[[int], Tensor]) -> Callable[..., Tensor]:
    """diffusers' source of noise, replaced: the n-th call gives the noise of level n."""
    calls = iter(range(1, 1000))
    return lambda *_args, **_kwargs: field(next(calls))[None]
