"""Claims about a scene on a canvas of another size."""

from __future__ import annotations

import numpy as np
import pytest
from msgspec.structs import replace

from semdraw.enlarging import enlarged
from semdraw.errors import SceneError
from semdraw.geometry import Extent
from semdraw.rasters import Mask, Picture
from semdraw.scene import MAX_BRUSHES, Brush, Frozen, ImageBackground, Layer, Scene
from tests.scenes import SMALL, two_regions


def test_painted_areas_lie_where_they_lay() -> None:
    scene = two_regions()
    large = enlarged(scene, 2.0, multiple=8)
    assert large.canvas.extent == Extent(2 * SMALL.width, 2 * SMALL.height)
    for before, after in zip(scene.canvas.layers, large.canvas.layers, strict=True):
        again = np.repeat(np.repeat(before.mask.array, 2, axis=0), 2, axis=1)
        off = np.abs(again.astype(int) - after.mask.array) > 64
        assert off.mean() < 0.05
    assert enlarged(scene, 1.0, multiple=8) is scene


def test_sides_are_those_that_the_model_takes() -> None:
    assert enlarged(two_regions(), 1.3, multiple=16).canvas.extent == Extent(80, 80)


def test_a_scene_that_is_not_enlarged_keeps_sides_that_no_model_takes() -> None:
    odd = Scene.blank(Extent(50, 33))
    assert enlarged(odd, 1.0, multiple=8) is odd


def test_a_frozen_pixel_in_the_corner_stays_within_the_canvas() -> None:
    frozen = Frozen(x=63, y=63, picture=Picture(Extent(1, 1), b"abc"), mask=Mask(Extent(1, 1), b"\xff"))
    scene = two_regions().with_layer(replace(two_regions().canvas.layers[0], locked=True, frozen=frozen))
    kept = enlarged(scene, 0.5, multiple=8).canvas.layers[0].frozen
    assert kept is not None
    assert kept.bounds == (31, 31, 1, 1)


def test_background_and_frozen_pixels_go_along() -> None:
    red = Picture.from_array(np.full((16, 16, 3), (200, 0, 0), np.uint8))
    frozen = Frozen(x=8, y=16, picture=red, mask=Mask(Extent(16, 16), b"\xff" * 256))
    layer = replace(two_regions().canvas.layers[0], locked=True, frozen=frozen, moved_px=(8, -4))
    scene = two_regions().with_layer(layer)
    scene = scene.with_canvas(background=ImageBackground(picture=Picture(SMALL, bytes(3 * SMALL.area))))
    large = enlarged(scene, 1.5, multiple=8)
    background, kept = large.canvas.background, large.canvas.layers[0].frozen
    assert isinstance(background, ImageBackground)
    assert background.picture.extent == large.canvas.extent
    assert kept is not None
    assert kept.bounds == (12, 24, 24, 24)
    assert large.canvas.layers[0].moved_px == (12, -6)
    assert (kept.picture.array == (200, 0, 0)).all()


def test_giants_are_refused_before_they_are_made() -> None:
    with pytest.raises(SceneError, match="at most 4096 px a side"):
        enlarged(Scene.blank(Extent(1024, 1024)), 8.0, multiple=8)
    brushes = tuple(Brush(id=f"b{number}") for number in range(MAX_BRUSHES))
    layers = tuple(Layer(brush_id=brush.id, mask=Mask.blank(Extent(512, 512))) for brush in brushes)
    crowd = replace(Scene.blank(Extent(512, 512)), brushes=brushes).with_canvas(layers=layers)
    with pytest.raises(SceneError, match="masks of"):
        enlarged(crowd, 4.0, multiple=8)
