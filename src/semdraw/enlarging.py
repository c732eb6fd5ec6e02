"""The same scene on a larger or smaller canvas: masks, background picture and frozen pixels are resized with it."""

from __future__ import annotations

from msgspec.structs import replace

from semdraw.errors import SceneError
from semdraw.geometry import MAX_AREA_PX, MAX_SIDE_PX, Extent
from semdraw.rasters import Mask, Picture
from semdraw.scene import MAX_MASKS_PX, Background, Frozen, ImageBackground, Layer, Scene, checked


def enlarged(scene: Scene, factor: float, *, multiple: int) -> Scene:
    """`scene` with sides `factor` times as long, rounded to what a model takes; a SceneError beyond the limits.

    A factor of 1 leaves the scene as it is, whatever its sides: its picture is the one that is seen.
    """
    if factor == 1:
        return scene
    before = scene.canvas.extent
    after = Extent(*(round(factor * side) for side in before)).rounded_to(multiple)
    if after == before:
        return scene
    _refuse_giants(scene, after)
    layers = tuple(_layer(layer, before, after) for layer in scene.canvas.layers)
    return checked(
        scene.with_canvas(extent=after, layers=layers, background=_background(scene.canvas.background, after))
    )


def _refuse_giants(scene: Scene, after: Extent) -> None:
    """Before anything of that size is made."""
    if after.area > MAX_AREA_PX or max(after) > MAX_SIDE_PX:
        raise SceneError(
            f"a canvas has at most {MAX_SIDE_PX} px a side and {MAX_AREA_PX} px in all, got {after}; enlarge it less"
        )
    if len(scene.canvas.layers) * after.area > MAX_MASKS_PX:
        raise SceneError(
            f"{len(scene.canvas.layers)} masks of {after} px are more than {MAX_MASKS_PX} px; enlarge it less"
        )


def _background(background: Background, after: Extent) -> Background:
    if not isinstance(background, ImageBackground):
        return background
    return replace(background, picture=resized(background.picture, after))


def _layer(layer: Layer, before: Extent, after: Extent) -> Layer:
    frozen = None if layer.frozen is None else _frozen(layer.frozen, before, after)
    dx, dy = layer.moved_px
    moved_px = round(dx * after.width / before.width), round(dy * after.height / before.height)
    return replace(layer, mask=_mask(layer.mask, after), frozen=frozen, moved_px=moved_px)


def _frozen(frozen: Frozen, before: Extent, after: Extent) -> Frozen:
    """Its corners go where the same places of the canvas go."""
    x, y, width, height = frozen.bounds

    def place(left: int, top: int) -> tuple[int, int]:
        return round(left * after.width / before.width), round(top * after.height / before.height)

    (left, top), (right, bottom) = place(x, y), place(x + width, y + height)
    left, top = min(left, after.width - 1), min(top, after.height - 1)
    extent = Extent(max(1, right - left), max(1, bottom - top))
    return Frozen(x=left, y=top, picture=resized(frozen.picture, extent), mask=_mask(frozen.mask, extent))


def _mask(mask: Mask, extent: Extent) -> Mask:
    import numpy as np
    from PIL import Image

    if mask.is_blank:
        return Mask.blank(extent)
    return Mask.from_array(np.asarray(Image.fromarray(mask.array).resize(extent, Image.Resampling.BICUBIC)))


def resized(picture: Picture, extent: Extent) -> Picture:
    """The same picture in another size."""
    import numpy as np
    from PIL import Image

    return Picture.from_array(
        np.asarray(Image.fromarray(picture.array).resize(extent, Image.Resampling.LANCZOS))
    )
