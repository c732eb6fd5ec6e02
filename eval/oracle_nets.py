"""Two small networks of different build that say what is seen: trained on renders alone, never part of a loss.

Classes: every object, then every background, then `other` (neither, or not to be told).
"""

import itertools

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from train.concepts import backgrounds, objects

OTHER = len(objects()) + len(backgrounds())
NUM_CLASSES = OTHER + 1
VIEW_PX = {"first": 96, "second": 64}  # side of a view of one region
CELL_PX = 4  # O1 tells classes per square of so many pixels


class Segmenter(nn.Module):
    """O1, 1.3 M weights: a U-Net that names every cell of a picture, and what a view shows by its lowest level."""

    widths = (3, 24, 48, 96, 128, 192)

    def __init__(self) -> None:
        super().__init__()
        self.down = nn.ModuleList(
            nn.Sequential(*layer(a, b, stride=2), *layer(b, b)) for a, b in itertools.pairwise(self.widths)
        )
        self.up = nn.ModuleList([layer(192 + 128, 64), layer(64 + 96, 64), layer(64 + 48, 48)])
        self.cell_head = nn.Conv2d(48, NUM_CLASSES, 1)
        self.view_head = nn.Linear(self.widths[-1], NUM_CLASSES)

    def levels(self, pixels: Tensor) -> list[Tensor]:
        """Five pictures of features, each half as large as the one before."""
        levels: list[Tensor] = []
        for down in self.down:
            pixels = down(pixels)
            levels.append(pixels)
        return levels

    def cells(self, pixels: Tensor) -> Tensor:
        """(n 3 H W) in [-1, 1] -> logits (n classes H/4 W/4); sides are multiples of 32.

        What the lowest level would say of a view, said of each of its places, is sharpened by the levels above.
        """
        levels = self.levels(pixels)
        merged = levels[-1]
        for up, beside in zip(self.up, levels[-2:0:-1], strict=True):
            merged = up(torch.cat([F.interpolate(merged, scale_factor=2.0), beside], 1))
        rough = F.conv2d(levels[-1], self.view_head.weight[:, :, None, None], self.view_head.bias)
        return self.cell_head(merged) + F.interpolate(rough, merged.shape[-2:], mode="bilinear")

    def forward(self, views: Tensor) -> Tensor:
        """(n 3 96 96) in [-1, 1] -> logits (n classes)."""
        return self.view_head(self.levels(views)[-1].mean((2, 3)))


def layer(before: int, after: int, *, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(before, after, 3, stride=stride, padding=1, bias=False), nn.BatchNorm2d(after), nn.SiLU()
    )


class Second(nn.Module):
    """O2, 0.7 M weights: patches, wide depthwise convolutions and layer norms; its features serve distributions."""

    widths, depths = (48, 96, 160), (2, 3, 2)
    feature_width = widths[-1]

    def __init__(self) -> None:
        super().__init__()
        ends = [nn.Conv2d(3, self.widths[0], 4, stride=4)]
        ends += [nn.Conv2d(a, b, 2, stride=2) for a, b in itertools.pairwise(self.widths)]
        self.stages = nn.ModuleList(
            nn.Sequential(end, *(Block(width) for _ in range(depth)))
            for end, width, depth in zip(ends, self.widths, self.depths, strict=True)
        )
        self.norm = nn.LayerNorm(self.feature_width)
        self.head = nn.Linear(self.feature_width, NUM_CLASSES)

    def features(self, pixels: Tensor) -> Tensor:
        """(n 3 H W) in [-1, 1] -> (n d); any size in multiples of 16."""
        for stage in self.stages:
            pixels = stage(pixels)
        return self.norm(pixels.mean((2, 3)))

    def forward(self, views: Tensor) -> Tensor:
        """(n 3 64 64) in [-1, 1] -> logits (n classes)."""
        return self.head(self.features(views))


class Block(nn.Module):
    """Look around in each channel, then mix channels in each place; added to what was there."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.around = nn.Conv2d(width, width, 7, padding=3, groups=width)
        self.norm = nn.GroupNorm(1, width)
        self.mix = nn.Sequential(nn.Conv2d(width, 3 * width, 1), nn.GELU(), nn.Conv2d(3 * width, width, 1))
        self.scale = nn.Parameter(torch.full((width, 1, 1), 0.2))

    def forward(self, cells: Tensor) -> Tensor:
        return cells + self.scale * self.mix(self.norm(self.around(cells)))
