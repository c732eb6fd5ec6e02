"""The shipped folder is an ordinary diffusers model: it loads and draws without semdraw."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from diffusers import AutoencoderTiny, LCMScheduler, StableDiffusionPipeline
from torch.utils.flop_counter import FlopCounterMode

from semdraw import load_model
from semdraw.errors import CheckpointError
from train.concepts import backgrounds, objects
from train.export import MANNER

FOLDER = Path(__file__).parents[2] / "src" / "semdraw" / "weights" / "picturebook"


@pytest.fixture(scope="module")
def pipeline() -> StableDiffusionPipeline:
    loaded = StableDiffusionPipeline.from_pretrained(FOLDER, local_files_only=True).to(torch.float32)
    loaded.set_progress_bar_config(disable=True)
    return loaded


def draw(pipeline: StableDiffusionPipeline, prompt: str, side_px: int = 128, seed: int = 0) -> np.ndarray:
    drawn: Any = pipeline(
        prompt,
        num_inference_steps=4,
        guidance_scale=1.0,
        height=side_px,
        width=side_px,
        generator=torch.Generator().manual_seed(seed),
    )
    return np.asarray(drawn.images[0], np.float32)


def test_parts_are_what_they_should_be(pipeline: StableDiffusionPipeline) -> None:
    assert isinstance(pipeline.vae, AutoencoderTiny)
    assert isinstance(pipeline.scheduler, LCMScheduler)
    assert pipeline.scheduler.config["prediction_type"] == "v_prediction"
    assert not pipeline.scheduler.config["rescale_betas_zero_snr"]
    assert pipeline.vae.config["scaling_factor"] == 1.0


def test_it_draws_red_apples_and_blue_skies(pipeline: StableDiffusionPipeline) -> None:
    apple = draw(pipeline, "an apple on a white background")
    corner, middle = apple[:8, :8].mean((0, 1)), apple[44:84, 44:84].mean((0, 1))
    assert corner.min() > 225, "white ground"
    assert middle[0] > middle[2] + 60, "red apple"
    sky = draw(pipeline, "blue sky").mean((0, 1))
    assert sky[2] > sky[0] + 20


def test_same_seed_same_picture_and_other_sizes(pipeline: StableDiffusionPipeline) -> None:
    assert np.array_equal(draw(pipeline, "a castle", 256), draw(pipeline, "a castle", 256))
    assert not np.array_equal(draw(pipeline, "a castle", seed=1), draw(pipeline, "a castle", seed=2))


def test_its_folder_says_how_it_draws_regions_best(tmp_path: Path) -> None:
    """Under any name; and a file that says something else is refused."""
    copy = shutil.copytree(FOLDER, tmp_path / "another name")
    spec = load_model(copy, device="cpu").spec
    assert (spec.window_px, spec.tile_px, spec.region_suffix) == tuple(MANNER.values())
    assert json.loads((FOLDER / "semdraw.json").read_text()) == MANNER
    (copy / "semdraw.json").write_text('{"windows": 128}')
    with pytest.raises(CheckpointError, match="window_px"):
        load_model(copy, device="cpu")


def test_concepts_are_listed() -> None:
    listed = json.loads((FOLDER / "concepts.json").read_text())
    assert [entry["name"] for entry in listed["objects"]] == [concept.name for concept in objects()]
    assert [entry["name"] for entry in listed["backgrounds"]] == [concept.name for concept in backgrounds()]
    assert all(int(entry["codepoint"], 16) > 0x2000 for entry in listed["objects"])


def test_weights_stay_small() -> None:
    assert sum(file.stat().st_size for file in FOLDER.rglob("*") if file.is_file()) < 30e6


def test_it_stays_within_its_budget(pipeline: StableDiffusionPipeline) -> None:
    """A network row of 32x32 latents, a decode of 256 px (2 FLOP per multiply-add), and the bytes of all weights."""
    latents, embeds = torch.zeros(1, 4, 32, 32), torch.zeros(1, 32, pipeline.text_encoder.config.hidden_size)
    with torch.no_grad(), FlopCounterMode(display=False) as row:
        pipeline.unet(latents, torch.tensor([499]), embeds)
    with torch.no_grad(), FlopCounterMode(display=False) as decode:
        pipeline.vae.decode(latents)
    assert 1e9 < row.get_total_flops() <= 2.5e9
    assert 3e9 < decode.get_total_flops() <= 7e9
    weights = [file.stat().st_size for file in FOLDER.rglob("*.safetensors")]
    assert len(weights) == 3 + len(list((FOLDER / "loras").iterdir()))
    assert sum(weights) < 40e6
