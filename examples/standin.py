"""Tiny random weights in place of downloads, so that the notebooks run anywhere. You do not need this: set your paths.

The files have the true layouts and no picture in them.
"""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Literal

import torch
from safetensors.torch import load_file, save_file

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # the tests write such weights, too

Family = Literal["sd", "sdxl", "sd3"]


@cache
def folder(family: Family) -> str:
    """A folder in diffusers layout."""
    from tests.tiny import write_checkpoint

    return str(write_checkpoint(Path(mkdtemp()) / family, family=family))


@cache
def single_file(family: Family) -> tuple[str, str]:
    """A .safetensors file in the original layout, and a folder with its tiny tokenizer.

    The loader is told its tiny sizes in place of the true ones, for as long as this process lasts.
    """
    from semdraw.models import single_file as loader
    from tests.single import SingleFiles

    files = SingleFiles(Path(mkdtemp()))
    path = files.write(Path(folder(family)), family)
    loader.CONFIGS = files.configs
    return str(path), str(files.parts_of(path))


@cache
def lora(family: Family) -> str:
    """A LoRA on the attention of the UNet."""
    (unet,) = Path(folder(family), "unet").glob("*.safetensors")
    generator = torch.Generator().manual_seed(1)
    tensors: dict[str, torch.Tensor] = {}
    for name, weight in load_file(unet).items():
        if name.endswith("to_q.weight"):
            place = f"unet.{name.removesuffix('.weight')}"
            tensors[f"{place}.lora_A.weight"] = torch.randn(2, weight.shape[1], generator=generator)
            tensors[f"{place}.lora_B.weight"] = torch.randn(weight.shape[0], 2, generator=generator)
    path = Path(mkdtemp()) / "style.safetensors"
    save_file(tensors, path)
    return str(path)
