"""Masks and backgrounds as the published code takes them -> masks and pictures of a scene.

Pictures: dark is painted, and their last channel counts (in streams the first). Tensors and arrays: 1 is painted.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from semdraw.compat.util import to_pil
from semdraw.errors import UsageError
from semdraw.geometry import Extent
from semdraw.rasters import Mask, Picture

Reading = Literal["boolean", "grey", "stream"]


def masks_of(value: Any, extent: Extent, reading: Reading) -> list[Mask]:
    """The masks in a picture, a tensor or array (H W), (p H W) or (p 1 H W), or a sequence of such, as `extent` large.

    reading, of pictures: `boolean` cuts the last channel at one half, `grey` takes its darkness, `stream` that of the
    first channel.
    """
    if value is None:
        return []
    if isinstance(value, Image.Image):
        return [_of_picture(value, extent, reading)]
    if isinstance(value, (list, tuple)):
        return [mask for one in value for mask in masks_of(one, extent, reading)]
    tensor = torch.as_tensor(value).detach().cpu()
    if tensor.ndim not in (2, 3, 4) or (tensor.ndim == 4 and tensor.shape[1] != 1):
        raise UsageError(f"masks are (H W), (p H W) or (p 1 H W), got {tuple(tensor.shape)}")
    return [_resized(one, extent) for one in tensor.reshape(-1, *tensor.shape[-2:])]


def mask_of(value: Any, extent: Extent, reading: Reading) -> Mask:
    """Exactly one mask."""
    found = masks_of(value, extent, reading)
    if len(found) != 1:
        raise UsageError(
            f"a layer has one mask, got {len(found)}; use update_masks or update_layers for several"
        )
    return found[0]


def _of_picture(picture: Image.Image, extent: Extent, reading: Reading) -> Mask:
    bands = picture.getbands()
    channel = picture.getchannel(bands[0] if reading == "stream" else bands[-1])
    light = torch.from_numpy(np.asarray(channel.convert("L"), dtype=np.float32)) / 255
    painted = 1 - light if reading != "boolean" else (light < 0.5).float()
    return _resized(painted, extent)


def _resized(mask: Tensor, extent: Extent) -> Mask:
    """(H W) -> a mask of `extent`."""
    read = Mask.of(mask.float().numpy() if mask.is_floating_point() else mask.numpy())
    if read.extent == extent:
        return read
    values = torch.from_numpy(read.array.astype(np.float32))[None, None]
    fitted = F.interpolate(values, extent.shape, mode="bilinear", antialias=True, align_corners=False)
    return Mask.from_array(fitted[0, 0].clamp(0, 255).round().to(torch.uint8).numpy())


def picture_of(background: Any, extent: Extent) -> Picture:
    """A background picture, or tensor (3 H W) or (1 3 H W) in [0, 1], stretched to `extent` as it is published."""
    image = background
    if not isinstance(image, Image.Image):
        tensor = torch.as_tensor(image)
        if tensor.ndim not in (3, 4) or tensor.shape[-3] != 3 or tensor.shape[:-3].numel() != 1:
            raise UsageError(f"a background is (3 H W) or (1 3 H W) in [0, 1], got {tuple(tensor.shape)}")
        image = to_pil(tensor.reshape(tensor.shape[-3:]))
    image = image.convert("RGB")
    if image.size != tuple(extent):
        image = image.resize(extent, Image.Resampling.BICUBIC)
    return Picture.from_array(np.asarray(image))
