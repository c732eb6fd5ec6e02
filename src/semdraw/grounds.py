"""What lies beneath the regions, for one model: a picture, a colour or words; and what bootstrapping shows."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from semdraw.geometry import Extent
from semdraw.methods import Method, method_of
from semdraw.models.base import Conditioning, DiffusionModel
from semdraw.rasters import Picture
from semdraw.scene import ColorBackground, ImageBackground, PromptBackground, Scene
from semdraw.windows import padded
from semdraw.wording import behind_negative, behind_words, own_words_behind

GROUND_COLOR = "#ffffff"
_SWATCH_CELLS = 16
_WHITE_IN_WORDS = (
    "simple white background image"  # what the published code says of a background that it was not told
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ground:
    """What lies beneath the regions.

    words, negative: what is said of the background and what guidance leads away from there; negative is None where
    negative prompts do not act. is_worded: the words are to be drawn. rest (c h w): the clean latent of a known
    background, else None. picture (3 H W) in [-1, 1]: its pixels, else None. plain (c h w): the clean latent that
    bootstrapping shows. colors (k c h w): random plain grounds, for a method that shows such.
    """

    words: Conditioning
    negative: Conditioning | None
    is_worded: bool
    rest: Tensor | None
    picture: Tensor | None
    plain: Tensor
    colors: Tensor | None = None


def ground_inputs(scene: Scene) -> Any:
    """All of a scene that its ground depends on."""
    recipe = scene.recipe
    colors = (recipe.bootstrap_steps, scene.seed) if method_of(recipe).ground == "random" else None
    told = behind_words(scene), behind_negative(scene)
    return scene.canvas.background, scene.canvas.extent, recipe.method, recipe.uses_negatives, colors, told


def compile_ground(scene: Scene, model: DiffusionModel) -> Ground:
    canvas, method = scene.canvas, method_of(scene.recipe)
    pixels = _known(scene)
    if pixels is not None:
        pixels = pixels.to(model.device)
    plain = _plain_ground(model, canvas.extent, GROUND_COLOR)
    return Ground(
        words=model.encode_prompt(background_words(scene, method)),
        negative=model.encode_prompt(behind_negative(scene)) if scene.recipe.uses_negatives else None,
        is_worded=pixels is None,
        rest=None if pixels is None else _encoded(pixels, model),
        picture=pixels,
        plain=plain,
        colors=_random_grounds(scene, model, plain) if method.ground == "random" else None,
    )


def background_words(scene: Scene, method: Method) -> str:
    """What is said of a background; nothing of a colour."""
    background, words = scene.canvas.background, behind_words(scene)
    is_told_of_white = method.background == "layer" and isinstance(background, PromptBackground)
    return _WHITE_IN_WORDS if not words and is_told_of_white else words


def _random_grounds(scene: Scene, model: DiffusionModel, like: Tensor) -> Tensor | None:
    """(k c h w): plain grounds of random colours, one for each bootstrap step, from the seed of the scene.

    A small square of each is encoded, and its middle cell is all of the ground: there may be many, on a large canvas.
    """
    count, side = scene.recipe.bootstrap_steps, _SWATCH_CELLS * model.spec.cell_px
    if not count:
        return None
    digests = (hashlib.blake2b(f"{scene.seed} {number}".encode(), digest_size=3) for number in range(count))
    swatches = torch.stack(
        [_plain_ground(model, Extent(side, side), f"#{digest.hexdigest()}") for digest in digests]
    )
    middle = slice(_SWATCH_CELLS // 2, _SWATCH_CELLS // 2 + 1)
    return swatches[..., middle, middle].expand(-1, *like.shape)


def _known(scene: Scene) -> Tensor | None:
    """The pixels (3 H W) of a background that is not to be drawn. No words at all mean white."""
    background, extent = scene.canvas.background, scene.canvas.extent
    match background:
        case PromptBackground():
            if own_words_behind(scene):
                return None
            return _pixels(_plain(extent, "#ffffff"))
        case ColorBackground(color=color):
            return _pixels(_plain(extent, color))
        case ImageBackground(picture=picture):
            return _pixels(_fitted(picture, extent))


def _plain_ground(model: DiffusionModel, extent: Extent, color: str) -> Tensor:
    return _encoded(_pixels(_plain(extent, color)).to(model.device), model)


def _encoded(pixels: Tensor, model: DiffusionModel) -> Tensor:
    """Pixels (3 H W) of a canvas of any size -> the clean latent (c h w) that is worked on."""
    height, width = pixels.shape[-2:]
    return model.encode_image(padded(pixels, model.spec.working(Extent(width, height))))


def _plain(extent: Extent, color: str) -> Picture:
    return Picture(extent, bytes.fromhex(color[1:]) * extent.area)


def _fitted(image: Picture, extent: Extent) -> Picture:
    """The picture cut to the shape of the canvas around its middle, then resized."""
    if image.extent == extent:
        return image
    from PIL import Image, ImageOps

    fitted = ImageOps.fit(Image.fromarray(image.array), extent, Image.Resampling.BICUBIC)
    return Picture.from_array(np.asarray(fitted))


def _pixels(picture: Picture) -> Tensor:
    """(3 H W) in [-1, 1]."""
    return torch.from_numpy(picture.array.astype(np.float32)).permute(2, 0, 1) / 127.5 - 1
