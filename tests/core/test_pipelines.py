"""A pipeline of diffusers in hand paints as its folder does; what is no such pipeline is refused in words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from msgspec.structs import replace

from semdraw.errors import CheckpointError
from semdraw.models.registry import find_model, load_model
from semdraw.schedule import Prediction
from semdraw.still import generate
from tests.scenes import two_regions
from tests.tiny import FamilyName, write_checkpoint

FAMILIES: list[FamilyName] = ["sd", "sdxl", "sd3", "sd3-t5"]


def pipeline_in(folder: Path, family: FamilyName) -> Any:
    import diffusers

    absent: dict[str, Any] = {"text_encoder_3": None, "tokenizer_3": None} if family == "sd3" else {}
    plain: dict[str, Any] = {"safety_checker": None} if family == "sd" else {}
    return diffusers.DiffusionPipeline.from_pretrained(folder, local_files_only=True, **absent, **plain)


@pytest.fixture(scope="module", params=FAMILIES)
def given(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any]:
    folder = write_checkpoint(tmp_path_factory.mktemp("tiny") / request.param, family=request.param)
    return folder, pipeline_in(folder, request.param)


@pytest.fixture
def pipeline(tmp_path: Path) -> Any:
    return pipeline_in(write_checkpoint(tmp_path / "sd"), "sd")


def test_a_pipeline_paints_what_its_folder_paints_to_the_bit(given: tuple[Path, Any]) -> None:
    folder, pipeline = given
    own, theirs = load_model(folder, device="cpu"), load_model(pipeline)
    assert own.spec.training == theirs.spec.training
    assert (own.spec.extent, own.spec.extent_multiple, own.spec.recipe.sampler) == (
        theirs.spec.extent,
        theirs.spec.extent_multiple,
        theirs.spec.recipe.sampler,
    )
    scene = two_regions()
    if own.spec.training.is_flow:
        scene = replace(scene, recipe=replace(own.spec.recipe, num_steps=2))
    assert generate(own, scene) == generate(theirs, scene)


def test_the_parts_are_shared_and_not_copied(given: tuple[Path, Any]) -> None:
    _, pipeline = given
    model: Any = load_model(pipeline)
    network = "transformer" if model.spec.family == "sd3" else "unet"
    assert model.parts[network] is getattr(pipeline, network)
    assert model.parts["tokenizer"] is pipeline.tokenizer


def test_its_scheduler_says_how_it_was_trained(pipeline: Any) -> None:
    import diffusers

    pipeline.scheduler = diffusers.DDIMScheduler.from_config(
        pipeline.scheduler.config, prediction_type="v_prediction"
    )
    spec = load_model(pipeline).spec
    assert spec.training.prediction is Prediction.v
    assert spec.recipe.sampler == "ddim"


def test_changed_weights_are_told_by_the_hash(pipeline: Any) -> None:
    before = find_model(pipeline).recipe.weights_hash
    assert find_model(pipeline).recipe.weights_hash == before
    with torch.no_grad():
        pipeline.unet.conv_in.weight += 1
    assert find_model(pipeline).recipe.weights_hash != before


def test_an_autoencoder_that_overflows_runs_in_fp32_and_the_pipeline_stays_as_it_was(tmp_path: Path) -> None:
    pipeline = pipeline_in(write_checkpoint(tmp_path / "sdxl", family="sdxl"), "sdxl").to(torch.float16)
    looked = find_model(pipeline).recipe.weights_hash
    model: Any = load_model(pipeline)
    assert (model.parts["unet"].dtype, model.parts["vae"].dtype) == (torch.float16, torch.float32)
    assert {value.dtype for value in pipeline.vae.state_dict().values()} == {torch.float16}
    own = pipeline.vae.state_dict()
    assert all(
        torch.equal(value.half(), own[name]) for name, value in model.parts["vae"].state_dict().items()
    )
    assert looked == model.spec.weights_hash == find_model(pipeline).recipe.weights_hash


def other_pipeline(pipeline: Any) -> Any:
    import diffusers

    return diffusers.StableDiffusionImg2ImgPipeline(**pipeline.components, requires_safety_checker=False)


def in_training(pipeline: Any) -> Any:
    pipeline.unet.train()
    return pipeline


def without_encoder(pipeline: Any) -> Any:
    pipeline.text_encoder = None
    return pipeline


def offloaded(pipeline: Any) -> Any:
    from accelerate import cpu_offload

    cpu_offload(pipeline.unet, torch.device("cpu"))
    return pipeline


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (
            other_pipeline,
            r"StableDiffusionImg2ImgPipeline is not served; wanted StableDiffusionPipeline or .*from_pipe",
        ),
        (in_training, r"unet of this StableDiffusionPipeline is in training mode.*eval"),
        (without_encoder, r"text_encoder .* is NoneType.*wanted CLIPTextModel"),
        (offloaded, r"unet .* is offloaded.*low_memory"),
        (lambda _: 7, r"a name, a path or a pipeline of diffusers, got int"),  # type: ignore[misc]
    ],
)
def test_what_cannot_be_used_is_refused_with_the_next_move(pipeline: Any, spoil: Any, words: str) -> None:
    with pytest.raises(CheckpointError, match=words):
        load_model(spoil(pipeline))


@pytest.mark.parametrize("told", [{"device": "cpu"}, {"dtype": "fp16"}, {"low_memory": True}, {"loras": ()}])
def test_a_pipeline_is_taken_as_it_is(pipeline: Any, told: dict[str, Any]) -> None:
    with pytest.raises(CheckpointError, match="used as they are"):
        load_model(pipeline, **told)
