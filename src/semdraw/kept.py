"""Frozen pixels for one model: a clean latent that is known, and how far it is known in each cell."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from semdraw.freezing import frozen_layers, with_frozen
from semdraw.geometry import Extent
from semdraw.models.base import DiffusionModel
from semdraw.rasters import Picture
from semdraw.scene import Frozen, Scene
from semdraw.windows import padded

_NOWHERE = 128  # grey, far from all that is kept


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Kept:
    """What frozen layers hold. clean (c h w): their clean latent; share (1 h w) in [0, 1]: how far it counts."""

    layers: tuple[Frozen, ...]
    clean: Tensor
    share: Tensor

    def over(self, clean: Tensor) -> Tensor:
        """A clean picture (c h w) with what is kept in its place."""
        return torch.lerp(clean, self.clean, self.share)

    def settle(
        self, clean: Tensor, noise: Tensor, latents: Tensor, *, alpha: Tensor, sigma: Tensor
    ) -> tuple[Tensor, Tensor]:
        """A merged clean picture and its noise (c h w) with what is kept in place; latents (c h w) at that level.

        As a known background does, kept cells carry the noise that leads from their clean latent to the picture.
        """
        carried = (latents - alpha * self.clean) / sigma
        return self.over(clean), torch.lerp(noise, carried, self.share)


def compile_kept(scene: Scene, model: DiffusionModel, previous: Kept | None = None) -> Kept | None:
    """What the frozen layers of a scene hold, None where nothing is frozen; `previous` itself if it is the same."""
    layers = frozen_layers(scene)
    if not layers:
        return None
    working = model.spec.working(scene.canvas.extent)
    cells = model.spec.cells(scene.canvas.extent)
    if previous is not None and previous.layers == layers and previous.share.shape[1:] == cells.shape:
        return previous
    pixels, share = _canvas(layers, scene.canvas.extent)
    return Kept(
        layers=layers,
        clean=model.encode_image(padded(pixels.to(model.device), working)),
        share=F.avg_pool2d(padded(share.to(model.device), working), model.spec.cell_px),
    )


def _canvas(layers: tuple[Frozen, ...], extent: Extent) -> tuple[Tensor, Tensor]:
    """Pixels (3 H W) in [-1, 1] and the share (1 H W) of them that is kept.

    First all margins, so that the model reads each kept pixel among its neighbours, then what is kept itself.
    """
    rgb = np.full((*extent.shape, 3), _NOWHERE, np.uint8)
    share = np.zeros(extent.shape, np.uint8)
    for frozen in layers:
        rgb[frozen.bounds.slices] = frozen.picture.array
        share[frozen.bounds.slices] = np.maximum(share[frozen.bounds.slices], frozen.mask.array)
    whole = with_frozen(Picture.from_array(rgb), layers).array.astype(np.float32)
    pixels = torch.from_numpy(whole).permute(2, 0, 1) / 127.5 - 1
    return pixels, torch.from_numpy(share.astype(np.float32))[None] / 255
