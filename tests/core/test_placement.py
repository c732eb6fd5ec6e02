"""Where parts lie and in which numbers they compute: by device, as asked for, and with little memory."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from semdraw.errors import CheckpointError
from semdraw.models import device as devices
from semdraw.models import registry
from semdraw.models.checkpoint import inspect_folder
from semdraw.models.placement import placement
from semdraw.models.registry import load_model
from semdraw.still import generate
from tests.scenes import two_regions
from tests.tiny import FamilyName, write_checkpoint

CUDA, CPU = torch.device("cuda"), torch.device("cpu")
fp16, bf16, fp32 = torch.float16, torch.bfloat16, torch.float32
NAMES = {"fp16": fp16, "bf16": bf16, "fp32": fp32}


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Callable[[FamilyName], Path]:
    written: dict[FamilyName, Path] = {}

    def folder(family: FamilyName) -> Path:
        if family not in written:
            written[family] = write_checkpoint(tmp_path_factory.mktemp("tiny") / family, family=family)
        return written[family]

    return folder


@pytest.mark.parametrize(
    ("family", "asked", "network", "vae"),
    [
        ("sd", "fp16", fp16, fp16),
        ("sdxl", "fp16", fp16, fp32),  # its autoencoder overflows in fp16
        ("sd3-t5", "fp16", fp16, fp16),
        ("sd", "bf16", bf16, fp32),  # too few digits for pixels
        ("sdxl", "bf16", bf16, fp32),
        ("sdxl", None, fp32, fp32),
    ],
)
def test_parts_compute_in_what_was_asked_for_but_never_in_what_spoils_pictures(
    folders: Callable[[FamilyName], Path],
    family: FamilyName,
    asked: str | None,
    network: torch.dtype,
    vae: torch.dtype,
) -> None:
    model: Any = load_model(folders(family), device="cpu", dtype=asked)
    for name, part in model.parts.items():
        if hasattr(part, "dtype"):
            assert part.dtype == (vae if name == "vae" else network), name
    assert all(
        tensor.dtype == fp32 for tensor in (model.encode_prompt("a").embeds, model.decode(latents(model)))
    )


def always(answer: object) -> Callable[..., object]:
    def call(*_: object, **__: object) -> object:
        return answer

    return call


def latents(model: Any) -> torch.Tensor:
    return torch.zeros(model.spec.latent_channels, 8, 8)


def test_an_autoencoder_that_was_made_for_fp16_computes_in_it(
    folders: Callable[[FamilyName], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    checkpoint = inspect_folder(folders("sdxl"))
    monkeypatch.setitem(checkpoint.configs["vae"], "force_upcast", False)
    monkeypatch.setattr("semdraw.models.placement.precision", always(fp16))
    assert placement(checkpoint, "vae", CUDA) == (CUDA, fp16)


@pytest.mark.parametrize("asked", ["fp16", "bf16"])
def test_a_picture_in_few_digits_is_nearly_that_in_many(
    folders: Callable[[FamilyName], Path], asked: str
) -> None:
    full, few = (
        generate(load_model(folders("sd"), device="cpu", dtype=dtype), two_regions()).array.astype(float)
        for dtype in (None, NAMES[asked])
    )
    assert abs(full - few).mean() < 6


def test_a_precision_that_is_not_served_is_refused_before_anything_is_built(
    folders: Callable[[FamilyName], Path],
) -> None:
    with pytest.raises(CheckpointError, match="int8 is not served; wanted one of fp16, bf16, fp32"):
        load_model(folders("sd"), device="cpu", dtype="int8")


# ---- little memory ----
@pytest.fixture
def moves(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[torch.device]]:
    """Where modules are sent, by the name of their class; a card that is not there takes them in words only."""
    told: dict[str, list[torch.device]] = {}
    move = torch.nn.Module.to

    def to(module: torch.nn.Module, *where: Any, **how: Any) -> torch.nn.Module:
        if where and isinstance(where[0], torch.device):
            told.setdefault(type(module).__name__, []).append(where[0])
            return module
        return move(module, *where, **how)

    monkeypatch.setattr(torch.nn.Module, "to", to)
    monkeypatch.setattr(devices, "choose_device", always(CUDA))
    monkeypatch.setattr(torch.cuda, "is_available", always(True))
    monkeypatch.setattr(torch.cuda, "get_device_name", always("a card"))
    monkeypatch.setattr(torch.cuda, "get_device_capability", always((8, 6)))
    return told


@pytest.mark.parametrize("is_low", [True, False])
def test_with_little_memory_the_card_holds_network_and_autoencoder_alone(
    folders: Callable[[FamilyName], Path], moves: dict[str, list[torch.device]], is_low: bool
) -> None:
    model: Any = load_model(folders("sd3-t5"), device="cuda", low_memory=is_low)
    homes = {kind: where[-1] for kind, where in moves.items()}
    assert homes["SD3Transformer2DModel"] == homes["AutoencoderKL"] == CUDA
    text = CPU if is_low else CUDA
    assert homes["CLIPTextModelWithProjection"] == homes["T5EncoderModel"] == text
    assert {name: part.dtype for name, part in model.parts.items() if hasattr(part, "dtype")} == {
        "transformer": bf16,
        "vae": fp32,
        "text_encoder": fp32 if is_low else bf16,
        "text_encoder_2": fp32 if is_low else bf16,
        "text_encoder_3": bf16,
    }
    assert model.spec.is_low_memory == is_low


def test_a_picture_with_little_memory_is_the_usual_one(folders: Callable[[FamilyName], Path]) -> None:
    usual, low = (load_model(folders("sd"), device="cpu", low_memory=is_low) for is_low in (False, True))
    assert (
        abs(generate(usual, two_regions()).array.astype(int) - generate(low, two_regions()).array).max() <= 1
    )


def test_with_little_memory_few_rows_run_at_a_time(
    folders: Callable[[FamilyName], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    from semdraw import stream

    monkeypatch.setattr(stream, "_CELLS_PER_CALL_LOW", 64)
    model: Any = load_model(folders("sd"), device="cpu", low_memory=True)
    rows: list[int] = []
    predict = model.predict

    def counted(batch: Any) -> torch.Tensor:
        rows.append(len(batch.latents))
        return predict(batch)

    model.predict = counted
    generate(model, two_regions())
    assert set(rows) == {1}


def test_registry_knows_no_torch_until_a_model_is_loaded() -> None:
    assert "torch" not in vars(registry)
