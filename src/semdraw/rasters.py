"""Painted pixels as frozen values: masks and pictures.

They keep their bytes raw, so that equality means equality of what was painted.
"""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from semdraw.disk import read_bounded
from semdraw.errors import SceneError
from semdraw.geometry import Bounds, Extent
from semdraw.pictures import mask_from_bytes, mask_from_image, png_bytes


class Raster:
    """Frozen pixels, compared by content. A plain class, so that files and wire choose its form and not msgspec."""

    bytes_per_pixel: ClassVar[int]

    def __init__(self, extent: Extent, data: bytes) -> None:
        size = self.bytes_per_pixel * extent.area
        if len(data) != size:
            raise SceneError(
                f"a {type(self).__name__.lower()} of {extent} needs {size} bytes, got {len(data)}"
            )
        self._extent, self._data = extent, data

    @property
    def extent(self) -> Extent:
        return self._extent

    @property
    def data(self) -> bytes:
        return self._data

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and (self._extent, self._data) == (other._extent, other._data)

    def __hash__(self) -> int:
        return hash((self._extent, self._data))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._extent})"


class Mask(Raster):
    """The painted area of a layer: one byte per pixel, 0 = bare, 255 = fully painted, rows from the top."""

    bytes_per_pixel = 1

    @classmethod
    def blank(cls, extent: Extent) -> Mask:
        return cls(extent, bytes(extent.area))

    @classmethod
    def from_array(cls, alpha: NDArray[np.uint8]) -> Mask:
        """Array (H W) of uint8."""
        height, width = alpha.shape
        return cls(Extent(width, height), np.ascontiguousarray(alpha, dtype=np.uint8).tobytes())

    @classmethod
    def of(cls, value: Any) -> Mask:
        """From what people have: the path of a picture, a PIL picture, or an array or tensor (H W).

        White, 1, True and 255 mean painted. Whole numbers go to 255, or are 0 and 1 alone; fractions go to 1.
        """
        if isinstance(value, Mask):
            return cls(value.extent, value.data)
        if isinstance(value, (str, Path)):
            return cls.from_array(mask_from_bytes(read_bounded(Path(value))))
        if hasattr(value, "convert") and value.mode not in ("I", "F"):  # those hold numbers of no known range
            return cls.from_array(mask_from_image(value))
        if hasattr(value, "detach"):
            value = value.detach().cpu()
            value = value.float() if value.is_floating_point() else value  # NumPy knows no bfloat16
        array = np.asarray(value)
        if array.ndim != 2 or not array.size or array.dtype.kind not in "biuf":
            raise SceneError(
                f"a mask is made of numbers in the shape (height, width), got {array.dtype} {array.shape}"
            )
        low, high = array.min(), array.max()
        full = 255 if array.dtype.kind in "iu" and high > 1 else 1
        if not 0 <= low <= high <= full:
            raise SceneError(f"a mask of {array.dtype} has values from 0 to {full}, got {low} to {high}")
        return cls.from_array((array.astype(np.float32) * (255 / full)).round().astype(np.uint8))

    @property
    def array(self) -> NDArray[np.uint8]:
        """Read-only view (H W)."""
        return np.frombuffer(self.data, np.uint8).reshape(self.extent.shape)

    @cached_property
    def is_blank(self) -> bool:
        return not self.array.any()

    def painted(self, bounds: Bounds, alpha: bytes) -> Mask:
        """This mask with the rectangle `bounds` replaced by `alpha` (one byte per pixel)."""
        if not bounds.is_within(self.extent):
            raise SceneError(f"{bounds} lies outside of the canvas {self.extent}")
        if len(alpha) != bounds.width * bounds.height:
            raise SceneError(f"{bounds} needs {bounds.width * bounds.height} bytes, got {len(alpha)}")
        array = self.array.copy()
        array[bounds.slices] = np.frombuffer(alpha, np.uint8).reshape(bounds.height, bounds.width)
        return Mask.from_array(array)


class Picture(Raster):
    """An RGB picture, three bytes per pixel, rows from the top."""

    bytes_per_pixel = 3

    @classmethod
    def from_array(cls, rgb: NDArray[np.uint8]) -> Picture:
        """Array (H W 3) of uint8."""
        height, width, _ = rgb.shape
        return cls(Extent(width, height), np.ascontiguousarray(rgb, dtype=np.uint8).tobytes())

    @property
    def array(self) -> NDArray[np.uint8]:
        """Read-only view (H W 3)."""
        return np.frombuffer(self.data, np.uint8).reshape(*self.extent.shape, 3)

    def save(self, path: str | Path) -> None:
        """Write the pixels; the ending of the name decides the format."""
        from PIL import Image

        Image.fromarray(self.array).save(path)

    def _repr_png_(self) -> bytes:
        """How notebooks show it."""
        return png_bytes(self.array)
