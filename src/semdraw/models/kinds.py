"""What a safetensors file is, told from the names and shapes in its header alone."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal

from semdraw.models.headers import Header
from semdraw.models.lora_names import role_of

KindName = Literal["model", "lora", "autoencoder", "tiny decoder", "part", "other"]
NETWORK: Final = "model.diffusion_model."
_LORA_KIN: Final = {  # relatives of LoRA that change weights in another way
    "dora_scale": "DoRA",
    "lora_magnitude_vector": "DoRA",
    "hada_w1_a": "LoHa",
    "lokr_w1": "LoKr",
    "lokr_w1_a": "LoKr",
    "oft_blocks": "OFT",
    "oft_diag": "OFT",
    "a1.weight": "GLoRA",
    "lora_mid.weight": "LoCon in Tucker form",
    "diff": "full difference",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """`title`: in words with an article, as "an SDXL LoRA". base: the model that it is or is made for, as "SDXL".

    variant: for a model, the name of the configs that it is loaded with; None: it is not loaded here.
    channels: of the latents, for autoencoders and their decoders.
    """

    kind: KindName
    title: str
    base: str | None = None
    variant: str | None = None
    channels: int | None = None


def recognise(header: Header) -> Kind:
    """The first kind that fits, from what is surest to what is only a guess."""
    for look in (_lora, _tiny_decoder, _whole_model, _side_network, _autoencoder, _part, _embedding):
        if found := look(header):
            return found
    first = min(header.tensors, default="")
    return Kind(kind="other", title=f"of no kind that is known here (its first tensor is {first!r})")


# ---- LoRAs ----


def _lora(header: Header) -> Kind | None:
    kin = {title for name in header.tensors for end, title in _LORA_KIN.items() if name.endswith(f".{end}")}
    if not kin and not any(_is_matrix(name) for name in header.tensors):
        return None
    base = _base_of_lora(header)
    if not kin:
        return Kind(kind="lora", title=f"{_a(base)}LoRA" if base else "a LoRA", base=base)
    method = " and ".join(sorted(kin))
    return Kind(kind="other", title=f"{_a(base)}{method}" if base else f"a {method}", base=base)


def _is_matrix(name: str) -> bool:
    """One of the two of which a change is the product."""
    found = role_of(name)
    return found is not None and found[1] != "alpha"


def _base_of_lora(header: Header) -> str | None:
    """By its structure, else by what its maker wrote."""
    if header.find(r"single_transformer_blocks|double_blocks|single_blocks"):
        return "Flux"
    if header.find(
        r"joint_blocks|transformer_blocks[._]\d+[._]attn[._](add_[qkv]_proj|to_add_out)|^lora_te3_"
    ):
        return "SD3"
    name = header.find(r"attn2.*to_[kv].*(lora_down|lora_A(\.\w+)?|lora\.down)\.weight$")
    if name and (base := _BASE_OF_WIDTH.get(header.shape(name)[-1])):
        return base
    if header.find(r"^lora_te2_|^text_encoder_2\."):
        return "SDXL"
    return _base_in_words(header)


_BASE_OF_WIDTH: Final = {768: "SD1.5", 1024: "SD2.x", 1280: "SDXL refiner", 2048: "SDXL"}


def _base_in_words(header: Header) -> str | None:
    keys = ("ss_base_model_version", "modelspec.architecture")
    told = " ".join(header.metadata.get(key, "") for key in keys).lower()
    patterns = {"sdxl|xl-v1": "SDXL", "sd3|diffusion-v3": "SD3", "flux": "Flux", "v1": "SD1.5", "v2": "SD2.x"}
    return next((base for pattern, base in patterns.items() if re.search(pattern, told)), None)


def _a(base: str | None) -> str:
    return f"an {base} " if base and base[0] in "S" else f"a {base} "


# ---- whole models ----

_OTHER_NETWORKS: Final = {
    "double_blocks.": "a Flux model",
    "single_stream_modulation": "a Flux 2 model",
    "double_layers.": "an AuraFlow model",
    "cap_embedder.": "a Lumina or Z-Image model",
    "head.modulation": "a Wan model",
    "caption_projection.": "a PixArt or Sana model",
    "txtfusion.": "a Krea model",
    "txt_in.": "a Qwen-Image or Hunyuan model",
}
_OTHER_INPUTS: Final = {
    9: "for inpainting",
    8: "for editing by instruction",
    7: "for enlarging",
    5: "told a map of depths",
}


def _whole_model(header: Header) -> Kind | None:
    if not header.has(NETWORK):
        return None
    if header.find(r"scaled_fp8$|\.absmax$|\.quant_state|comfy_quant$"):
        return Kind(kind="other", title="a model of quantised weights")
    if header.has(f"{NETWORK}joint_blocks."):
        return _sd3(header)
    if header.has(f"{NETWORK}input_blocks."):
        return _of_unet(header)
    for start, title in _OTHER_NETWORKS.items():
        if header.has(NETWORK + start):
            return Kind(kind="other", title=title)
    return None


def _sd3(header: Header) -> Kind:
    block = f"{NETWORK}joint_blocks.0.x_block"
    if header.has(f"{block}.attn2."):
        return Kind(kind="model", title="an SD3.5-medium model", base="SD3", variant="sd35_medium")
    if header.has(f"{block}.attn.ln_q"):
        return Kind(kind="model", title="an SD3.5-large model", base="SD3", variant="sd35_large")
    return Kind(kind="model", title="an SD3-medium model", base="SD3", variant="sd3_medium")


def _of_unet(header: Header) -> Kind:
    base, variant = _base_of_unet(header)
    title = f"{_a(base)}model" if base else "a Stable Diffusion model"
    inputs = header.shape(f"{NETWORK}input_blocks.0.0.weight")[1:2]
    if inputs and inputs[0] in _OTHER_INPUTS:
        return Kind(kind="other", title=f"{title} {_OTHER_INPUTS[inputs[0]]}", base=base)
    if f"{NETWORK}time_embed.cond_proj.weight" in header:
        return Kind(
            kind="other", title=f"{title} that is told a guidance scale (LCM in one piece)", base=base
        )
    if header.has("edm_vpred."):
        return Kind(kind="other", title=f"{title} trained on EDM's noise levels (CosXL)", base=base)
    if "edm_mean" in header:
        return Kind(kind="other", title=f"{title} trained on EDM's noise levels (Playground 2.5)", base=base)
    return Kind(kind="model" if variant else "other", title=title, base=base, variant=variant)


def _base_of_unet(header: Header) -> tuple[str | None, str | None]:
    """By the text encoders that come with it, else by the width of text that the network takes."""
    by_text = {
        "conditioner.embedders.1.model.": ("SDXL", "sdxl"),
        "conditioner.embedders.0.model.": ("SDXL refiner", None),
        "cond_stage_model.model.": ("SD2.x", "sd2"),
        "cond_stage_model.transformer.": ("SD1.5", "sd1"),
    }
    for start, found in by_text.items():
        if header.has(start):
            return found
    variants = {"SD1.5": "sd1", "SD2.x": "sd2", "SDXL": "sdxl"}
    name = header.find(r"^model\.diffusion_model\..*attn2\.to_k\.weight$")
    base = _BASE_OF_WIDTH.get(header.shape(name)[-1]) if name else None
    return base, variants.get(base or "")


# ---- what is no model by itself ----


_TINY_BEGINNINGS: Final = (
    ("1.weight", "3.conv.0.weight"),  # TAESD's own numbers
    ("decoder.layers.0.weight", "decoder.layers.2.conv.0.weight"),  # as diffusers names it
)


def _tiny_decoder(header: Header) -> Kind | None:
    """TAESD and its like; the first layer tells how many channels the latents have."""
    for first, second in _TINY_BEGINNINGS:
        shape = header.shape(first)
        if len(shape) == 4 and second in header:
            title = f"a tiny decoder for latents of {shape[1]} channels"
            return Kind(kind="tiny decoder", title=title, channels=shape[1])
    if "0.weight" in header and "1.conv.0.weight" in header:
        return Kind(kind="part", title="a tiny encoder, which draws nothing by itself")
    return None


def _autoencoder(header: Header) -> Kind | None:
    for start in ("", "first_stage_model."):
        shape = header.shape(f"{start}decoder.conv_in.weight")
        if len(shape) == 4 and header.has(f"{start}decoder.up.", f"{start}decoder.up_blocks."):
            title = f"an autoencoder (VAE) for latents of {shape[1]} channels"
            return Kind(kind="autoencoder", title=title, channels=shape[1])
    return None


def _side_network(header: Header) -> Kind | None:
    """Networks that stand beside a model; told before parts, since some are built like them."""
    starts = {
        ("control_model.", "controlnet_", "input_hint_block.", "controlnet_cond_embedding."): "a ControlNet",
        ("image_proj.", "ip_adapter."): "an IP-Adapter",
        ("body.", "model.0.", "conv_first."): "an enlarger of pictures",
    }
    return next(
        (Kind(kind="part", title=title) for start, title in starts.items() if header.has(*start)), None
    )


_PARTS: Final[dict[tuple[str, ...], str]] = {
    (
        "input_blocks.",
        "down_blocks.",
    ): "the network of a model alone (UNet), without text encoders and autoencoder",
    (
        "joint_blocks.",
        "transformer_blocks.",
    ): "the network of a model alone (transformer), without text encoders",
    ("double_blocks.", "single_transformer_blocks."): "a Flux transformer",
    ("text_model.", "transformer.resblocks."): "a CLIP text encoder alone",
    ("encoder.block.", "shared."): "a T5 text encoder alone",
}


def _part(header: Header) -> Kind | None:
    found = (title for starts, title in _PARTS.items() if header.has(*starts))
    return next((Kind(kind="part", title=title) for title in found), None)


def _embedding(header: Header) -> Kind | None:
    """Textual inversion: very few tensors, each a row or some of an embedding."""
    names = set(header.tensors)
    if not names or len(names) > 2 or any(len(header.shape(name)) > 2 for name in names):
        return None
    if names <= {"emb_params", "clip_l", "clip_g", "t5xxl"} or all(name.startswith("<") for name in names):
        return Kind(kind="part", title="a textual inversion (words for a text encoder)")
    return None
