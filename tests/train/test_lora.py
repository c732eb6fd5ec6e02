"""A stage of training as a LoRA: exact at full rank, the best of its size below, and read by semdraw's own loader."""

from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import UNet2DConditionModel
from safetensors.torch import save_file
from torch import Tensor, nn

from semdraw import Lora, load_model
from semdraw.models.fusing import fuse
from semdraw.models.opening import WEIGHTS, inspect
from tests.tiny import write_checkpoint
from train.lora import add, as_peft, changes, choose_ranks, cut, factors, root_of


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_checkpoint(tmp_path_factory.mktemp("models") / "tiny")


def model_of(folder: Path) -> nn.ModuleDict:
    unet = UNet2DConditionModel.from_pretrained(folder / "unet", torch_dtype=torch.float32)
    return nn.ModuleDict({"unet": unet}).eval()


@torch.no_grad()
def moved(model: nn.ModuleDict, amount: float = 0.05) -> nn.ModuleDict:
    """Another stage: all matrices a little different."""
    torch.manual_seed(3)
    for value in model.parameters():
        if value.ndim >= 2:
            value += amount * torch.randn_like(value)
    return model


@torch.no_grad()
def answer(model: nn.ModuleDict) -> Tensor:
    unet: Any = model["unet"]
    random = torch.Generator().manual_seed(0)
    latents = torch.randn(2, 4, 8, 8, generator=random)
    embeds = torch.randn(2, 7, unet.config.cross_attention_dim, generator=random)
    return unet(latents, torch.tensor([900, 100]), embeds).sample


def test_at_full_rank_it_is_the_other_network(folder: Path, tmp_path: Path) -> None:
    before, after = model_of(folder), moved(model_of(folder))
    wanted = changes(before, after)
    pairs = factors(wanted, {name: min(value.flatten(1).shape) for name, value in wanted.items()})
    torch.testing.assert_close(answer(add(before, pairs)), answer(after), atol=5e-3, rtol=5e-3)
    save_file(as_peft(pairs, wanted), file := tmp_path / "other.safetensors")
    own = model_of(folder)
    fuse((Lora(file=file),), "unet", {"unet": own["unet"]})
    torch.testing.assert_close(answer(own), answer(after), atol=5e-3, rtol=5e-3)
    assert load_model(folder, device="cpu", loras=[str(file)]).spec.weights_hash, "and by name"


def test_less_room_is_spent_where_it_tells_most(folder: Path) -> None:
    wanted = changes(model_of(folder), moved(model_of(folder)))
    strong = next(iter(wanted))
    wanted[strong] = wanted[strong] * 100
    small, large = (choose_ranks(wanted, room) for room in (4_000, 40_000))
    assert small[strong] == max(small.values())
    assert sum(large.values()) > sum(small.values())
    assert all(large[name] >= rank for name, rank in small.items())


def test_a_cut_is_the_nearest_of_its_rank() -> None:
    torch.manual_seed(0)
    matrix = torch.randn(6, 10)
    values = torch.linalg.svdvals(matrix)
    up, down = cut(matrix, 2)
    assert up.shape == (6, 2)
    assert (up @ down - matrix).square().sum().item() == pytest.approx(values[2:].square().sum().item())


def test_what_never_comes_costs_no_rank() -> None:
    """A cut that knows its inputs answers them better than the nearest one does."""
    torch.manual_seed(0)
    change, inputs = torch.randn(8, 12), torch.randn(200, 12) * torch.tensor([2.0] * 3 + [0.1] * 9)
    root = root_of(inputs.T @ inputs / len(inputs))

    def error(pair: tuple[Tensor, Tensor]) -> float:
        up, down = pair
        return (inputs @ (change - up @ down).T).square().mean().item()

    assert error(cut(change, 3, root)) < 0.5 * error(cut(change, 3))
    torch.testing.assert_close(torch.matmul(*cut(change, 8, root)), change, atol=1e-3, rtol=1e-3)


def test_those_of_picturebook_have_names() -> None:
    """They come with the package, and are found as picturebook/NAME."""
    plain = inspect("picturebook")
    for file in sorted((WEIGHTS / "picturebook" / "loras").glob("*.safetensors")):
        told = inspect("picturebook", loras=[f"picturebook/{file.stem}"])
        assert told.loras[0].file == file
        assert told.weights_hash != plain.weights_hash
