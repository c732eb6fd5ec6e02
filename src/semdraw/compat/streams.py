"""The published streams: register a background and layers, then each call returns the next picture."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, ClassVar, Final

import torch
from PIL import Image
from torch import Tensor

from semdraw.compat.arguments import first, numbers
from semdraw.compat.checkpoints import Wanted, opened
from semdraw.compat.held import Held
from semdraw.compat.layers import LayerDefaults
from semdraw.compat.masks import masks_of
from semdraw.compat.parts import Captioner, say_unused
from semdraw.compat.scenes import adjusted, cover, mask_mode, steps, stream_guidance
from semdraw.compat.weights import processed
from semdraw.errors import UsageError
from semdraw.geometry import Extent
from semdraw.regions import Regions
from semdraw.scene import MethodName, Recipe
from semdraw.still import develop
from semdraw.stream import StreamState, stream_step

_GRID_STEPS: Final = 50


class _Stream(Held):
    """A class differs by its preset and by a few defaults."""

    preset: ClassVar[str]
    sd_version: ClassVar[str]
    guidance_scale: ClassVar[float] = 1.2
    cover: ClassVar[float] = 0.1

    def __init__(
        self,
        device: Any,
        dtype: torch.dtype = torch.float16,
        sd_version: str | None = None,
        hf_key: Any = None,
        lora_key: str | None = None,
        use_tiny_vae: bool = True,
        t_index_list: Sequence[int] | None = None,
        width: int = 512,
        height: int = 512,
        frame_buffer_size: int = 1,
        num_inference_steps: int = _GRID_STEPS,
        guidance_scale: float | None = None,
        delta: float = 1.0,
        cfg_type: str = "none",
        seed: int = 2024,
        autoflush: bool = True,
        default_mask_std: float = 8.0,
        default_mask_strength: float = 1.0,
        default_prompt_strength: float = 0.95,
        bootstrap_steps: int = 1,
        bootstrap_mix_steps: float = 1.0,
        preprocess_mask_cover_alpha: float | None = None,
        prompt_queue_capacity: int = 256,
        mask_type: str = "continuous",
        lora_weight: float = 1.0,
        i2t_to_device: bool = False,  # noqa: ARG002  (nothing is loaded for it; see `captioner`)
        use_xformers: bool = True,  # noqa: ARG002  (attention is torch's own)
        *,
        method: MethodName = "exact",
        captioner: Captioner | None = None,
    ) -> None:
        if sd_version not in (None, self.sd_version):
            raise UsageError(
                f"sd_version is {self.sd_version} here, got {sd_version!r}; other families have other classes"
            )
        say_unused({"frame_buffer_size": frame_buffer_size})
        wanted = Wanted(
            preset=self.preset,
            method=method,
            key=hf_key,
            device=device,
            dtype=dtype,
            lora=lora_key,
            lora_weight=lora_weight,
            wants_tiny_decoder=use_tiny_vae,
        )
        self.model, recipe = opened(wanted)
        self.device, self.dtype, self.captioner = self.model.device, dtype, captioner
        self.recipe = adjusted(
            recipe,
            method=method,
            mask_mode=mask_mode(mask_type),
            bootstrap_steps=bootstrap_steps,
            bootstrap_mix=bootstrap_mix_steps,
            cover=cover(first(preprocess_mask_cover_alpha, self.cover), method),
            **stream_guidance(cfg_type, first(guidance_scale, self.guidance_scale), delta),
            **_steps(t_index_list, num_inference_steps, recipe),
        )
        self.seed, self.autoflush = seed, autoflush
        self.width, self.height = width, height
        defaults = LayerDefaults(
            extent=Extent(width, height),
            prompt_strength=default_prompt_strength,
            strength=default_mask_strength,
            std_px=default_mask_std,
        )
        self._hold_nothing(defaults, prompt_queue_capacity)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.background}, {self.num_layers} layers, {self.model.spec.name})"

    def __call__(self, no_decode: bool = False, ignore_check_ready: bool = False) -> Any:
        """The next picture, or its clean latents (1 c h w) with `no_decode`; None while the stream is not ready."""
        with self._lock:
            if not ignore_check_ready and self.is_dirty:
                self.commit()
                self.flush()
            if not ignore_check_ready and not self.check_ready():
                return None
            regions = self._compiled()
            latents = self._next_latents(regions)
        if no_decode:
            return latents[None]
        return Image.fromarray(develop(latents, regions, self.model).array)

    def flush(self) -> None:
        """Forget the pictures in flight, so that all of the next one is drawn from what is registered now."""
        with self._lock:
            self._state = StreamState(frame=self._state.frame)
            self._is_flushed = True

    def reset_latent(self) -> None:
        """Forget the pictures in flight."""
        self.flush()

    def reset_seed(self, generator: torch.Generator | None = None, seed: int | None = None) -> None:
        """Begin the sequence of pictures again, from `seed`, the generator's, or the same as before."""
        with self._lock:
            self.seed = first(seed, None if generator is None else generator.initial_seed(), self.seed)
            self._state = StreamState()
            self._changed(is_flushed=False)

    def check_ready(self) -> bool:
        """Whether a picture can be drawn; flushes if need be, and says what is missing."""
        missing = [
            name for name in ("background_registered", "layers_ready") if not self.ready_checklist[name]
        ]
        if missing:
            warnings.warn(
                f"the stream is not ready: {' and '.join(missing)} first; use update_background, "
                "then update_layers or update_single_layer",
                stacklevel=3,
            )
            return False
        if self.is_flush_needed:
            self.flush()
        return True

    def process_mask(
        self, masks: Any = None, strength: Any = None, std: Any = None
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Weights per step (p t 1 h w), strengths (p), blurs (p) in px and the masks (p 1 H W) themselves."""
        found = masks_of(masks, self._defaults.extent, "stream")
        strengths = numbers(strength, len(found), "strength", default=self._defaults.strength)
        stds = numbers(std, len(found), "std", default=self._defaults.std_px)
        fresh = self._defaults.fresh("mask")
        layers = [
            replace(fresh, mask=mask, strength=share, std_px=blur).painted("")
            for mask, share, blur in zip(found, strengths, stds, strict=True)
        ]
        weights, _ = processed(layers, self.recipe, self.model)
        original = torch.stack([torch.from_numpy(mask.array.copy())[None] / 255 for mask in found])
        return weights, torch.tensor(strengths), torch.tensor(stds), original

    @torch.inference_mode()
    def _next_latents(self, regions: Regions) -> Tensor:
        """The clean latents (c h w) of the next picture to land."""
        while True:
            self._state, landed = stream_step(self._state, regions, self.model, is_varied=True)
            if landed is not None:
                return landed


def _steps(t_index_list: Sequence[int] | None, num_inference_steps: int, recipe: Recipe) -> dict[str, Any]:
    """A recipe's steps. Without any list a number is that of even steps; the default leaves the recipe its own."""
    points = first(t_index_list, recipe.step_indices or None)
    is_default = points is None and num_inference_steps == _GRID_STEPS
    return {} if is_default else steps(points, num_inference_steps)


class StreamMultiDiffusion(_Stream):
    """SD1.5 and models of its kind, with LCM-LoRA where they are not quick by themselves."""

    preset = "sd15-lcm"
    sd_version = "1.5"
    cover = 0.3


class StreamMultiDiffusionSDXL(_Stream):
    """SDXL and models of its kind, with Lightning's LoRA where they are not quick by themselves."""

    preset = "sdxl-lightning"
    sd_version = "xl"


class StreamMultiDiffusion3(_Stream):
    """SD3 and models of its kind, with Flash's LoRA where they are not quick by themselves."""

    preset = "sd3-flash"
    sd_version = "3"
    guidance_scale = 0.0
