"""The renderer: a seed is a scene, and its masks are true."""

import numpy as np
import pytest

from train.brushwork import FORMS, painted
from train.colours import COLOURS, in_colour, to_hsv, turned
from train.concepts import backgrounds, objects
from train.regions import MAX_REGIONS, render_told
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


def test_a_coloured_glyph_has_the_hue_that_its_caption_names() -> None:
    for word, colour in COLOURS.items():
        if word == "grey":
            continue
        for index in (0, 18, 22, 24, 31):  # house, car, balloon, tree, rose
            glyph = in_colour(index, word)
            hsv, opaque = to_hsv(glyph), np.asarray(glyph.getchannel("A")) > 127
            away = np.abs(turned(hsv[..., 0], colour.hue_deg))[opaque & (hsv[..., 1] > 0.25)]
            assert (away < 45).mean() > 0.5, (word, objects()[index].name)


def test_captions_name_the_colours_that_are_there() -> None:
    named = 0
    for seed in range(30):
        scene = render(seed, 128, "centred", coloured=0.8)
        plain = render(seed, 128, "centred")
        assert scene.objects == plain.objects
        if scene.colours[0] and scene.caption:
            assert f"{scene.colours[0]} {objects()[scene.objects[0]].name}" in scene.caption
            assert not np.array_equal(scene.image, plain.image)
            named += 1
    assert named > 6


@pytest.mark.parametrize("form", FORMS)
def test_painted_masks_are_rough_but_keep_their_object(form: str) -> None:
    random = np.random.default_rng(0)
    for seed in range(8):
        for mask in render(seed, 256, "crowd").masks:
            drawn = painted(random, mask, form)
            assert drawn.shape == mask.shape
            assert 0 <= drawn.min() <= drawn.max() <= 1
            kept = drawn[mask].mean()
            assert kept > {"strokes": 0.1, "narrow": 0.2}.get(form, 0.6), "most of the object is under it"
            assert drawn.sum() < 6 * mask.sum() + 2000, "and it does not run over the picture"


def test_regions_share_every_cell_and_say_what_is_there() -> None:
    for seed in range(6):
        told = render_told(seed)
        shares = told.weights.astype(int)
        assert shares.shape == (MAX_REGIONS, 32, 32)
        assert abs(shares.sum(0) - 255).max() <= MAX_REGIONS
        assert shares[: len(told.prompts)].any((1, 2)).all()
        assert not shares[len(told.prompts) :].any()
