"""The kinds of models that can be loaded, one row each. Nothing here imports torch, so that listing stays quick.

Another package adds a family by an entry point in the group `semdraw.families` that names a `Family`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.metadata import entry_points
from typing import Any, Final

log = logging.getLogger(__name__)

GROUP: Final = "semdraw.families"

Pair = tuple[str, str]  # (library, class) as model_index.json spells it
Config = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """What a model folder of one kind holds, and who loads it.

    parts, extra_parts: each part's name and the classes that may be built for it; extra parts are used where all of
    them are there. network: the part that predicts; its config has sample_size and in_channels.
    cell_multiple: from its config, of how many latent cells the sides of a canvas are multiples.
    largest_cells: from its config, the longest side it can take, None if any.
    tile_px: the side of the tiles that a larger canvas is drawn in; 0: it is never tiled.
    loader: "module:function", called as `function(checkpoint, spec, device)` for a `DiffusionModel`.
    vae_overflows: its autoencoder needs fp32 unless its config says otherwise.
    prefers_bf16: its network was published in bf16, for whose range fp16 is narrow.
    attends_regions: its network is a UNet of diffusers, one row of which may be told several prompts.
    pipeline: diffusers' class that knows how LoRAs of this family are laid out; None: it takes none.
    """

    name: str
    loader: str
    network: str
    parts: Mapping[str, frozenset[Pair]]
    extra_parts: Mapping[str, frozenset[Pair]] = field(default_factory=dict[str, frozenset[Pair]])
    cell_px: int = 8
    cell_multiple: Callable[[Config], int] = lambda _: 1
    largest_cells: Callable[[Config], int | None] = lambda _: None
    tile_px: int = 0
    vae_overflows: bool = False
    prefers_bf16: bool = False
    attends_regions: bool = False
    pipeline: str | None = None


def _unet_multiple(config: Config) -> int:
    """A UNet halves its latents once per level but the last."""
    return 2 ** (len(config["block_out_channels"]) - 1)


_VAE: Final = frozenset({("diffusers", "AutoencoderKL"), ("diffusers", "AutoencoderTiny")})
_UNET: Final = frozenset({("diffusers", "UNet2DConditionModel")})
_CLIP: Final = frozenset({("transformers", "CLIPTextModel")})
_CLIP_PROJECTED: Final = frozenset({("transformers", "CLIPTextModelWithProjection")})
_CLIP_TOKENIZER: Final = frozenset({("transformers", "CLIPTokenizer"), ("transformers", "CLIPTokenizerFast")})

BUILT_IN: Final = (
    Family(
        name="sd",
        loader="semdraw.models.sd:load",
        pipeline="StableDiffusionPipeline",
        network="unet",
        parts={"unet": _UNET, "vae": _VAE, "text_encoder": _CLIP, "tokenizer": _CLIP_TOKENIZER},
        cell_multiple=_unet_multiple,
        tile_px=768,
        attends_regions=True,
    ),
    Family(
        name="sdxl",
        loader="semdraw.models.sdxl:load",
        pipeline="StableDiffusionXLPipeline",
        network="unet",
        parts={
            "unet": _UNET,
            "vae": _VAE,
            "text_encoder": _CLIP,
            "text_encoder_2": _CLIP_PROJECTED,
            "tokenizer": _CLIP_TOKENIZER,
            "tokenizer_2": _CLIP_TOKENIZER,
        },
        cell_multiple=_unet_multiple,
        tile_px=1024,
        vae_overflows=True,
        attends_regions=True,
    ),
    Family(
        name="sd3",
        loader="semdraw.models.sd3:load",
        pipeline="StableDiffusion3Pipeline",
        prefers_bf16=True,
        network="transformer",
        parts={
            "transformer": frozenset({("diffusers", "SD3Transformer2DModel")}),
            "vae": _VAE,
            "text_encoder": _CLIP_PROJECTED,
            "text_encoder_2": _CLIP_PROJECTED,
            "tokenizer": _CLIP_TOKENIZER,
            "tokenizer_2": _CLIP_TOKENIZER,
        },
        extra_parts={
            "text_encoder_3": frozenset({("transformers", "T5EncoderModel")}),
            "tokenizer_3": frozenset({("transformers", "T5Tokenizer"), ("transformers", "T5TokenizerFast")}),
        },
        cell_multiple=lambda config: config["patch_size"],
        largest_cells=lambda config: config["pos_embed_max_size"] * config["patch_size"],
        tile_px=1024,
    ),
)


def families() -> tuple[Family, ...]:
    """Those that come with the package, then those of other installed packages."""
    return (*BUILT_IN, *_plugged_in())


def _plugged_in() -> list[Family]:
    found: list[Family] = []
    for entry in entry_points(group=GROUP):
        try:
            family = entry.load()
        except Exception:  # somebody else's package must not keep ours from starting
            log.exception("the model family %s could not be imported", entry.name)
            continue
        if isinstance(family, Family):
            found.append(family)
        else:
            log.error("%s is a %s, not a Family; left out", entry.value, type(family).__name__)
    return found
