"""The published names of arguments, class by class: all are understood."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

from semdraw.compat import StreamMultiDiffusion
from semdraw.compat.pipeline import Pipeline

MADE = """device dtype hf_key lora_key load_from_local default_mask_std default_mask_strength default_prompt_strength
    default_bootstrap_steps default_boostrap_mix_steps default_bootstrap_leak_sensitivity
    default_preprocess_mask_cover_alpha t_index_list mask_type has_i2t lora_weight"""
CALL = """prompts negative_prompts suffix background background_prompt background_negative_prompt height width
    num_inference_steps guidance_scale prompt_strengths masks mask_strengths mask_stds use_boolean_mask do_blend
    tile_size bootstrap_steps boostrap_mix_steps bootstrap_leak_sensitivity preprocess_mask_cover_alpha
    guidance_rescale output_type joint_attention_kwargs clip_skip"""
SAMPLE = "prompts negative_prompts height width num_inference_steps guidance_scale"
STREAM = """device dtype sd_version hf_key lora_key use_tiny_vae t_index_list width height frame_buffer_size
    num_inference_steps guidance_scale delta cfg_type seed autoflush default_mask_std default_mask_strength
    default_prompt_strength bootstrap_steps bootstrap_mix_steps preprocess_mask_cover_alpha prompt_queue_capacity
    mask_type lora_weight i2t_to_device use_xformers"""
LAYER = "idx prompt negative_prompt suffix prompt_strength mask mask_strength mask_std"


@pytest.mark.parametrize(
    ("function", "names"),
    [
        (Pipeline.__init__, MADE),
        (Pipeline.__call__, CALL),
        (Pipeline.sample, f"{SAMPLE} batch_size"),
        (Pipeline.sample_panorama, f"{SAMPLE} tile_size"),
        (StreamMultiDiffusion.__init__, STREAM),
        (StreamMultiDiffusion.__call__, "no_decode ignore_check_ready"),
        (StreamMultiDiffusion.update_background, "image prompt negative_prompt"),
        (StreamMultiDiffusion.update_single_layer, LAYER),
        (StreamMultiDiffusion.update_masks, "masks mask_strengths mask_stds"),
        (StreamMultiDiffusion.update, f"background background_prompt background_negative_prompt {LAYER}"),
        (StreamMultiDiffusion.reset_seed, "generator seed"),
    ],
    ids=lambda value: getattr(value, "__qualname__", ""),
)
def test_arguments_have_their_published_names_and_order(function: Any, names: str) -> None:
    parameters = inspect.signature(function).parameters.values()
    positional = [one.name for one in parameters if one.kind is one.POSITIONAL_OR_KEYWORD]
    assert positional[1:] == names.split()
