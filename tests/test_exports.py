"""Files for other programs: what goes out comes back, and what others write comes in."""

from __future__ import annotations

import io
import zipfile

import numpy as np
import pytest
from msgspec.structs import replace
from PIL import Image
from psd_tools import PSDImage
from psd_tools.api.layers import Group

from semdraw.errors import FileError
from semdraw.exports import MEDIA_TYPES, exported, scene_from_file
from semdraw.geometry import Extent
from semdraw.layered import color_of
from semdraw.openraster import openraster_bytes, scene_from_openraster
from semdraw.rasters import Mask, Picture
from semdraw.scene import (
    Brush,
    Canvas,
    ColorBackground,
    ImageBackground,
    Layer,
    PromptBackground,
    Recipe,
    Scene,
    checked,
)

EXTENT = Extent(96, 64)


def photo(seed: int = 0, extent: Extent = EXTENT) -> Picture:
    noise = np.random.default_rng(seed).integers(0, 256, (*extent.shape, 3), np.uint8)
    return Picture.from_array(noise)


def painted(left: int, top: int, right: int, bottom: int, value: int = 255) -> Mask:
    alpha = np.zeros(EXTENT.shape, np.uint8)
    alpha[top:bottom, left:right] = value
    return Mask.from_array(alpha)


def scene(background: PromptBackground | ColorBackground | ImageBackground | None = None) -> Scene:
    """Two regions of one prompt, a blank one, words beyond ASCII; brushes in another order than their layers."""
    brushes = (
        Brush(id="b", prompt="castle", color="#aa3311", seed=9, negative="fog", strength=0.5),
        Brush(id="a", prompt="castle", color="#1133aa", softness_px=0.0),
        Brush(id="c", name="Wolke – 雲", prompt=""),
    )
    layers = (
        Layer(brush_id="a", mask=painted(3, 5, 40, 50)),
        Layer(brush_id="c", mask=Mask.blank(EXTENT), locked=True),
        Layer(brush_id="b", mask=painted(30, 0, 96, 64, 130), visible=False),
    )
    canvas = Canvas(
        extent=EXTENT, layers=layers, background=background or PromptBackground(prompt="night sky")
    )
    return checked(Scene(canvas=canvas, brushes=brushes, recipe=Recipe(num_steps=7), seed=42))


BACKGROUNDS = [
    PromptBackground(prompt="night sky", negative="day"),
    PromptBackground(),
    ColorBackground(color="#204060"),
    ImageBackground(picture=photo(1), prompt="a photo"),
]


@pytest.mark.parametrize("background", BACKGROUNDS, ids=["words", "bare", "colour", "picture"])
@pytest.mark.parametrize("ending", [ending for ending in MEDIA_TYPES if ending != "psd"])
def test_every_kind_of_file_but_psd_gives_the_very_scene_back(
    ending: str, background: PromptBackground
) -> None:
    assert scene_from_file(exported(photo(), scene(background), ending)) == scene(background)


@pytest.mark.parametrize("ending", ["png", "webp", "ora"])
def test_files_without_loss_keep_every_pixel(ending: str) -> None:
    data = exported(photo(), scene(), ending)
    if ending == "ora":
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            data = archive.read("mergedimage.png")
    assert (np.asarray(Image.open(io.BytesIO(data)).convert("RGB")) == photo().array).all()


def test_a_jpeg_carries_a_scene_larger_than_one_segment_and_stays_a_jpeg() -> None:
    big = scene(ImageBackground(picture=photo(3, Extent(400, 300))))
    data = exported(photo(), big, "jpg")
    assert data.count(b"semdraw\0") > 3
    assert scene_from_file(data) == big
    image = Image.open(io.BytesIO(data))
    image.load()
    assert image.size == EXTENT


def test_a_jpeg_that_lost_a_part_of_its_scene_says_so() -> None:
    data = exported(photo(), scene(ImageBackground(picture=photo(3, Extent(400, 300)))), "jpg")
    start = data.index(b"\xff\xe9")
    length = int.from_bytes(data[start + 2 : start + 4], "big")
    with pytest.raises(FileError, match="missing"):
        scene_from_file(data[:start] + data[start + 2 + length :])


def test_a_jpeg_whose_scene_is_cut_short_is_refused_in_words() -> None:
    data = exported(photo(), scene(), "jpg")
    segment = b"\xff\xe9\x00\x0bsemdraw\0\0"
    with pytest.raises(FileError, match="no scene can be read"):
        scene_from_file(data[:2] + segment + data[2:])


@pytest.mark.parametrize(
    ("kind", "words"), [("PNG", "this PNG carries no"), ("WEBP", "WEBP"), ("JPEG", "JPEG")]
)
def test_pictures_of_others_carry_no_scene(kind: str, words: str) -> None:
    out = io.BytesIO()
    Image.fromarray(photo().array).save(out, kind)
    with pytest.raises(FileError, match=words):
        scene_from_file(out.getvalue())


def test_a_psd_has_the_picture_and_a_layer_for_each_region() -> None:
    data = exported(photo(), scene(), "psd")
    document = PSDImage.open(io.BytesIO(data))
    assert [layer.name for layer in document] == ["background: night sky", "picture", "regions"]
    group, merged = document[2], document.topil()
    assert isinstance(group, Group)
    assert merged is not None
    assert not group.visible
    assert [(layer.name, layer.visible) for layer in group] == [
        ("castle", True),
        ("Wolke – 雲", True),
        ("castle", False),
    ]
    assert (np.asarray(merged.convert("RGB")) == photo().array).all()
    assert next(iter(group)).bbox == (3, 5, 40, 50)
    with pytest.raises(FileError, match=r"save it as OpenRaster"):
        scene_from_file(data)


def rewritten(data: bytes, changes: dict[str, bytes | None]) -> bytes:
    """An OpenRaster file with entries replaced or, where the change is None, left out."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as before, zipfile.ZipFile(out, "w") as after:
        for name in before.namelist():
            content = changes.get(name, before.read(name))
            if content is not None:
                after.writestr(name, content)
    return out.getvalue()


def test_what_another_program_saved_comes_in_with_names_masks_order_eyes_and_words() -> None:
    """Such a program drops our own entry, and with it what layers cannot hold."""
    found = scene_from_openraster(rewritten(openraster_bytes(scene(), photo()), {"semdraw/project": None}))
    assert [brush.prompt for brush in found.brushes] == ["castle", "Wolke – 雲", "castle"]
    assert [layer.mask for layer in found.canvas.layers] == [layer.mask for layer in scene().canvas.layers]
    assert [layer.visible for layer in found.canvas.layers] == [True, True, False]
    assert [layer.locked for layer in found.canvas.layers] == [False, True, False]
    assert [brush.color for brush in found.brushes] == ["#1133aa", "#5b8def", "#aa3311"]
    assert found.brushes[2].strength == 0.5
    assert found.canvas.background == PromptBackground(prompt="night sky")


STACK = """<?xml version="1.0"?><image w="96" h="64"><stack><stack name="sky things" x="10" y="4">
<layer name="moon" src="data/1.png" x="2" y="-6" opacity="0.25"/></stack>
<layer name="filter" src="data/curve.xml"/><layer name="Paper" src="data/0.png"/></stack></image>"""


def foreign(stack: str | bytes = STACK, moon: Image.Image | None = None) -> bytes:
    """As a painting program writes it: a full lowest layer, groups with offsets, layers that stick out."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "image/openraster", zipfile.ZIP_STORED)
        archive.writestr("stack.xml", stack)
        layers = (Image.fromarray(photo(5).array), moon or Image.new("RGBA", (20, 20), (200, 180, 20, 255)))
        for number, image in enumerate(layers):
            png = io.BytesIO()
            image.save(png, "PNG")
            archive.writestr(f"data/{number}.png", png.getvalue())
    return out.getvalue()


def test_a_file_of_another_program_becomes_regions_over_its_full_lowest_layer() -> None:
    found = scene_from_file(foreign())
    assert found.canvas.background == ImageBackground(picture=photo(5))
    assert [(brush.prompt, brush.color, brush.strength) for brush in found.brushes] == [
        ("moon", "#c8b414", 0.25)
    ]
    assert found.canvas.layers[0].mask == painted(12, 0, 32, 18)


@pytest.mark.parametrize(
    ("stack", "words"),
    [
        ("<!DOCTYPE x [<!ENTITY a 'b'>]>" + STACK, "document type"),
        (STACK.replace('w="96"', 'w="99999"'), "canvas has sides"),
        (STACK.replace("data/0.png", "data/9.png"), "9.png"),
        ("<image w='8' h='8'/>", "no stack"),
        ("<image", "OpenRaster file that can be read"),
        (STACK.encode("utf-16"), "OpenRaster file that can be read"),
        (STACK.replace('x="2"', 'x="two"'), "OpenRaster file that can be read"),
    ],
)
def test_a_file_that_makes_no_sense_is_refused_in_words(stack: str | bytes, words: str) -> None:
    with pytest.raises(FileError, match=words):
        scene_from_file(foreign(stack))


def test_too_many_layers_are_refused() -> None:
    layers = "".join(f'<layer name="l{number}" src="data/1.png"/>' for number in range(65))
    with pytest.raises(FileError, match="at most 64 layers"):
        scene_from_file(foreign(f'<image w="96" h="64"><stack>{layers}</stack></image>'))


def test_layers_are_counted_before_any_is_decoded_and_their_pixels_are_bounded() -> None:
    row = '<layer name="l" src="data/1.png"/>'
    broken = foreign(
        f'<image w="96" h="64"><stack>{row * 9_000}</stack></image>'.replace("1.png", "none.png")
    )
    with pytest.raises(FileError, match="at most 64 layers, got 9000"):
        scene_from_file(broken)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("semdraw.stack.MAX_LAYERS_PX", 6 * 20 * 20)
        with pytest.raises(FileError, match="px in all; crop or merge"):
            scene_from_file(foreign(f'<image w="96" h="64"><stack>{row * 7}</stack></image>'))


def test_a_layer_far_outside_the_canvas_is_a_blank_region() -> None:
    found = scene_from_file(foreign(STACK.replace('x="2"', 'x="99999999999"')))
    assert found.canvas.layers[0].mask.is_blank


def test_an_entry_that_is_packed_in_an_unknown_way_is_refused() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("mimetype", "image/openraster")
        archive.writestr("stack.xml", STACK, zipfile.ZIP_LZMA)
    with pytest.raises(FileError, match="unknown way"):
        scene_from_file(out.getvalue())


def test_regions_may_be_called_as_other_layers_are() -> None:
    prompts = ("background trees", "picture", "cat")
    brushes = tuple(Brush(id=f"b{number}", prompt=prompt) for number, prompt in enumerate(prompts))
    layers = tuple(Layer(brush_id=brush.id, mask=painted(0, 0, 96, 64)) for brush in brushes)
    before = checked(replace(scene(), brushes=brushes).with_canvas(layers=layers))
    data = openraster_bytes(before, photo())
    assert scene_from_openraster(data) == before
    found = scene_from_openraster(rewritten(data, {"semdraw/project": None}))
    assert tuple(brush.prompt for brush in found.brushes) == prompts
    assert found.canvas.background == before.canvas.background


def test_an_opacity_that_was_changed_elsewhere_is_the_new_strength() -> None:
    data = openraster_bytes(scene(), photo())
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        stack = archive.read("stack.xml").decode().replace('opacity="0.5"', 'opacity="0.25"')
    found = scene_from_openraster(rewritten(data, {"stack.xml": stack.encode()}))
    assert found.brush("b") == replace(scene().brush("b"), strength=0.25)


def test_layers_that_came_back_changed_keep_the_details_of_those_that_kept_their_names() -> None:
    data = openraster_bytes(scene(), photo())
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        stack = archive.read("stack.xml").decode()
    found = scene_from_openraster(
        rewritten(data, {"stack.xml": stack.replace("Wolke – 雲", "dragon").encode()})
    )
    by_prompt = {brush.prompt: brush for brush in found.brushes}
    assert by_prompt["dragon"].seed is None
    assert found.brush("b") == scene().brush("b")
    assert found.recipe == scene().recipe


def test_the_colour_of_a_layer_is_the_mean_of_what_is_painted() -> None:
    image = Image.new("RGBA", (2, 1), (0, 0, 0, 0))
    assert color_of(image, otherwise="#abcdef") == "#abcdef"
    image.putpixel((0, 0), (250, 100, 0, 128))
    assert color_of(image, otherwise="#abcdef") == "#fa6400"


def test_no_other_endings_are_written() -> None:
    with pytest.raises(FileError, match=r"\.gif; there are \.png"):
        exported(photo(), replace(scene(), seed=1), "gif")
