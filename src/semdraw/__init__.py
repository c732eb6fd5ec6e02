"""Live painting with few-step diffusion models: a brush carries a meaning, the picture follows the pen.

Names are looked up when they are used, so that `import semdraw` stays quick: torch waits until a model is loaded.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from semdraw.version import __version__ as __version__

if TYPE_CHECKING:
    from semdraw.engine import Engine
    from semdraw.files import open_project, save_project
    from semdraw.freezing import freeze
    from semdraw.geometry import Bounds, Extent
    from semdraw.inspection import inspect_region
    from semdraw.live import Stream, StreamFrame
    from semdraw.models.lora import Lora
    from semdraw.models.registry import list_models, load_model
    from semdraw.panoramas import panorama
    from semdraw.presets import PRESETS, Preset, preset
    from semdraw.rasters import Mask, Picture
    from semdraw.regions import compile_regions
    from semdraw.scene import (
        Brush,
        Canvas,
        ColorBackground,
        ImageBackground,
        Layer,
        PromptBackground,
        Recipe,
        Scene,
        Style,
    )
    from semdraw.still import denoise_steps, generate
    from semdraw.stream import StreamState, stream_step

__all__ = [
    "Bounds",
    "Brush",
    "Canvas",
    "ColorBackground",
    "Engine",
    "Extent",
    "ImageBackground",
    "Layer",
    "Lora",
    "Mask",
    "PRESETS",
    "Picture",
    "Preset",
    "PromptBackground",
    "Recipe",
    "Scene",
    "Stream",
    "StreamFrame",
    "StreamState",
    "Style",
    "compile_regions",
    "denoise_steps",
    "freeze",
    "generate",
    "inspect_region",
    "list_models",
    "load_model",
    "open_project",
    "panorama",
    "preset",
    "save_project",
    "stream_step",
]

_HOMES = {
    "engine": ("Engine",),
    "files": ("open_project", "save_project"),
    "freezing": ("freeze",),
    "geometry": ("Bounds", "Extent"),
    "inspection": ("inspect_region",),
    "live": ("Stream", "StreamFrame"),
    "panoramas": ("panorama",),
    "still": ("denoise_steps", "generate"),
    "models.lora": ("Lora",),
    "models.registry": ("list_models", "load_model"),
    "presets": ("PRESETS", "Preset", "preset"),
    "regions": ("compile_regions",),
    "rasters": ("Mask", "Picture"),
    "scene": (
        "Brush",
        "Canvas",
        "ColorBackground",
        "ImageBackground",
        "Layer",
        "PromptBackground",
        "Recipe",
        "Scene",
        "Style",
    ),
    "stream": ("StreamState", "stream_step"),
}


def __getattr__(name: str) -> Any:
    for module, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f"semdraw.{module}"), name)
    raise AttributeError(f"semdraw has no {name!r}; it has {', '.join(__all__)}")
