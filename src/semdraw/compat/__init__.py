"""The published classes of SemanticDraw (StreamMultiDiffusion) by their names and signatures, over this core.

Scripts written for the published code run when `semdraw.compat.` is put in front of the modules that they import:
`model`, `util`, `prompt_util`, `ipython_util` and `data`. docs/compat.md tells what differs.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from semdraw.compat.data import BackgroundObject, BackgroundState, LayerObject
    from semdraw.compat.pipelines import (
        StableMultiDiffusion3Pipeline,
        StableMultiDiffusionKolorsPipeline,
        StableMultiDiffusionPipeline,
        StableMultiDiffusionSDXLPipeline,
    )
    from semdraw.compat.prompt_util import preprocess_prompt, preprocess_prompts, print_prompts
    from semdraw.compat.streams import StreamMultiDiffusion, StreamMultiDiffusion3, StreamMultiDiffusionSDXL
    from semdraw.compat.util import Streamer, blend, load_model, seed_everything

__all__ = [
    "BackgroundObject",
    "BackgroundState",
    "LayerObject",
    "StableMultiDiffusion3Pipeline",
    "StableMultiDiffusionKolorsPipeline",
    "StableMultiDiffusionPipeline",
    "StableMultiDiffusionSDXLPipeline",
    "StreamMultiDiffusion",
    "StreamMultiDiffusion3",
    "StreamMultiDiffusionSDXL",
    "Streamer",
    "blend",
    "load_model",
    "preprocess_prompt",
    "preprocess_prompts",
    "print_prompts",
    "seed_everything",
]

_HOMES = {
    "data": ("BackgroundObject", "BackgroundState", "LayerObject"),
    "pipelines": (
        "StableMultiDiffusion3Pipeline",
        "StableMultiDiffusionKolorsPipeline",
        "StableMultiDiffusionPipeline",
        "StableMultiDiffusionSDXLPipeline",
    ),
    "prompt_util": ("preprocess_prompt", "preprocess_prompts", "print_prompts"),
    "streams": ("StreamMultiDiffusion", "StreamMultiDiffusion3", "StreamMultiDiffusionSDXL"),
    "util": ("Streamer", "blend", "load_model", "seed_everything"),
}


def __getattr__(name: str) -> Any:
    for module, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f"semdraw.compat.{module}"), name)
    raise AttributeError(f"semdraw.compat has no {name!r}; it has {', '.join(__all__)}")
