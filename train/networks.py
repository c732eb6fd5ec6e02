"""The networks of picturebook, as diffusers and transformers know them.

SEMDRAW_WIDTHS, as in 64,128,192, is the channels of the denoiser's three levels, for a larger one than the shipped.
"""

import os

from diffusers import AutoencoderTiny, UNet2DConditionModel
from diffusers.models.attention_processor import AttnProcessor
from torch import nn
from transformers import CLIPTextConfig, CLIPTextModel

LATENT_CHANNELS = 4
DOWNSCALE = 8
TEXT_WIDTH = 192
MAX_TOKENS = 32
WIDTHS = tuple(int(width) for width in os.environ.get("SEMDRAW_WIDTHS", "64,96,160").split(","))
BOS, EOS = 0, 1  # never 2: transformers gives an end token of 2 a legacy meaning


def build_vae() -> AutoencoderTiny:
    """0.4 M weights; the decoder costs 6.6 GFLOP per 256 px square."""
    return AutoencoderTiny(
        encoder_block_out_channels=(32, 32, 32, 32),
        decoder_block_out_channels=(32, 32, 32, 32),
        num_encoder_blocks=(1, 1, 1, 2),
        num_decoder_blocks=(2, 1, 1, 1),
        latent_channels=LATENT_CHANNELS,
        scaling_factor=1.0,
    )


def build_unet() -> UNet2DConditionModel:
    """7.6 M weights as shipped, v-prediction; `attention_head_dim` counts heads here."""
    return UNet2DConditionModel(
        sample_size=32,
        in_channels=LATENT_CHANNELS,
        out_channels=LATENT_CHANNELS,
        block_out_channels=WIDTHS,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        layers_per_block=1,
        attention_head_dim=4,
        norm_num_groups=16,
        cross_attention_dim=TEXT_WIDTH,
    )


def train_faster_on_cpu(unet: UNet2DConditionModel) -> UNet2DConditionModel:
    """Plain attention: for so few cells its backward pass is a quarter faster than the fused one, and no other."""
    unet.set_attn_processor(AttnProcessor())
    return unet


def build_text_encoder(vocab_size: int) -> CLIPTextModel:
    return CLIPTextModel(
        CLIPTextConfig(
            vocab_size=vocab_size,
            hidden_size=TEXT_WIDTH,
            intermediate_size=TEXT_WIDTH * 4,
            num_hidden_layers=2,
            num_attention_heads=4,
            max_position_embeddings=MAX_TOKENS,
            projection_dim=TEXT_WIDTH,
            bos_token_id=BOS,
            eos_token_id=EOS,
            pad_token_id=EOS,
        )
    )


def count_weights(module: nn.Module) -> int:
    return sum(value.numel() for value in module.parameters())
