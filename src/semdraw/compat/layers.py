"""The layers of a stream: a value, and the published rules of editing it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from semdraw.compat.arguments import first
from semdraw.compat.data import LayerObject
from semdraw.compat.masks import mask_of
from semdraw.compat.scenes import PaintedLayer, suffixed
from semdraw.geometry import Extent
from semdraw.rasters import Mask


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamLayer:
    """A prompt and where it shows. `suffix` joins the background's prompt to it, whatever that is at the time."""

    prompt: str
    mask: Mask
    negative: str
    suffix: str | None
    prompt_strength: float
    strength: float
    std_px: float

    def painted(self, background_prompt: str) -> PaintedLayer:
        """As a scene takes it."""
        return PaintedLayer(
            prompt=suffixed(self.prompt, self.suffix, background_prompt),
            mask=self.mask,
            negative=self.negative,
            strength=self.strength,
            std_px=self.std_px,
            prompt_strength=self.prompt_strength,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerDefaults:
    """What a new layer has where nothing is said."""

    extent: Extent
    prompt_strength: float
    strength: float
    std_px: float

    def fresh(self, prompt: str) -> StreamLayer:
        return StreamLayer(
            prompt=prompt,
            mask=Mask.blank(self.extent),
            negative="",
            suffix=None,
            prompt_strength=self.prompt_strength,
            strength=self.strength,
            std_px=self.std_px,
        )


def edited(layer: StreamLayer, request: LayerObject) -> StreamLayer:
    """The layer with what the request says; a new prompt without a suffix has none."""
    changes: dict[str, Any] = {
        "prompt": request.prompt,
        "negative": request.negative_prompt,
        "prompt_strength": request.prompt_strength,
        "strength": request.mask_strength,
        "std_px": request.mask_std,
        "mask": None if request.mask is None else mask_of(request.mask, layer.mask.extent, "stream"),
    }
    said = {name: value for name, value in changes.items() if value is not None}
    is_new_wording = request.prompt is not None or request.suffix is not None
    return replace(layer, **said, **({"suffix": request.suffix} if is_new_wording else {}))


def applied(
    layers: Sequence[StreamLayer], request: LayerObject, defaults: LayerDefaults
) -> tuple[StreamLayer, ...] | None:
    """The layers after a request; None where it asks for a new layer and has no prompt.

    An index that is no layer's appends. A new layer without a mask is blank until it gets one.
    """
    index = first(request.idx, len(layers))
    if 0 <= index < len(layers):
        return (*layers[:index], edited(layers[index], request), *layers[index + 1 :])
    if request.prompt is None:
        return None
    return (*layers, edited(defaults.fresh(request.prompt), request))
