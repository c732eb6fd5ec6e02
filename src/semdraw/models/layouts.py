"""Where the weights of a part lie in a single file: names of the original layouts, one function per kind of network.

Each function takes the name of a parameter as diffusers or transformers spell it and tells its source. The original
networks keep queries, keys and values in one matrix, and two of SD3's have scale and shift the other way round.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

Config = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Source:
    """A tensor of a file, or a share of its rows: (index, count) of equal blocks.

    change: what is done to it. "flat": a convolution of 1x1 becomes a matrix; "swapped": halves of rows change places.
    """

    key: str
    rows: tuple[int, int] | None = None
    change: Literal["none", "transposed", "flat", "swapped"] = "none"


def _renamed(name: str, names: Mapping[str, str]) -> str:
    for ours, theirs in names.items():
        name = name.replace(ours, theirs)
    return name


# ---- the UNet of SD1, SD2 and SDXL ----

_UNET_ENDS: Final = {
    "conv_in": "input_blocks.0.0",
    "conv_norm_out": "out.0",
    "conv_out": "out.2",
    "time_embedding.linear_1": "time_embed.0",
    "time_embedding.linear_2": "time_embed.2",
    "add_embedding.linear_1": "label_emb.0.0",
    "add_embedding.linear_2": "label_emb.0.2",
}
_UNET_RESNET: Final = {
    "norm1": "in_layers.0",
    "conv1": "in_layers.2",
    "norm2": "out_layers.0",
    "conv2": "out_layers.3",
    "time_emb_proj": "emb_layers.1",
    "conv_shortcut": "skip_connection",
}
_UNET_BLOCK: Final = re.compile(
    r"(down_blocks|mid_block|up_blocks)\.(?:(\d+)\.)?(resnets|attentions|downsamplers|upsamplers)\.(\d+)\.(.+)"
)


def unet(name: str, config: Config) -> Source:
    """The original numbers all layers of a level in one row: resnets, their attentions, then the change of size."""
    found = _UNET_BLOCK.fullmatch(name)
    if not found:
        module, _, kind = name.rpartition(".")
        return Source(f"{_UNET_ENDS.get(module, module)}.{kind}")
    side, level, layer, rest = found[1], int(found[2] or 0), int(found[4]), found[5]
    inner = _renamed(rest, _UNET_RESNET) if found[3] == "resnets" else rest
    if side == "mid_block":
        return Source(f"middle_block.{2 * layer if found[3] == 'resnets' else 2 * layer + 1}.{inner}")
    count = int(config["layers_per_block"])
    row = level * (count + 1)
    match found[3]:
        case "downsamplers":
            return Source(f"input_blocks.{row + count + 1}.0.{rest.replace('conv', 'op')}")
        case "upsamplers":
            place = 2 if "CrossAttn" in config["up_block_types"][level] else 1
            return Source(f"output_blocks.{row + count}.{place}.{rest}")
        case kind:
            blocks, first = ("input_blocks", 1) if side == "down_blocks" else ("output_blocks", 0)
            return Source(f"{blocks}.{row + layer + first}.{0 if kind == 'resnets' else 1}.{inner}")


# ---- the autoencoder of all families ----

_VAE_ATTENTION: Final = {
    "group_norm": "norm",
    "to_q": "q",
    "to_k": "k",
    "to_v": "v",
    "to_out.0": "proj_out",
}


def vae(name: str, config: Config) -> Source:
    """The original counts the decoder's levels from the smallest picture's other end."""
    levels = len(config["block_out_channels"])
    if ".mid_block.attentions.0." in name:
        key = _renamed(name.replace("mid_block.attentions.0", "mid.attn_1"), _VAE_ATTENTION)
        return Source(key, change="flat" if name.endswith("weight") and "norm" not in name else "none")
    key = re.sub(r"mid_block\.resnets\.(\d+)", lambda m: f"mid.block_{int(m[1]) + 1}", name)
    key = re.sub(r"down_blocks\.(\d+)", r"down.\1", key)
    key = re.sub(r"up_blocks\.(\d+)", lambda m: f"up.{levels - 1 - int(m[1])}", key)
    key = re.sub(r"resnets\.(\d+)", r"block.\1", key)
    key = re.sub(r"(down|up)samplers\.0", r"\1sample", key)
    return Source(_renamed(key, {"conv_shortcut": "nin_shortcut", "conv_norm_out": "norm_out"}))


# ---- text encoders ----


def clip(name: str, config: Config) -> Source:
    """As transformers publishes it: everything but the projection lies below `text_model.`"""
    del config
    return Source(name if name.startswith(("text_model.", "text_projection.")) else f"text_model.{name}")


_OPEN_CLIP: Final = {
    "encoder.layers.": "transformer.resblocks.",
    "layer_norm1": "ln_1",
    "layer_norm2": "ln_2",
    "mlp.fc1": "mlp.c_fc",
    "mlp.fc2": "mlp.c_proj",
    "self_attn.out_proj": "attn.out_proj",
    "embeddings.token_embedding": "token_embedding",
    "embeddings.position_embedding.weight": "positional_embedding",
    "final_layer_norm": "ln_final",
}


def open_clip(name: str, config: Config) -> Source:
    """As OpenCLIP names it: one matrix for queries, keys and values, and a projection that lies on its side."""
    del config
    name = name.removeprefix("text_model.")
    if name == "text_projection.weight":
        return Source("text_projection", change="transposed")
    if found := re.fullmatch(r"encoder\.layers\.(\d+)\.self_attn\.([qkv])_proj\.(weight|bias)", name):
        return Source(
            f"transformer.resblocks.{found[1]}.attn.in_proj_{found[3]}", rows=("qkv".index(found[2]), 3)
        )
    return Source(_renamed(name, _OPEN_CLIP))


def t5(name: str, config: Config) -> Source:
    """As transformers names it; the embedding stands there once."""
    del config
    return Source("shared.weight" if name == "encoder.embed_tokens.weight" else name)


# ---- the transformer of SD3 ----

_SD3_ENDS: Final = {
    "pos_embed.pos_embed": "pos_embed",
    "pos_embed.proj": "x_embedder.proj",
    "time_text_embed.timestep_embedder.linear_1": "t_embedder.mlp.0",
    "time_text_embed.timestep_embedder.linear_2": "t_embedder.mlp.2",
    "time_text_embed.text_embedder.linear_1": "y_embedder.mlp.0",
    "time_text_embed.text_embedder.linear_2": "y_embedder.mlp.2",
    "norm_out.linear": "final_layer.adaLN_modulation.1",
    "proj_out": "final_layer.linear",
}
_SD3_BLOCK: Final = {
    "norm1_context.linear": "context_block.adaLN_modulation.1",
    "norm1.linear": "x_block.adaLN_modulation.1",
    "ff_context.net.0.proj": "context_block.mlp.fc1",
    "ff_context.net.2": "context_block.mlp.fc2",
    "ff.net.0.proj": "x_block.mlp.fc1",
    "ff.net.2": "x_block.mlp.fc2",
    "attn.norm_added_q": "context_block.attn.ln_q",
    "attn.norm_added_k": "context_block.attn.ln_k",
    "attn.to_add_out": "context_block.attn.proj",
    "attn.norm_q": "x_block.attn.ln_q",
    "attn.norm_k": "x_block.attn.ln_k",
    "attn.to_out.0": "x_block.attn.proj",
    "attn2.norm_q": "x_block.attn2.ln_q",
    "attn2.norm_k": "x_block.attn2.ln_k",
    "attn2.to_out.0": "x_block.attn2.proj",
}
_SD3_FUSED: Final = {
    **{f"attn.to_{letter}": ("x_block.attn.qkv", place) for place, letter in enumerate("qkv")},
    **{f"attn2.to_{letter}": ("x_block.attn2.qkv", place) for place, letter in enumerate("qkv")},
    **{f"attn.add_{letter}_proj": ("context_block.attn.qkv", place) for place, letter in enumerate("qkv")},
}


def sd3(name: str, config: Config) -> Source:
    """Scale and shift of what comes last stand the other way round in the original."""
    found = re.fullmatch(r"transformer_blocks\.(\d+)\.(.+)\.(weight|bias)", name)
    if not found:
        change = "swapped" if name.startswith("norm_out.") else "none"
        return Source(_renamed(name, _SD3_ENDS), change=change)
    block, module, kind = f"joint_blocks.{found[1]}", found[2], found[3]
    if module in _SD3_FUSED:
        fused, place = _SD3_FUSED[module]
        return Source(f"{block}.{fused}.{kind}", rows=(place, 3))
    source = Source(f"{block}.{_SD3_BLOCK.get(module, module)}.{kind}")
    is_last = int(found[1]) == int(config["num_layers"]) - 1
    return replace(source, change="swapped") if is_last and module == "norm1_context.linear" else source


# ---- tiny decoders ----


def tiny(name: str, config: Config) -> Source:
    """TAESD's decoder by itself: its layers are numbered, and a clamp without weights is the first of them."""
    del config
    return Source(re.sub(r"^decoder\.layers\.(\d+)", lambda m: str(int(m[1]) + 1), name))


def same(name: str, config: Config) -> Source:
    """As diffusers names it."""
    del config
    return Source(name)


NAMES: Final[Mapping[str, Callable[[str, Config], Source]]] = {
    "unet": unet,
    "vae": vae,
    "clip": clip,
    "open_clip": open_clip,
    "t5": t5,
    "sd3": sd3,
    "tiny": tiny,
    "same": same,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """How a part lies in a file: the function that names its tensors, and what stands before all names.

    is_whole: tensors of that prefix for which the part has no place are a sign of another network.
    """

    names: str
    prefix: str = ""
    is_whole: bool = False

    def source(self, name: str, config: Config) -> Source:
        found = NAMES[self.names](name, config)
        return replace(found, key=f"{self.prefix}{found.key}")
