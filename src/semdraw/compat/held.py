"""What a stream holds, background and layers, and the published ways to change it."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from torch import Tensor

from semdraw.compat.arguments import numbers, texts
from semdraw.compat.data import BackgroundObject, BackgroundState, LayerObject
from semdraw.compat.layers import LayerDefaults, StreamLayer, applied
from semdraw.compat.masks import masks_of
from semdraw.compat.parts import Parts
from semdraw.compat.requests import Requests
from semdraw.compat.scenes import adjusted, background_of, listed, scene_of
from semdraw.rasters import Mask
from semdraw.regions import Regions, compile_regions
from semdraw.scene import Scene
from semdraw.stream import StreamState


class Held(Parts):
    """Background, layers and the queue of requests. May be edited from another thread than the one that draws.

    Edits by `update` wait in a queue until `commit`; those by the other methods act at once.
    """

    seed: int
    autoflush: bool

    def _hold_nothing(self, defaults: LayerDefaults, capacity: int) -> None:
        self._defaults = defaults
        self._requests = Requests(capacity)
        self._lock = threading.RLock()
        self.reset_state()

    @property
    def background(self) -> BackgroundState:
        """The background as it is; the latent of its picture is there from the next frame on."""
        held, (image, latent) = self._background, self._encoded
        if held.image is not image:
            latent = None
        return BackgroundState(
            image=held.image,
            prompt=held.prompt,
            negative_prompt=held.negative_prompt,
            latent=None if latent is None else latent[None],
            embed=None if held.prompt is None else self.model.encode_prompt(held.prompt).embeds,
        )

    @property
    def layers(self) -> tuple[StreamLayer, ...]:
        """From the bottom up."""
        return self._layers

    @property
    def prompts(self) -> list[str]:
        """What each layer is told, its suffix and the background's prompt included."""
        return [layer.painted(self._background.prompt or "").prompt for layer in self._layers]

    @property
    def num_layers(self) -> int:
        return len(self._layers)

    @property
    def has_background(self) -> bool:
        return not self._background.is_empty

    @property
    def ready_checklist(self) -> dict[str, bool]:
        return {
            "initialized": True,
            "background_registered": self.has_background,
            "layers_ready": bool(self._layers),
            "flushed": self._is_flushed,
        }

    @property
    def is_ready_except_flush(self) -> bool:
        return self.has_background and bool(self._layers)

    @property
    def is_flush_needed(self) -> bool:
        return self.autoflush and not self._is_flushed

    @property
    def is_ready(self) -> bool:
        return self.is_ready_except_flush and not self.is_flush_needed

    @property
    def is_dirty(self) -> bool:
        """Whether requests wait."""
        return not self._requests.is_empty

    def check_integrity(self, throw_error: bool = True) -> bool:  # noqa: ARG002  (a layer is one value)
        """Always so: a layer is one value, so that nothing of it can be missing."""
        return True

    def update_background(
        self, image: Any = None, prompt: str | None = None, negative_prompt: str | None = None
    ) -> bool:
        """Replace what is given; whether anything was. A new picture brings its own prompts, or empty ones."""
        request = BackgroundObject(image, self._caption(image, prompt), negative_prompt)
        if request.is_empty:
            return False
        with self._lock:
            if image is None:
                request.absorb(self._background)
            request.prompt, request.negative_prompt = request.prompt or "", request.negative_prompt or ""
            self._background = request
            self._changed(is_flushed=False)
        return True

    def update_layers(
        self,
        prompts: str | Sequence[str],
        negative_prompts: str | Sequence[str] | None = None,
        suffix: str | None = None,
        prompt_strengths: Any = None,
        masks: Any = None,
        mask_strengths: Any = None,
        mask_stds: Any = None,
    ) -> None:
        """Replace all layers, one a prompt; a later one lies above an earlier one."""
        if not self._may_have_layers():
            return
        told = listed(prompts)
        count, defaults = len(told), self._defaults
        columns = zip(
            told,
            texts(negative_prompts, count, "negative_prompts"),
            numbers(prompt_strengths, count, "prompt_strengths", default=defaults.prompt_strength),
            numbers(mask_strengths, count, "mask_strengths", default=defaults.strength),
            numbers(mask_stds, count, "mask_stds", default=defaults.std_px),
            self._masks(masks, count),
            strict=True,
        )
        with self._lock:
            self._layers = tuple(
                StreamLayer(
                    prompt=prompt,
                    negative=negative,
                    suffix=suffix,
                    prompt_strength=share,
                    strength=strength,
                    std_px=std,
                    mask=mask,
                )
                for prompt, negative, share, strength, std, mask in columns
            )
            self._changed(is_flushed=False)

    def update_masks(self, masks: Any = None, mask_strengths: Any = None, mask_stds: Any = None) -> None:
        """Replace all masks, for all pictures in flight; strengths and blurs that are not given stay."""
        if not self._may_have_layers():
            return
        with self._lock:
            count = len(self._layers)
            found = self._masks(masks, count)
            strengths = [layer.strength for layer in self._layers]
            stds = [layer.std_px for layer in self._layers]
            if mask_strengths is not None:
                strengths = numbers(mask_strengths, count, "mask_strengths", default=1)
            if mask_stds is not None:
                stds = numbers(mask_stds, count, "mask_stds", default=0)
            self._layers = tuple(
                replace(layer, mask=mask, strength=strength, std_px=std)
                for layer, mask, strength, std in zip(self._layers, found, strengths, stds, strict=True)
            )
            self._changed(is_flushed=self._is_flushed)

    def update_single_layer(
        self,
        idx: int | None = None,
        prompt: str | None = None,
        negative_prompt: str | None = None,
        suffix: str | None = None,
        prompt_strength: float | None = None,
        mask: Any = None,
        mask_strength: float | None = None,
        mask_std: float | None = None,
    ) -> None:
        """Edit the layer `idx`, or append one where there is no such layer; a new one needs a prompt."""
        request = LayerObject(
            idx=idx,
            prompt=prompt,
            negative_prompt=negative_prompt,
            suffix=suffix,
            prompt_strength=prompt_strength,
            mask=mask,
            mask_std=mask_std,
            mask_strength=mask_strength,
        )
        if not self._may_have_layers():
            return
        with self._lock:
            layers = applied(self._layers, request, self._defaults)
            if layers is None:
                warnings.warn(f"a new layer needs a prompt; left out: {request}", stacklevel=2)
                return
            is_new_wording = any(
                given is not None for given in (prompt, negative_prompt, suffix, prompt_strength)
            )
            self._layers = layers
            self._changed(is_flushed=self._is_flushed and not is_new_wording)

    def register_all(
        self,
        prompts: str | Sequence[str],
        masks: Any,
        background: Any,
        background_prompt: str | None = None,
        background_negative_prompt: str = "",
        negative_prompts: str | Sequence[str] = "",
        suffix: str | None = None,
        prompt_strengths: Any = 1.0,
        mask_strengths: Any = 1.0,
        mask_stds: Any = 10.0,
    ) -> None:
        """Background and layers at once."""
        self.update_background(background, background_prompt, background_negative_prompt)
        self.update_layers(
            prompts, negative_prompts, suffix, prompt_strengths, masks, mask_strengths, mask_stds
        )

    def update(
        self,
        background: Any = None,
        background_prompt: str | None = None,
        background_negative_prompt: str | None = None,
        idx: int | None = None,
        prompt: str | None = None,
        negative_prompt: str | None = None,
        suffix: str | None = None,
        prompt_strength: float | None = None,
        mask: Any = None,
        mask_strength: float | None = None,
        mask_std: float | None = None,
    ) -> None:
        """Put a request into the queue; the next call or `commit` carries it out. What is newer wins."""
        self._requests.put_background(
            BackgroundObject(background, background_prompt, background_negative_prompt)
        )
        self._requests.put_layer(
            LayerObject(
                idx=idx,
                prompt=prompt,
                negative_prompt=negative_prompt,
                suffix=suffix,
                prompt_strength=prompt_strength,
                mask=mask,
                mask_std=mask_std,
                mask_strength=mask_strength,
            )
        )

    def commit(self) -> None:
        """Carry out the requests in the queue: the background's first, then the layers' in their order."""
        background, layers = self._requests.take()
        with self._lock:
            if background is not None:
                self.update_background(**vars(background))
            for request in layers:
                self.update_single_layer(**vars(request))

    def reset_state(self) -> None:
        """As newly made: no background, no layers, no requests, the first picture of the sequence."""
        with self._lock:
            self._background = BackgroundObject()
            self._layers: tuple[StreamLayer, ...] = ()
            self._requests.take()
            self._state = StreamState()
            self._regions: Regions | None = None
            self._encoded: tuple[Any, Tensor | None] = None, None  # a picture and its latent (c h w)
            self._is_current = self._is_flushed = False

    def _changed(self, *, is_flushed: bool) -> None:
        self._is_current, self._is_flushed = False, is_flushed

    def _may_have_layers(self) -> bool:
        if not self.has_background:
            warnings.warn(
                "no background yet, the request is left out; use update_background first", stacklevel=3
            )
        return self.has_background

    def _masks(self, masks: Any, count: int) -> list[Mask]:
        """`count` masks: blank ones where there are too few, without the last ones where there are too many."""
        found = masks_of(masks, self._defaults.extent, "stream")
        if masks is not None and len(found) != count:
            warnings.warn(
                f"{len(found)} masks for {count} prompts: "
                + ("the last ones are left out" if len(found) > count else "blank ones are added"),
                stacklevel=3,
            )
        blank = Mask.blank(self._defaults.extent)
        return [*found[:count], *[blank] * (count - len(found))]

    def _scene(self) -> Scene:
        held = self._background
        has_suffix = any(layer.suffix is not None for layer in self._layers)
        return scene_of(
            self._defaults.extent,
            [layer.painted(held.prompt or "") for layer in self._layers],
            background_of(held.image, held.prompt, held.negative_prompt, self._defaults.extent),
            adjusted(self.recipe, region_suffix="" if has_suffix else None),
            self.seed,
        )

    def _compiled(self) -> Regions:
        if self._regions is None or not self._is_current:
            self._regions = compile_regions(self._scene(), self.model, self._regions)
            self._encoded = self._background.image, self._regions.ground.rest
            self._is_current = True
        return self._regions
