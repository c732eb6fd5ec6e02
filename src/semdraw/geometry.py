"""Sizes and places. Pixels and latent cells meet here and nowhere else.

`Extent` and `Bounds` are always (width, height) and (x, y, width, height); tensor shapes are always (height, width).
"""

from __future__ import annotations

from typing import NamedTuple

from semdraw.errors import ExtentError

MAX_SIDE_PX = 4096
MAX_AREA_PX = 4_200_000


class Extent(NamedTuple):
    """Width and height, in pixels unless a name says cells."""

    width: int
    height: int

    @property
    def shape(self) -> tuple[int, int]:
        """(height, width), the order of tensors and arrays."""
        return self.height, self.width

    @property
    def area(self) -> int:
        return self.width * self.height

    def is_multiple_of(self, unit: int) -> bool:
        return self.width % unit == 0 and self.height % unit == 0

    def rounded_to(self, unit: int) -> Extent:
        """The nearest extent whose sides are positive multiples of `unit`."""
        return Extent(*(max(unit, round(side / unit) * unit) for side in self))

    def padded_to(self, unit: int) -> Extent:
        """The smallest extent that holds this one and whose sides are multiples of `unit`."""
        return Extent(*(-(-side // unit) * unit for side in self))

    def cells(self, unit: int) -> Extent:
        """This extent in latent cells of `unit` x `unit` pixels."""
        if not self.is_multiple_of(unit):
            raise ExtentError(
                f"sides must be multiples of {unit} px, got {self}; try {self.rounded_to(unit)}"
            )
        return Extent(self.width // unit, self.height // unit)

    def __str__(self) -> str:
        return f"{self.width}x{self.height}"

    @classmethod
    def parse(cls, text: str) -> Extent:
        """Read "256x256" (width x height)."""
        parts = text.lower().split("x")
        if len(parts) != 2 or not all(part.isascii() and part.isdigit() and int(part) > 0 for part in parts):
            raise ExtentError(f'expected a size such as "512x768" (width x height), got {text!r}')
        return cls(int(parts[0]), int(parts[1]))


class Bounds(NamedTuple):
    """A rectangle: left upper corner and size."""

    x: int
    y: int
    width: int
    height: int

    @property
    def slices(self) -> tuple[slice, slice]:
        """(rows, columns), for the last two axes of an array."""
        return slice(self.y, self.y + self.height), slice(self.x, self.x + self.width)

    def is_within(self, extent: Extent) -> bool:
        return (
            self.x >= 0
            and self.y >= 0
            and self.width > 0
            and self.height > 0
            and self.x + self.width <= extent.width
            and self.y + self.height <= extent.height
        )

    def centring_shift(self, extent: Extent) -> tuple[int, int]:
        """(dx, dy) that moves the middle of this box to the middle of `extent`, both in the same unit."""
        return (extent.width - 2 * self.x - self.width) // 2, (extent.height - 2 * self.y - self.height) // 2
