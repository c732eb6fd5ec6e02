"""The published pipelines by their names: one class a family."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from semdraw.compat.arguments import unused
from semdraw.compat.pipeline import Pipeline
from semdraw.errors import UsageError


class StableMultiDiffusionPipeline(Pipeline):
    """SD1.5 and models of its kind, with LCM-LoRA where they are not quick by themselves."""

    preset = "sd15-lcm"
    side_px = 512

    def __init__(
        self,
        device: Any,
        dtype: torch.dtype = torch.float16,
        sd_version: str = "1.5",
        *rest: Any,
        **named: Any,
    ) -> None:
        if sd_version != "1.5":
            raise UsageError(f"sd_version is 1.5 here, got {sd_version!r}; other families have other classes")
        super().__init__(device, dtype, *rest, **named)

    def prepare_lcm_schedule(
        self, t_index_list: Sequence[int] | None = None, num_inference_steps: int | None = None
    ) -> None:
        """Choose the steps from now on; nothing given brings back those of the constructor."""
        self.prepare_steps(t_index_list, num_inference_steps)


class StableMultiDiffusionSDXLPipeline(Pipeline):
    """SDXL and models of its kind, with Lightning's LoRA where they are not quick by themselves."""

    preset = "sdxl-lightning"
    side_px = 1024

    def prepare_lightning_schedule(
        self,
        t_index_list: Sequence[int] | None = None,
        num_inference_steps: int | None = None,
        s_churn: float = 0.0,
        s_tmin: float = 0.0,
        s_tmax: float = float("inf"),
    ) -> None:
        """Choose the steps from now on; nothing given brings back those of the constructor."""
        for name, value, usual in (
            ("s_churn", s_churn, 0.0),
            ("s_tmin", s_tmin, 0.0),
            ("s_tmax", s_tmax, float("inf")),
        ):
            unused(name, value, usual, "no noise is added in between")
        self.prepare_steps(t_index_list, num_inference_steps)


class StableMultiDiffusion3Pipeline(Pipeline):
    """SD3 and models of its kind, with Flash's LoRA where they are not quick by themselves."""

    preset = "sd3-flash"
    side_px = 1024

    def prepare_flashflowmatch_schedule(
        self, t_index_list: Sequence[int] | None = None, num_inference_steps: int | None = None
    ) -> None:
        """Choose the steps from now on; nothing given brings back those of the constructor."""
        self.prepare_steps(t_index_list, num_inference_steps)


class StableMultiDiffusionKolorsPipeline:
    """Kolors is not served; this name says so."""

    def __init__(self, *_: Any, **__: Any) -> None:
        raise UsageError("Kolors is not among the families here; use StableMultiDiffusionSDXLPipeline")
