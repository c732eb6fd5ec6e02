"""Tiny random checkpoints in the true diffusers layout, written to disk and loaded like anybody's.

The layout is that of published folders: CLIP's tensors carry `text_model.` in front, whatever the installed
transformers writes by itself.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import torch

Autoencoder = Literal["kl", "tiny"]
FamilyName = Literal["sd", "sd2", "sdxl", "sd3", "sd3-t5", "sd35"]
BETAS: dict[str, Any] = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear"}
SHIFT = 3.0


def write_checkpoint(
    folder: Path,
    *,
    family: FamilyName = "sd",
    prediction: str = "epsilon",
    autoencoder: Autoencoder = "kl",
) -> Path:
    """A folder of a few hundred kilobytes; weights are random by a fixed seed."""
    torch.manual_seed(5)
    match family:
        case "sd":
            pipeline = _sd(prediction, autoencoder)
        case "sd2":
            pipeline = _sd(prediction, autoencoder, use_linear_projection=True)
        case "sdxl":
            pipeline = _sdxl(prediction, autoencoder)
        case "sd3" | "sd3-t5":
            pipeline = _sd3(has_t5=family == "sd3-t5")
        case "sd35":
            pipeline = _sd3(has_t5=False, dual_attention_layers=(0,), qk_norm="rms_norm")
    pipeline.save_pretrained(folder, safe_serialization=True)
    for encoder in folder.glob("text_encoder*/model.safetensors"):
        if encoder.parent.name != "text_encoder_3":
            _name_as_published(encoder)
    return folder


def _sd(prediction: str, autoencoder: Autoencoder, **more: Any) -> Any:
    from diffusers import StableDiffusionPipeline

    parts: dict[str, Any] = {
        "vae": _autoencoder(autoencoder),
        "text_encoder": _text_encoder(),
        "tokenizer": _tokenizer(),
        "unet": unet_of(cross_attention_dim=24, **more),
        "scheduler": _levels(prediction),
        "safety_checker": None,
        "feature_extractor": None,
    }
    return StableDiffusionPipeline(**parts, requires_safety_checker=False)


def _sdxl(prediction: str, autoencoder: Autoencoder) -> Any:
    from diffusers import StableDiffusionXLPipeline

    micro: dict[str, Any] = {
        "addition_embed_type": "text_time",
        "addition_time_embed_dim": 8,
        "projection_class_embeddings_input_dim": 6 * 8 + 20,
        "transformer_layers_per_block": (1, 2),
        "use_linear_projection": True,
    }
    parts: dict[str, Any] = {
        "vae": _autoencoder(autoencoder),
        "text_encoder": _text_encoder(),
        "text_encoder_2": _text_encoder(width=32, projection=20),
        "tokenizer": _tokenizer(),
        "tokenizer_2": _tokenizer(pad="!"),
        "unet": unet_of(cross_attention_dim=24 + 32, **micro),
        "scheduler": _levels(prediction),
    }
    return StableDiffusionXLPipeline(**parts)


def _sd3(*, has_t5: bool, **more: Any) -> Any:
    from diffusers import StableDiffusion3Pipeline
    from diffusers.schedulers.scheduling_flow_match_euler_discrete import FlowMatchEulerDiscreteScheduler

    parts: dict[str, Any] = {
        "vae": _autoencoder(
            "kl", latent_channels=16, scaling_factor=1.5305, shift_factor=0.0609, use_quant_conv=False
        ),
        "text_encoder": _text_encoder(projection=12),
        "text_encoder_2": _text_encoder(width=32, projection=20),
        "text_encoder_3": _t5() if has_t5 else None,
        "tokenizer": _tokenizer(),
        "tokenizer_2": _tokenizer(pad="!"),
        "tokenizer_3": _t5_tokenizer() if has_t5 else None,
        "transformer": _transformer(**more),
        "scheduler": FlowMatchEulerDiscreteScheduler(shift=SHIFT),
    }
    return StableDiffusion3Pipeline(**parts)


def _levels(prediction: str) -> Any:
    from diffusers.schedulers.scheduling_lcm import LCMScheduler

    plain: dict[str, Any] = {"clip_sample": False, "set_alpha_to_one": False, "steps_offset": 1}
    return LCMScheduler(**BETAS, **plain, prediction_type=prediction)


def _name_as_published(path: Path) -> None:
    from safetensors.torch import load_file, save_file

    tensors = load_file(path)
    named = {
        name if name.startswith(("text_model.", "text_projection.")) else f"text_model.{name}": value
        for name, value in tensors.items()
    }
    save_file(named, path, metadata={"format": "pt"})


def unet_of(**more: Any) -> Any:
    from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel

    return UNet2DConditionModel(
        sample_size=8,
        in_channels=4,
        out_channels=4,
        layers_per_block=1,
        block_out_channels=(16, 32),
        down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
        attention_head_dim=2,
        norm_num_groups=8,
        **more,
    )


def _transformer(**more: Any) -> Any:
    from diffusers.models.transformers.transformer_sd3 import SD3Transformer2DModel

    return SD3Transformer2DModel(
        sample_size=8,
        patch_size=2,
        in_channels=16,
        out_channels=16,
        num_layers=2,
        attention_head_dim=8,
        num_attention_heads=4,
        joint_attention_dim=64,
        caption_projection_dim=32,
        pooled_projection_dim=12 + 20,
        pos_embed_max_size=12,
        **more,
    )


def _autoencoder(kind: Autoencoder, **more: Any) -> Any:
    from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL
    from diffusers.models.autoencoders.autoencoder_tiny import AutoencoderTiny

    if kind == "tiny":
        channels = (8, 8, 8, 8)
        return AutoencoderTiny(
            encoder_block_out_channels=channels,
            decoder_block_out_channels=channels,
            num_encoder_blocks=(1, 1, 1, 1),
            num_decoder_blocks=(1, 1, 1, 1),
        )
    blocks: dict[str, Any] = {
        "down_block_types": ("DownEncoderBlock2D",) * 4,
        "up_block_types": ("UpDecoderBlock2D",) * 4,
        "block_out_channels": (8, 8, 8, 8),
    }
    return AutoencoderKL(**blocks, norm_num_groups=4, **more)


def _text_encoder(*, width: int = 24, projection: int | None = None) -> Any:
    """CLIP; the larger one is told from the smaller by its width alone, so widths differ."""
    from transformers.models.clip.configuration_clip import CLIPTextConfig
    from transformers.models.clip.modeling_clip import CLIPTextModel, CLIPTextModelWithProjection

    config = CLIPTextConfig(
        vocab_size=600,
        hidden_size=width,
        intermediate_size=48,
        num_hidden_layers=2,
        num_attention_heads=2,
        max_position_embeddings=16,
        projection_dim=projection or 512,
        bos_token_id=0,
        eos_token_id=1,
        pad_token_id=1,
    )
    return CLIPTextModel(config) if projection is None else CLIPTextModelWithProjection(config)


def _t5() -> Any:
    from transformers.models.t5.configuration_t5 import T5Config
    from transformers.models.t5.modeling_t5 import T5EncoderModel

    shape: dict[str, Any] = {"d_model": 64, "d_kv": 16, "d_ff": 64, "num_layers": 2, "num_heads": 4}
    return T5EncoderModel(T5Config(vocab_size=300, feed_forward_proj="gated-gelu", **shape))


def _tokenizer(*, pad: str = "<|endoftext|>") -> Any:
    from tokenizers.pre_tokenizers import ByteLevel
    from transformers.models.clip.tokenization_clip import CLIPTokenizer

    alphabet = sorted(ByteLevel.alphabet())
    words = ["<|startoftext|>", "<|endoftext|>", *alphabet, *(letter + "</w>" for letter in alphabet)]
    vocabulary = {word: index for index, word in enumerate(words)}
    return CLIPTokenizer(vocab=vocabulary, merges=[], model_max_length=16, pad_token=pad)


def _t5_tokenizer() -> Any:
    from transformers.models.t5.tokenization_t5 import T5Tokenizer

    letters = "▁abcdefghijklmnopqrstuvwxyz"
    pieces = [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), *((letter, -3.0) for letter in letters)]
    return T5Tokenizer(vocab=pieces, extra_ids=0)
