"""Another decoder: told from its header, in the layouts of TAESD and diffusers; its channels have to fit."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from semdraw.errors import CheckpointError
from semdraw.models.registry import find_model, load_model
from tests.tiny import write_checkpoint


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_checkpoint(tmp_path_factory.mktemp("tiny") / "sd")


def write_tiny(folder: Path, *, channels: int = 4) -> Any:
    """An autoencoder of TAESD's shape, narrower."""
    from diffusers.models.autoencoders.autoencoder_tiny import AutoencoderTiny

    torch.manual_seed(7)
    tiny = AutoencoderTiny(
        latent_channels=channels,
        encoder_block_out_channels=(8, 8, 8, 8),
        decoder_block_out_channels=(8, 8, 8, 8),
    )
    tiny.save_pretrained(folder)
    return tiny.eval()


def original(folder: Path) -> dict[str, torch.Tensor]:
    """The decoder alone as TAESD numbers it: behind a clamp, which has no weights."""
    tensors = load_file(folder / "diffusion_pytorch_model.safetensors")
    return {
        f"{int(key.split('.')[2]) + 1}.{key.split('.', 3)[3]}": value
        for key, value in tensors.items()
        if key.startswith("decoder.layers.")
    }


@pytest.mark.parametrize("form", ["folder", "original file", "file of diffusers", "decoder of diffusers"])
def test_a_tiny_decoder_draws_the_picture_and_the_model_still_encodes(
    form: str, folder: Path, tmp_path: Path
) -> None:
    tiny = write_tiny(tmp_path / "taesd")
    file = tmp_path / "taesd" / "diffusion_pytorch_model.safetensors"
    tensors = load_file(file)
    match form:
        case "folder":
            what = tmp_path / "taesd"
        case "file of diffusers":
            what = Path(shutil.copy(file, tmp_path / "all.safetensors"))
        case _:
            what = tmp_path / "decoder.safetensors"
            own = {key: value for key, value in tensors.items() if key.startswith("decoder.")}
            save_file(original(tmp_path / "taesd") if form == "original file" else own, what)
    plain, model = (
        load_model(str(folder), device="cpu"),
        load_model(str(folder), device="cpu", decoder=str(what)),
    )
    latents = torch.randn(4, 8, 8)
    with torch.no_grad():
        wanted = tiny.decode(latents[None]).sample[0]
    torch.testing.assert_close(model.decode(latents), wanted)
    assert not torch.allclose(plain.decode(latents), wanted, atol=0.1)
    pixels = torch.rand(3, 64, 64)
    assert torch.equal(model.encode_image(pixels), plain.encode_image(pixels))
    assert model.spec.weights_hash != plain.spec.weights_hash


def test_an_autoencoder_takes_the_place_of_the_model_s_own(folder: Path, tmp_path: Path) -> None:
    other = write_checkpoint(tmp_path / "other", family="sd2")
    file = other / "vae" / "diffusion_pytorch_model.safetensors"
    changed = {key: value + 0.1 for key, value in load_file(file).items()}
    save_file(changed, file, metadata={"format": "pt"})
    save_file(changed, tmp_path / "vae.safetensors")
    latents, wanted = torch.randn(4, 8, 8), load_model(str(other), device="cpu")
    for what in (tmp_path / "vae.safetensors", other / "vae", other):
        model = load_model(str(folder), device="cpu", decoder=str(what))
        assert torch.equal(model.decode(latents), wanted.decode(latents))
        assert torch.equal(
            model.encode_image(torch.ones(3, 64, 64)), wanted.encode_image(torch.ones(3, 64, 64))
        )


@pytest.mark.parametrize("is_folder", [True, False])
def test_a_decoder_for_other_latents_is_refused(is_folder: bool, folder: Path, tmp_path: Path) -> None:
    write_tiny(tmp_path / "taesd3", channels=16)
    save_file(original(tmp_path / "taesd3"), tmp_path / "taesd3.safetensors")
    what = tmp_path / ("taesd3" if is_folder else "taesd3.safetensors")
    with pytest.raises(CheckpointError, match=r"latents of 16 channels, those of SD have 4; TAESD is for"):
        find_model(str(folder), decoder=str(what))


def test_what_is_no_decoder_is_refused(folder: Path, tmp_path: Path) -> None:
    save_file({"unet.conv_in.lora_A.weight": torch.zeros(2, 2)}, tmp_path / "a.safetensors")
    with pytest.raises(CheckpointError, match="is a LoRA; wanted a tiny decoder"):
        find_model(str(folder), decoder=str(tmp_path / "a.safetensors"))
    write_tiny(tmp_path / "taesd")
    config = tmp_path / "taesd" / "config.json"
    config.write_text(json.dumps({**json.loads(config.read_text()), "_class_name": "UNet2DConditionModel"}))
    with pytest.raises(CheckpointError, match="is a UNet2DConditionModel; wanted"):
        find_model(str(folder), decoder=str(tmp_path / "taesd"))
    with pytest.raises(CheckpointError, match="no model 'nowhere'"):
        find_model(str(folder), decoder="nowhere")
