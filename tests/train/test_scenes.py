"""The renderer: a seed is a scene, and its masks are true."""

import numpy as np
import pytest

from train.concepts import backgrounds, objects
from train.scenes import MIN_VISIBLE, render
from train.sprites import FONT

pytestmark = pytest.mark.skipif(
    not FONT.exists(), reason="needs the Debian package fonts-noto-color-emoji, as training does"
)


@pytest.mark.parametrize("size_px", [128, 256])
def test_same_seed_same_scene(size_px: int) -> None:
    first, again, other = render(7, size_px), render(7, size_px), render(8, size_px)
    assert first.caption == again.caption
    assert first.objects == again.objects
    assert np.array_equal(first.image, again.image)
    assert np.array_equal(first.masks, again.masks)
    assert not np.array_equal(first.image, other.image)


def test_masks_show_where_objects_are() -> None:
    for seed in range(40):
        scene = render(seed, 256, "several")
        assert scene.masks.shape == (len(scene.objects), 256, 256)
        assert (scene.masks.sum(0) <= 1).all(), "a pixel belongs to one object"
        assert (scene.masks.sum((1, 2)) > 300 * MIN_VISIBLE).all()
        assert len(set(scene.objects)) == len(scene.objects)


def test_centred_object_differs_from_its_ground_inside_its_mask() -> None:
    for seed in range(40):
        scene = render(seed, 128, "centred")
        if scene.background is None and (scene.image[0] == 255).all():
            coloured = (scene.image < 250).any(-1)
            assert (coloured & scene.masks[0]).sum() > 0.2 * scene.masks[0].sum()
            far = coloured & ~scene.masks[0]
            assert far.sum() < scene.masks[0].sum(), "only a soft shadow lies outside"


def test_bare_background_shows_no_object() -> None:
    for seed in range(20):
        scene = render(seed, 128, "ground")
        assert scene.objects == ()
        assert scene.background is not None
        if scene.caption:
            assert any(name in scene.caption for name in backgrounds()[scene.background].names)


def test_vocabulary_is_large_enough() -> None:
    assert len(objects()) >= 100
    assert len(backgrounds()) >= 16
    names = [name for concept in (*objects(), *backgrounds()) for name in concept.names]
    assert len(set(names)) == len(names)
