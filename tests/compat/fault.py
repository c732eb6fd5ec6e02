"""A fault of the published code as a value: a check that holds here, and how to plant it so that the check fails."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch

from semdraw.compat import (
    StableMultiDiffusion3Pipeline,
    StableMultiDiffusionPipeline,
    StableMultiDiffusionSDXLPipeline,
    StreamMultiDiffusion,
    StreamMultiDiffusion3,
    StreamMultiDiffusionSDXL,
    seed_everything,
)
from tests.compat.toys import SIDE, plain
from tests.toy import ToyModel

PIPELINES: dict[str, Any] = {
    "sd": StableMultiDiffusionPipeline,
    "sdxl": StableMultiDiffusionSDXLPipeline,
    "sd3": StableMultiDiffusion3Pipeline,
}
STREAMS: dict[str, Any] = {
    "sd": StreamMultiDiffusion,
    "sdxl": StreamMultiDiffusionSDXL,
    "sd3": StreamMultiDiffusion3,
}


@dataclass(frozen=True)
class Bench:
    """Where a check works: with the toy model, or with the tiny networks of a family."""

    toy: ToyModel
    folders: dict[str, Path]
    tmp_path: Path

    def pipeline(self, family: str = "sd", **settings: Any) -> Any:
        """Around the toy; its blurs are off."""
        return PIPELINES[family]("cpu", hf_key="toy", default_mask_std=0.0, **settings)

    def stream(self, family: str = "sd", **settings: Any) -> Any:
        """Around the toy, without blurs, on a white background."""
        settings = {"default_mask_std": 0.0, "default_prompt_strength": 1.0} | settings
        stream = STREAMS[family]("cpu", hf_key="toy", width=SIDE, height=SIDE, **settings)
        stream.update_background(plain())
        return stream

    def tiny_pipeline(self, family: str, **settings: Any) -> Any:
        return PIPELINES[family]("cpu", hf_key=str(self.folders[family]), default_mask_std=0.0, **settings)

    def tiny_stream(self, family: str, **settings: Any) -> Any:
        settings = {"width": 64, "height": 64, "default_mask_std": 0.0, "use_tiny_vae": False} | settings
        stream = STREAMS[family]("cpu", hf_key=str(self.folders[family]), **settings)
        stream.update_background(plain(side=64))
        return stream

    @staticmethod
    def draw(smd: Any, prompts: Any, negative: Any = "", *, side: int = SIDE, **settings: Any) -> Any:
        """One picture, always by the same seed."""
        seed_everything(4)
        return smd(prompts, negative, height=side, width=side, **settings)


Plant = Callable[[pytest.MonkeyPatch], None]


@dataclass(frozen=True)
class Fault:
    """`name` says what the published code does. `shows`: what the check raises once the fault is planted."""

    name: str
    check: Callable[[Bench], None]
    plant: Plant
    shows: type[BaseException] | tuple[type[BaseException], ...] = AssertionError


def replaced(where: str, value: Any) -> Plant:
    """Plants by putting `value` in the place of what has this dotted name, and everywhere that took it from there."""

    def plant(patch: pytest.MonkeyPatch) -> None:
        home, name = where.rsplit(".", 1)
        original = vars(sys.modules[home]).get(name) if home in sys.modules else None
        patch.setattr(where, value)
        for module in list(sys.modules.values()) if original is not None else ():
            if module.__name__.startswith("semdraw.") and vars(module).get(name) is original:
                patch.setattr(module, name, value)

    return plant


def raising(where: str, error: BaseException) -> Plant:
    """Plants a crash."""

    def crash(*_: Any, **__: Any) -> Any:
        raise error

    return replaced(where, crash)


def missing(where: str) -> Plant:
    """Plants by taking away what has this dotted name: a name that nobody defined or imported."""

    def plant(patch: pytest.MonkeyPatch) -> None:
        patch.delattr(where)

    return plant


def many(*plants: Plant) -> Plant:
    """Several at once."""

    def plant(patch: pytest.MonkeyPatch) -> None:
        for one in plants:
            one(patch)

    return plant


def stacked(*masks: torch.Tensor) -> torch.Tensor:
    """(p 1 H W) from masks (1 H W)."""
    return torch.stack(masks)


def row(name: str, check: Any, where: str, value: Any, shows: Any = AssertionError) -> Fault:
    """Plants `value` in the place of what has the dotted name `where` in this package."""
    return Fault(name, check, replaced(f"semdraw.{where}", value), shows)
