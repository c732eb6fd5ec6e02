"""Pictures that go through an autoencoder in tiles are those that go through whole, but for soft seams."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from semdraw.models import latent
from semdraw.models.registry import load_model
from semdraw.models.tiling import in_tiles


def larger(values: Tensor) -> Tensor:
    """Eight times the size, each pixel by itself."""
    return F.interpolate(values[None], scale_factor=8, mode="nearest")[0]


def smaller(values: Tensor) -> Tensor:
    return F.avg_pool2d(values[None], 8)[0]


@pytest.mark.parametrize("shape", [(3, 5), (8, 8), (9, 8), (13, 30), (7, 64)])
def test_tiles_change_nothing_where_each_cell_stands_by_itself(shape: tuple[int, int]) -> None:
    values = torch.randn(2, *shape, generator=torch.Generator().manual_seed(3))
    assert torch.allclose(in_tiles(values, larger, side=8, overlap=2), larger(values), atol=1e-6)
    pixels = larger(values)
    assert torch.allclose(in_tiles(pixels, smaller, side=64, overlap=16), values, atol=1e-6)


def test_tiles_are_of_one_size_and_overlap() -> None:
    shapes: list[torch.Size] = []

    def run(tile: Tensor) -> Tensor:
        shapes.append(tile.shape)
        return tile

    in_tiles(torch.zeros(1, 20, 9), run, side=8, overlap=2)
    assert set(shapes) == {torch.Size((1, 8, 8))}
    assert len(shapes) == 3 * 2


def test_a_small_picture_goes_through_whole() -> None:
    values = torch.randn(2, 8, 5)
    assert torch.equal(in_tiles(values, larger, side=8, overlap=2), larger(values))


def test_the_seams_of_a_decoder_are_soft(monkeypatch: pytest.MonkeyPatch) -> None:
    model: Any = load_model("picturebook", device="cpu")
    pixels = torch.linspace(-0.8, 0.8, 256).expand(3, 128, 256).contiguous()
    pixels = pixels + 0.1 * torch.sin(torch.arange(128) / 5)[None, :, None]
    latents = model.encode_image(pixels)
    whole = model.decode(latents)
    monkeypatch.setattr(latent, "TILE_CELLS", 16)
    monkeypatch.setattr(latent, "OVERLAP_CELLS", 8)
    model.spec = replace(model.spec, is_low_memory=True)
    tiled = model.decode(latents)
    assert not torch.equal(tiled, whole)
    levels = 127.5 * (tiled - whole)
    assert levels.abs().mean() < 1
    assert (
        levels.diff(dim=-1).abs().mean(dim=-2).amax() < 2
    )  # no column of pixels steps away from its neighbour
    assert (model.encode_image(pixels) - latents).abs().mean() < 0.05 * latents.std()
