"""Files of models on the command line: what lies where, what each is, and what is put on a model."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from semdraw.cli.main import run
from tests.tiny import write_checkpoint

KEY = "lora_unet_down_blocks_1_attentions_0_transformer_blocks_0_attn2_to_k.lora_down.weight"


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's model folder with a model, a LoRA and a pickle."""
    monkeypatch.setenv("SEMDRAW_MODELS", str(tmp_path))
    write_checkpoint(tmp_path / "castle")
    save_file({KEY: torch.zeros(1, 2048)}, tmp_path / "style.safetensors")
    (tmp_path / "old.ckpt").write_bytes(b"\x80\x04")
    return tmp_path


def test_models_lists_what_lies_in_the_folders(models: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["models"]) == 0
    lines = {line.split()[0]: line for line in capsys.readouterr().out.splitlines() if line.strip()}
    assert "an SDXL LoRA" in lines["style.safetensors"]
    assert "in diffusers layout" in lines["castle"]
    assert "not loaded: a pickle" in lines["old.ckpt"]
    assert run(["models", "--json"]) == 0
    files = {each["name"]: each for each in json.loads(capsys.readouterr().out)["files"]}
    assert files["style.safetensors"]["kind"] == "lora"
    assert files["castle"]["path"] == str(models / "castle")


def test_a_file_that_is_no_model_is_shown_as_what_it_is(
    models: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["models", "show", "style"]) == 1
    assert "style.safetensors is an SDXL LoRA; give it with --lora FILE" in capsys.readouterr().err
    assert run(["models", "show", "castle"]) == 0
    assert f"folder: {models / 'castle'}" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (["--decoder", "style"], "is an SDXL LoRA; wanted a tiny decoder"),
        (["--parts", "castle"], "is a folder that has its own parts"),
        (["--lora", "style:0.5"], "is an SDXL LoRA, the model is SD"),
        (["--lora", "old.ckpt"], "is not a safetensors file"),
        (["--lora", "nowhere"], "no LoRA nowhere"),
    ],
)
@pytest.mark.usefixtures("models")
def test_what_is_put_on_a_model_is_checked_before_it_is_loaded(
    more: list[str], words: str, masks: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    region = ["--region", "a castle", masks[0]]
    assert run(["paint", "--model", "castle", *more, *region, "-o", str(tmp_path / "out.png")]) == 1
    assert words in capsys.readouterr().err
