"""Published arguments -> recipes and scenes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from semdraw.compat.masks import picture_of
from semdraw.errors import UsageError
from semdraw.geometry import Extent
from semdraw.masks import REFERENCE_SIDE_PX
from semdraw.rasters import Mask
from semdraw.scene import (
    Background,
    Brush,
    Canvas,
    Guidance,
    ImageBackground,
    Layer,
    MaskMode,
    MethodName,
    PromptBackground,
    Recipe,
    Scene,
    checked,
)

WIDEST_SOFTNESS_PX: Final = 100.0  # of a brush, at a canvas of REFERENCE_SIDE_PX
_MASK_MODES: Final[dict[str, MaskMode]] = {
    "discrete": "discrete",
    "semi-continuous": "semi_continuous",
    "continuous": "continuous",
}
_GUIDANCE: Final[dict[str, Guidance]] = {
    "full": "full",
    "self": "residual_self",
    "initialize": "residual_once",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PaintedLayer:
    """One prompt and its mask; `std_px` is the blur of the mask's edge, in pixels of the canvas."""

    prompt: str
    mask: Mask
    negative: str = ""
    strength: float = 1.0
    std_px: float = 0.0
    prompt_strength: float = 1.0


def mask_mode(mask_type: str) -> MaskMode:
    """The published spelling -> ours."""
    if mask_type not in _MASK_MODES:
        raise UsageError(f"mask_type is one of {', '.join(_MASK_MODES)}, got {mask_type!r}")
    return _MASK_MODES[mask_type]


def guidance(scale: float | None) -> float:
    """0 and 1 mean none, as published."""
    if scale is None:
        return 1.0
    if scale < 0:
        raise UsageError(f"guidance_scale is 0 or more, got {scale}; 1 turns guidance off")
    return max(1.0, float(scale))


def stream_guidance(cfg_type: str, scale: float, delta: float) -> dict[str, Any]:
    """A recipe's guidance for the published names of its kinds."""
    if cfg_type == "none":
        return {"guidance_scale": 1.0}
    if cfg_type not in _GUIDANCE:
        raise UsageError(f"cfg_type is none, {', '.join(_GUIDANCE)}; got {cfg_type!r}")
    return {"guidance": _GUIDANCE[cfg_type], "guidance_scale": guidance(scale), "guidance_delta": delta}


def listed(prompts: str | Sequence[str]) -> list[str]:
    return [prompts] if isinstance(prompts, str) else list(prompts)


def suffixed(prompt: str, suffix: str | None, background_prompt: str | None) -> str:
    """A layer's prompt joined with the background's, where there are both a joint and one to join."""
    return prompt if suffix is None or not background_prompt else f"{prompt}{suffix}{background_prompt}"


def cover(alpha: float | None, method: MethodName) -> float | None:
    """A cover of 0 turns covering off, as published; in our exact method 0 hides all that is covered."""
    return 1.0 if alpha == 0 and method != "published" else alpha


def steps(t_index_list: Sequence[int] | None, num_inference_steps: int | None) -> dict[str, Any]:
    """A recipe's steps: those of a list, on a grid of `num_inference_steps`; without a list as many even ones.

    Where neither is given nothing is said of them.
    """
    if t_index_list is not None:
        grid = {} if num_inference_steps is None else {"grid_steps": num_inference_steps}
        return {"step_indices": tuple(int(index) for index in t_index_list), **grid}
    if num_inference_steps is not None:
        return {"step_indices": (), "num_steps": num_inference_steps}
    return {}


def adjusted(recipe: Recipe, **changes: Any) -> Recipe:
    """The recipe with what is not None replaced, or a UsageError where a value lies out of bounds."""
    given = {name: value for name, value in changes.items() if value is not None}
    try:
        return msgspec.convert(msgspec.to_builtins(recipe) | given, Recipe)
    except msgspec.ValidationError as error:
        raise UsageError(f"{error}; see the ranges in the documentation of Recipe") from None


def background_of(image: Any, prompt: str | None, negative: str | None, extent: Extent) -> Background:
    """A picture if there is one, else words; neither is plain white."""
    words, unwanted = prompt or "", negative or ""
    if image is None:
        return PromptBackground(prompt=words, negative=unwanted)
    return ImageBackground(picture=picture_of(image, extent), prompt=words, negative=unwanted)


def scene_of(
    extent: Extent, layers: Sequence[PaintedLayer], background: Background, recipe: Recipe, seed: int
) -> Scene:
    """The scene, its later layers above the earlier ones."""
    named = [(f"layer-{number:02d}", layer) for number, layer in enumerate(layers)]
    canvas = Canvas(
        extent=extent,
        layers=tuple(Layer(brush_id=name, mask=layer.mask) for name, layer in named),
        background=background,
    )
    brushes = tuple(_brush(name, layer, extent) for name, layer in named)
    return checked(Scene(canvas=canvas, brushes=brushes, recipe=recipe, seed=seed % 2**32))


def _brush(name: str, layer: PaintedLayer, extent: Extent) -> Brush:
    return Brush(
        id=name,
        prompt=layer.prompt,
        negative=layer.negative,
        strength=_share(layer.strength, "mask_strength"),
        prompt_strength=_share(layer.prompt_strength, "prompt_strength"),
        softness_px=_softness(layer.std_px, extent),
    )


def _share(value: float, what: str) -> float:
    if not 0 <= value <= 1:
        raise UsageError(f"{what} lies from 0 to 1, got {value}")
    return value


def _softness(std_px: float, extent: Extent) -> float:
    """A brush's softness is told for a canvas of REFERENCE_SIDE_PX, the published blur in pixels of its own."""
    softness = std_px * REFERENCE_SIDE_PX / min(extent)
    if not 0 <= softness <= WIDEST_SOFTNESS_PX:
        widest = WIDEST_SOFTNESS_PX * min(extent) / REFERENCE_SIDE_PX
        raise UsageError(f"mask_std lies from 0 to {widest:g} px on a canvas of {extent}, got {std_px:g}")
    return softness
