"""Tiny models as single files in the original layouts: a folder's tensors, put where the original code keeps them.

Which tensor goes where is asked of the package's own table; that the table is right is checked against the converters
of diffusers, in test_single_file.py.
"""

from __future__ import annotations

import json
import shutil
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from semdraw.models import single_file
from semdraw.models.layouts import Layout, Source

VARIANTS = {
    "sd": "sd1",
    "sd2": "sd2",
    "sdxl": "sdxl",
    "sd3": "sd3_medium",
    "sd3-t5": "sd3_medium",
    "sd35": "sd35_medium",
}


def plan_of(variant: str) -> dict[str, Any]:
    return json.loads((single_file.CONFIGS / f"{variant}.json").read_text())


def original_tensors(folder: Path, plan: dict[str, Any]) -> dict[str, Tensor]:
    """The tensors of a folder in diffusers layout, by their names in the original layout."""
    found: dict[str, Tensor] = {}
    for name, part in plan["parts"].items():
        if "layout" in part and (folder / name).is_dir():
            (file,) = (folder / name).glob("*.safetensors")
            config = json.loads((folder / name / "config.json").read_text())
            layout = Layout(names=part["layout"], prefix=part["prefix"])
            found |= original_part(load_file(file), layout, config)
    return found


def original_part(tensors: dict[str, Tensor], layout: Layout, config: dict[str, Any]) -> dict[str, Tensor]:
    shares: dict[str, dict[int, Tensor]] = defaultdict(dict)
    for name, tensor in tensors.items():
        source = layout.source(name, config)
        shares[source.key][source.rows[0] if source.rows else 0] = changed_back(tensor, source)
    return {
        key: torch.cat([share[row] for row in sorted(share)]).contiguous() for key, share in shares.items()
    }


def changed_back(tensor: Tensor, source: Source) -> Tensor:
    match source.change:
        case "transposed":
            return tensor.T
        case "flat":
            return tensor[:, :, None, None]
        case "swapped":
            return torch.cat(tensor.chunk(2)[::-1])
        case "none":
            return tensor


class SingleFiles:
    """Writes single files, and configs of their tiny sizes where the loader looks for its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.plans = {path.stem: plan_of(path.stem) for path in single_file.CONFIGS.glob("*.json")}
        self.configs = folder / "configs"
        shutil.copytree(single_file.CONFIGS / "parts", self.configs / "parts")

    def write(self, source: Path, family: str, *, name: str = "model", **more: Any) -> Path:
        """`more`: tensors to put in beside. The tokenizers lie in `parts_of(file)`."""
        plan = self.plans[VARIANTS[family]]
        parts = {key: dict(part) for key, part in plan["parts"].items()}
        for key, part in parts.items():
            if (source / key / "config.json").exists():
                part["config"] = json.loads((source / key / "config.json").read_text())
        path = self.folder / f"{name}.safetensors"
        (self.configs / f"{VARIANTS[family]}.json").write_text(json.dumps({**plan, "parts": parts}))
        save_file(original_tensors(source, plan) | more.pop("tensors", {}), path, **more)
        for tokenizer in source.glob("tokenizer*"):
            shutil.copytree(tokenizer, self.parts_of(path) / tokenizer.name, dirs_exist_ok=True)
        return path

    def parts_of(self, file: Path) -> Path:
        return file.with_name(f"{file.stem}-parts")

    def use(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(single_file, "CONFIGS", self.configs)
