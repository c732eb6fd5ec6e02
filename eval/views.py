"""What an oracle is shown: one region with grey around it; and the same picture in three ways."""

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from eval.bench import bounds_of

GREY = 128
MARGIN = 0.1  # of the longer side of the region, on every side of its box


def view_of(picture: np.ndarray, visible: np.ndarray, side_px: int) -> np.ndarray:
    """The square around a region, (side side 3) uint8; all that is not the region is grey.

    picture (H W 3) uint8, visible (H W) bool with something painted.
    """
    return square_of(np.where(visible[..., None], picture, np.uint8(GREY)), visible, side_px)


def square_of(picture: np.ndarray, visible: np.ndarray, side_px: int) -> np.ndarray:
    """The same square with its surroundings left in; grey only beyond the picture."""
    box = bounds_of(visible)
    side = max(box.width, box.height) * (1 + 2 * MARGIN)
    x, y = box.x + (box.width - side) / 2, box.y + (box.height - side) / 2
    corner = (round(x), round(y))
    far = (max(corner[0] + 1, round(x + side)), max(corner[1] + 1, round(y + side)))
    page = Image.new("RGB", (far[0] - corner[0], far[1] - corner[1]), (GREY,) * 3)
    page.paste(Image.fromarray(picture), (-corner[0], -corner[1]))
    return np.asarray(page.resize((side_px, side_px), Image.Resampling.BILINEAR))


def to_pixels(pictures: np.ndarray) -> Tensor:
    """(n H W 3) uint8 -> (n 3 H W) in [-1, 1]."""
    return torch.from_numpy(np.ascontiguousarray(pictures)).permute(0, 3, 1, 2).float() / 127.5 - 1


def blurred(pixels: Tensor, sigma: float = 0.7) -> Tensor:
    """(n c H W) under a Gaussian of so many pixels."""
    at = torch.arange(-2, 3, dtype=pixels.dtype)
    kernel = torch.exp(-0.5 * (at / sigma) ** 2)
    kernel = (kernel / kernel.sum()).repeat(pixels.shape[1], 1, 1, 1)
    soft = F.conv2d(F.pad(pixels, (2, 2, 0, 0), mode="replicate"), kernel, groups=pixels.shape[1])
    return F.conv2d(
        F.pad(soft, (0, 0, 2, 2), mode="replicate"), kernel.transpose(2, 3), groups=pixels.shape[1]
    )
