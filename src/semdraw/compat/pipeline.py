"""What the published pipelines have in common: one call, one picture, over `generate`."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any, ClassVar, Literal, NamedTuple

import torch
from PIL import Image
from torch import Tensor

from semdraw.compat.arguments import first, numbers, spread, texts, unused
from semdraw.compat.averaged import Averaged
from semdraw.compat.checkpoints import Wanted, opened
from semdraw.compat.masks import masks_of
from semdraw.compat.parts import Captioner, Parts, say_rescale, say_unused
from semdraw.compat.scenes import (
    PaintedLayer,
    adjusted,
    background_of,
    cover,
    guidance,
    listed,
    mask_mode,
    scene_of,
    steps,
)
from semdraw.compat.util import to_tensor
from semdraw.compat.weights import processed
from semdraw.errors import UsageError
from semdraw.geometry import Extent
from semdraw.panoramas import panorama
from semdraw.rasters import Mask, Picture
from semdraw.scene import MethodName, PromptBackground, Recipe
from semdraw.still import generate

OutputType = Literal["pil", "np", "pt"]


class Weights(NamedTuple):
    """Prompt strengths, mask strengths and blurs in px, as they were given: one for all, one each, or None."""

    prompt: Any
    mask: Any
    std: Any


class Pipeline(Parts):
    """A class differs by its preset and by `side_px`, the usual side of a canvas."""

    preset: ClassVar[str]
    side_px: ClassVar[int]

    def __init__(
        self,
        device: Any,
        dtype: torch.dtype = torch.float16,
        hf_key: Any = None,
        lora_key: str | None = None,
        load_from_local: bool = False,
        default_mask_std: float = 1.0,
        default_mask_strength: float = 1.0,
        default_prompt_strength: float = 1.0,
        default_bootstrap_steps: int = 1,
        default_boostrap_mix_steps: float = 1.0,
        default_bootstrap_leak_sensitivity: float = 0.2,
        default_preprocess_mask_cover_alpha: float = 0.3,
        t_index_list: Sequence[int] | None = None,
        mask_type: str = "discrete",
        has_i2t: bool = True,  # noqa: ARG002  (nothing is loaded for it; see `captioner`)
        lora_weight: float = 1.0,
        *,
        default_bootstrap_mix_steps: float | None = None,
        method: MethodName = "exact",
        captioner: Captioner | None = None,
    ) -> None:
        say_unused({"load_from_local": load_from_local})
        wanted = Wanted(
            preset=self.preset,
            method=method,
            key=hf_key,
            device=device,
            dtype=dtype,
            lora=lora_key,
            lora_weight=lora_weight,
        )
        self.model, recipe = opened(wanted)
        self.device, self.dtype, self.captioner = self.model.device, dtype, captioner
        self.default_mask_std = default_mask_std
        self.default_mask_strength = default_mask_strength
        self.default_prompt_strength = default_prompt_strength
        self.recipe = self._initial = adjusted(
            recipe,
            method=method,
            mask_mode=mask_mode(mask_type),
            bootstrap_steps=default_bootstrap_steps,
            bootstrap_mix=first(default_bootstrap_mix_steps, default_boostrap_mix_steps),
            leak_sensitivity=default_bootstrap_leak_sensitivity,
            cover=cover(default_preprocess_mask_cover_alpha, method),
            **steps(t_index_list, None),
        )

    def __call__(
        self,
        prompts: str | Sequence[str] | None = None,
        negative_prompts: str | Sequence[str] = "",
        suffix: str | None = None,
        background: Any = None,
        background_prompt: str | None = None,
        background_negative_prompt: str = "",
        height: int | None = None,
        width: int | None = None,
        num_inference_steps: int | None = None,
        guidance_scale: float | None = None,
        prompt_strengths: Any = None,
        masks: Any = None,
        mask_strengths: Any = None,
        mask_stds: Any = None,
        use_boolean_mask: bool = True,
        do_blend: bool = True,
        tile_size: int | None = None,
        bootstrap_steps: int | None = None,
        boostrap_mix_steps: float | None = None,
        bootstrap_leak_sensitivity: float | None = None,
        preprocess_mask_cover_alpha: float | None = None,
        guidance_rescale: float = 0.7,
        output_type: OutputType = "pil",
        joint_attention_kwargs: dict[str, Any] | None = None,
        clip_skip: int | None = None,
        *,
        bootstrap_mix_steps: float | None = None,
    ) -> Any:
        """One picture: `prompts` where `masks` are, a later one above an earlier one, and a background beneath.

        Arguments that are None take the constructor's defaults; sizes are in px. Without masks the prompts make the
        whole picture, without prompts the background is the picture.
        """
        say_rescale(guidance_rescale, self.recipe)
        _refuse(joint_attention_kwargs=joint_attention_kwargs, clip_skip=clip_skip)
        extent = self._extent(height, width)
        background_prompt = self._caption(background, background_prompt)
        if _is_nothing(prompts):
            if background is not None:
                return background
            prompts, negative_prompts, masks = background_prompt, background_negative_prompt, None
        if not prompts:
            raise UsageError("nothing to draw: give prompts with masks, or a background")
        recipe = adjusted(
            self.recipe,
            **steps(None, num_inference_steps),
            guidance_scale=guidance(guidance_scale),
            bootstrap_steps=bootstrap_steps,
            bootstrap_mix=first(bootstrap_mix_steps, boostrap_mix_steps),
            leak_sensitivity=bootstrap_leak_sensitivity,
            cover=cover(preprocess_mask_cover_alpha, self.recipe.method),
            region_suffix=self._suffix(suffix, background_prompt),
            tile_px=tile_size,
            blend=do_blend,
        )
        if _is_nothing(masks):
            return _as(output_type, self._whole(prompts, negative_prompts, extent, recipe))
        layers = self._layers(
            listed(prompts),
            negative_prompts,
            masks_of(masks, extent, "boolean" if use_boolean_mask else "grey"),
            Weights(prompt_strengths, mask_strengths, mask_stds),
        )
        behind = background_of(background, background_prompt, background_negative_prompt, extent)
        return _as(output_type, generate(self.model, scene_of(extent, layers, behind, recipe, _drawn_seed())))

    def sample(
        self,
        prompts: str | Sequence[str],
        negative_prompts: str | Sequence[str] = "",
        height: int | None = None,
        width: int | None = None,
        num_inference_steps: int | None = None,
        guidance_scale: float | None = None,
        batch_size: int = 1,
    ) -> list[Image.Image]:
        """`batch_size` pictures of one prompt, without regions; several prompts are told at once, as their mean."""
        recipe = adjusted(
            self.recipe, **steps(None, num_inference_steps), guidance_scale=guidance(guidance_scale)
        )
        extent = self._extent(height, width)
        pictures = [self._whole(prompts, negative_prompts, extent, recipe) for _ in range(batch_size)]
        return [Image.fromarray(picture.array) for picture in pictures]

    def sample_panorama(
        self,
        prompts: str | Sequence[str],
        negative_prompts: str | Sequence[str] = "",
        height: int | None = None,
        width: int | None = None,
        num_inference_steps: int | None = None,
        guidance_scale: float | None = None,
        tile_size: int | None = None,
    ) -> Image.Image:
        """A wide picture of one prompt, drawn in overlapping tiles."""
        recipe = adjusted(
            self.recipe,
            **steps(None, num_inference_steps),
            guidance_scale=guidance(guidance_scale),
            tile_px=first(tile_size, min(self.model.spec.extent)),
        )
        picture = panorama(
            Averaged(self.model),
            Averaged.joined(listed(prompts)),
            self._extent(height, first(width, 4 * self.side_px)),
            negative=Averaged.joined(listed(negative_prompts)),
            seed=_drawn_seed(),
            recipe=recipe,
        )
        return Image.fromarray(picture.array)

    def process_mask(
        self,
        masks: Any,
        strength: Any = None,
        std: Any = None,
        height: int | None = None,
        width: int | None = None,
        use_boolean_mask: bool = True,
        timesteps: Any = None,
        preprocess_mask_cover_alpha: float | None = None,
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Weights per step (p t 1 h w), blurred masks (p 1 H W) and their blurs (p) in px, as a call uses them."""
        unused("timesteps", timesteps, None, "the steps are those of `recipe`")
        extent = self._extent(height, width)
        found = masks_of(masks, extent, "boolean" if use_boolean_mask else "grey")
        layers = self._layers(["mask"] * len(found), "", found, Weights(None, strength, std))
        recipe = adjusted(self.recipe, cover=cover(preprocess_mask_cover_alpha, self.recipe.method))
        weights, blurred = processed(layers, recipe, self.model)
        return weights, blurred, torch.tensor([layer.std_px for layer in layers])

    def _layers(
        self, prompts: list[str], negative_prompts: str | Sequence[str], masks: list[Mask], weights: Weights
    ) -> list[PaintedLayer]:
        """One layer a mask, from the bottom up; one prompt stands for all of them."""
        if 1 < len(prompts) < len(masks):
            warnings.warn(
                f"{len(masks)} masks for {len(prompts)} prompts: the last ones are left out", stacklevel=3
            )
            masks = masks[: len(prompts)]
        count = len(masks)
        columns = zip(
            spread(prompts, count, "prompts"),
            texts(negative_prompts, count, "negative_prompts"),
            masks,
            numbers(weights.prompt, count, "prompt_strengths", default=self.default_prompt_strength),
            numbers(weights.mask, count, "mask_strengths", default=self.default_mask_strength),
            numbers(weights.std, count, "mask_stds", default=self.default_mask_std),
            strict=True,
        )
        return [
            PaintedLayer(
                prompt=prompt,
                negative=negative,
                mask=mask,
                prompt_strength=told,
                strength=strength,
                std_px=std,
            )
            for prompt, negative, mask, told, strength, std in columns
        ]

    def _whole(
        self,
        prompts: str | Sequence[str],
        negative_prompts: str | Sequence[str],
        extent: Extent,
        recipe: Recipe,
    ) -> Picture:
        """One picture without regions."""
        told = PromptBackground(
            prompt=Averaged.joined(listed(prompts)), negative=Averaged.joined(listed(negative_prompts))
        )
        return generate(Averaged(self.model), scene_of(extent, (), told, recipe, _drawn_seed()))

    def _suffix(self, suffix: str | None, background_prompt: str | None) -> str | None:
        """What a recipe adds to the prompts of regions: the joint and the words of the background, if it has any."""
        has_words = background_prompt or self.recipe.method == "published"
        return None if suffix is None or not has_words else f"{suffix}{{background}}"

    def _extent(self, height: int | None, width: int | None) -> Extent:
        return Extent(first(width, self.side_px), first(height, self.side_px))

    def prepare_steps(self, t_index_list: Sequence[int] | None, num_inference_steps: int | None) -> None:
        """Choose the steps from now on; nothing given brings back those of the constructor."""
        self.recipe = adjusted(self.recipe, **_steps_of(self._initial))
        self.recipe = adjusted(self.recipe, **steps(t_index_list, num_inference_steps))


def _drawn_seed() -> int:
    """From torch's own state, so that `seed_everything` decides, and a second picture is another one."""
    return int(torch.randint(0, 2**32, ()))


def _is_nothing(value: Any) -> bool:
    return value is None or (isinstance(value, (str, list, tuple)) and not value)


def _steps_of(recipe: Recipe) -> dict[str, Any]:
    return {name: getattr(recipe, name) for name in ("step_indices", "num_steps", "grid_steps")}


def _refuse(**settings: Any) -> None:
    for name, value in settings.items():
        if value is not None:
            raise UsageError(f"{name} is not served, got {value!r}; leave it out")


def _as(output_type: OutputType, picture: Picture) -> Any:
    """A PIL picture, an array (H W 3) in [0, 1], or a tensor (1 3 H W) in [0, 1]."""
    image = Image.fromarray(picture.array)
    match output_type:
        case "pil":
            return image
        case "np":
            return picture.array.astype("float32") / 255
        case "pt":
            return to_tensor(image)[None]
        case _:
            raise UsageError(f"output_type is pil, np or pt, got {output_type!r}")
