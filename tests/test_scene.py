"""Claims about scenes as values."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from PIL import Image

from semdraw.errors import ExtentError, FileError, SceneError
from semdraw.files import project_bytes
from semdraw.geometry import Bounds, Extent
from semdraw.rasters import Mask, Picture
from semdraw.scene import (
    MAX_BRUSHES,
    Brush,
    Canvas,
    ColorBackground,
    ImageBackground,
    Layer,
    PromptBackground,
    Scene,
    checked,
)
from tests.scenes import SMALL, box, two_regions


def test_scenes_painted_alike_are_equal_and_hash_alike() -> None:
    assert two_regions() == two_regions()
    assert hash(two_regions()) == hash(two_regions())


def test_one_painted_pixel_makes_another_scene() -> None:
    scene = two_regions()
    layer = scene.layer("castle")
    dotted = layer.mask.painted(Bounds(63, 63, 1, 1), b"\x01")
    assert scene.with_layer(msgspec.structs.replace(layer, mask=dotted)) != scene


def test_painting_leaves_the_earlier_mask_alone() -> None:
    blank = Mask.blank(SMALL)
    painted = blank.painted(Bounds(2, 3, 2, 1), b"\x10\x20")
    assert blank.is_blank
    assert painted.array[3, 2:4].tolist() == [0x10, 0x20]
    assert int(painted.array.sum()) == 0x30


def test_a_mask_is_read_only() -> None:
    with pytest.raises(ValueError, match="read-only"):
        Mask.blank(SMALL).array[0, 0] = 1


@pytest.mark.parametrize(
    "bounds", [Bounds(-1, 0, 2, 2), Bounds(63, 0, 2, 1), Bounds(0, 0, 0, 1), Bounds(0, 64, 1, 1)]
)
def test_painting_outside_of_the_canvas_is_refused(bounds: Bounds) -> None:
    with pytest.raises(SceneError, match="outside"):
        Mask.blank(SMALL).painted(bounds, bytes(4))


def test_a_mask_of_the_wrong_length_is_refused() -> None:
    with pytest.raises(SceneError, match="needs 4096 bytes, got 5"):
        Mask(SMALL, bytes(5))


def test_a_picture_keeps_its_pixels() -> None:
    rgb = np.arange(2 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3)
    picture = Picture.from_array(rgb)
    assert picture.extent == Extent(3, 2)
    assert (picture.array == rgb).all()


def test_an_unknown_brush_is_named_beside_the_known_ones() -> None:
    with pytest.raises(SceneError, match=r"'tree'.*'castle', 'moon'"):
        two_regions().brush("tree")


def _scene_of(
    *ids: str, extent: Extent = SMALL, masks: Extent = SMALL, layers: tuple[str, ...] | None = None
) -> Scene:
    mask = Mask.blank(masks)
    canvas = Canvas(extent=extent, layers=tuple(Layer(brush_id=i, mask=mask) for i in (layers or ids)))
    return Scene(canvas=canvas, brushes=tuple(Brush(id=i) for i in ids))


def _with_behind(extent: Extent) -> Scene:
    picture = Picture(extent, bytes(3 * extent.area))
    return Scene(canvas=Canvas(extent=SMALL, background=ImageBackground(picture=picture)))


@pytest.mark.parametrize(
    ("scene", "reason"),
    [
        (_scene_of("a", "a"), "must differ"),
        (_scene_of("a", "b", layers=("a", "a")), "one layer"),
        (_scene_of("a", masks=Extent(32, 32)), "32x32.*64x64"),
        (_scene_of(*(f"b{i}" for i in range(MAX_BRUSHES + 1))), "at most 64"),
        (Scene(canvas=Canvas(extent=Extent(0, 64))), "1 to 4096"),
        (Scene(canvas=Canvas(extent=Extent(4096, 4096))), "in all"),
        (_with_behind(Extent(4096, 4096)), "a picture behind .* in all"),
        (_scene_of(*(f"b{i}" for i in range(32)), extent=Extent(2048, 2048)), "at most 30 brushes, got 32"),
    ],
    ids=[
        "twin brushes",
        "twin layers",
        "mask of another size",
        "too many brushes",
        "empty",
        "too large",
        "too large a picture behind",
        "too much paint",
    ],
)
def test_scenes_that_make_no_sense_are_refused(scene: Scene, reason: str) -> None:
    with pytest.raises(SceneError, match=reason):
        checked(scene)


def _changed(**changes: Any) -> Scene:
    """A scene with one value that its type does not allow."""
    scene = two_regions()
    brush, layer = scene.brushes[0], scene.canvas.layers[0]
    for name, value in changes.items():
        if name in scene.__struct_fields__:
            scene = msgspec.structs.replace(scene, **{name: value})
        elif name in scene.canvas.__struct_fields__:
            scene = scene.with_canvas(**{name: value})
        elif name in layer.__struct_fields__:
            scene = scene.with_layer(msgspec.structs.replace(layer, **{name: value}))
        else:
            scene = scene.with_brush(msgspec.structs.replace(brush, **{name: value}))
    return scene


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"seed": -1}, r"Scene with seed = -1: expected `int` >= 0"),
        ({"seed": 2**40}, r"Scene with seed = 1099511627776: expected `int` <= 4294967295"),
        ({"seed": np.int64(3)}, r"Scene with .*no file can hold"),
        ({"background": ColorBackground(color="#FFFFFF")}, r"ColorBackground with color = '#FFFFFF'"),
        ({"background": PromptBackground(prompt="x" * 2001)}, r"PromptBackground with prompt = 'x+\.\.\."),
        ({"background": PromptBackground(negative="x" * 2001)}, r"negative = .*length <= 2000"),
        ({"background": None}, r"Canvas with background = None"),
        ({"extent": Extent(64.5, 64)}, r"Canvas with extent"),  # pyright: ignore[reportArgumentType]
        ({"visible": 1}, r"Layer with visible = 1: expected `bool`"),
        ({"mask": None}, r"Layer with mask = None"),
        ({"strength": float("nan")}, r"Brush with strength = nan"),
        ({"prompt": "\ud800"}, r"Brush with .*surrogates not allowed"),
        ({"color": "red"}, r"Brush with color = 'red'"),
        ({"recipe": None}, r"Scene with recipe = None"),
    ],
    ids=str,
)
def test_a_value_that_no_file_could_give_back_is_refused_and_not_written(
    changes: dict[str, Any], reason: str
) -> None:
    scene = _changed(**changes)
    for use in (checked, project_bytes):
        with pytest.raises(SceneError, match=reason):
            use(scene)


def test_ids_are_checked_in_layers_too() -> None:
    with pytest.raises(SceneError, match=r"Brush with id = 'a b': expected `str` matching"):
        checked(_scene_of("a b"))


@pytest.mark.parametrize("text", ["", "256", "256x", "0x4", "-1x4", "1x2x3", "²x4", "256 x256x"])
def test_a_size_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ExtentError, match="512x768"):
        Extent.parse(text)


def test_box_paints_only_its_bounds() -> None:
    assert int((box(SMALL, Bounds(1, 2, 3, 4)).array == 255).sum()) == 12


@pytest.mark.parametrize("module", ["semdraw", "semdraw.scene", "semdraw.commands", "semdraw.protocol"])
def test_values_load_without_torch(module: str) -> None:
    code = f"import sys, {module}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(
    "kind",
    [
        "pil",
        "transparent",
        "uint8",
        "bool",
        "float",
        "zeros and ones",
        "wide zeros and ones",
        "wide",
        "mask",
    ],
)
def test_a_scene_from_masks_takes_what_people_have(kind: str) -> None:
    alpha = np.zeros((32, 48), np.uint8)
    alpha[4:20, 8:30] = 255
    mask = {
        "pil": Image.fromarray(alpha),
        "transparent": Image.merge("LA", [Image.new("L", (48, 32), 255), Image.fromarray(alpha)]),
        "uint8": alpha,
        "bool": alpha > 0,
        "float": alpha / 255,
        "zeros and ones": alpha // 255,
        "wide zeros and ones": (alpha // 255).astype(np.int64),
        "wide": alpha.astype(np.int32),
        "mask": Mask.from_array(alpha),
    }[kind]
    scene = Scene.from_masks([("castle", mask), ("full moon", alpha)], background="night sky", seed=7)
    assert scene.canvas.extent == Extent(48, 32)
    assert (scene.canvas.layers[0].mask.array == alpha).all()
    assert [brush.prompt for brush in scene.brushes] == ["castle", "full moon"]


@pytest.mark.parametrize(
    "value",
    [
        np.zeros((4, 4, 3)),
        np.full((4, 4), 7.0),
        np.full((4, 4), np.nan),
        np.zeros(4),
        np.zeros((0, 4)),
        np.full((4, 4), 256),
        np.full((4, 4), -1),
        [["white"]],
    ],
)
def test_a_mask_that_makes_no_sense_is_refused_in_words(value: object) -> None:
    with pytest.raises(SceneError, match="a mask"):
        Mask.of(value)


def test_a_mask_may_be_the_path_of_a_picture(tmp_path: Path) -> None:
    turned = Image.Exif()
    turned[0x0112] = 6  # stored on its side
    Image.fromarray(np.asarray([[255, 0, 0]], np.uint8)).save(tmp_path / "side.png", exif=turned)
    assert Mask.of(tmp_path / "side.png").array.tolist() == [[255], [0], [0]]
    assert Mask.of(str(tmp_path / "side.png")).extent == Extent(1, 3)


def test_a_path_that_leads_to_no_mask_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"none\.png cannot be read: No such file"):
        Mask.of(tmp_path / "none.png")
    (tmp_path / "text.png").write_text("no picture")
    with pytest.raises(SceneError, match="not a readable PNG"):
        Mask.of(tmp_path / "text.png")


def test_a_scene_without_masks_needs_a_size() -> None:
    assert Scene.from_masks([], extent=SMALL) == Scene.blank(SMALL)
    with pytest.raises(SceneError, match="or its extent"):
        Scene.from_masks([])


def test_import_semdraw_needs_no_torch_and_unknown_names_are_answered() -> None:
    import subprocess
    import sys

    script = "import sys, semdraw; assert 'torch' not in sys.modules; semdraw.Scene; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", script], check=True)
    import semdraw

    with pytest.raises(AttributeError, match="it has Bounds, Brush"):
        _ = semdraw.Pencil


def test_no_module_hides_a_function_of_the_package() -> None:
    script = (
        "import semdraw, pkgutil; names = {m.name for m in pkgutil.iter_modules(semdraw.__path__)};"
        "assert not names & set(semdraw.__all__), names & set(semdraw.__all__);"
        "semdraw.generate; assert callable(semdraw.generate)"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


def test_masks_are_made_of_tensors_of_any_kind_and_of_pictures_of_numbers() -> None:
    import torch
    from PIL import Image

    half = torch.tensor([[0.0, 0.5, 1.0]])
    for value in (half.clone().requires_grad_(), half.bfloat16(), half.half(), half.double()):
        assert Mask.of(value).array.tolist() == [[0, 128, 255]]
    assert Mask.of(half > 0).array.tolist() == [[0, 255, 255]]
    assert Mask.of(Image.fromarray(half.numpy())).array.tolist() == [[0, 128, 255]]
    assert Mask.of(Image.fromarray(np.array([[0, 128, 255]], np.int32))).array.tolist() == [[0, 128, 255]]
    with pytest.raises(SceneError, match="values from 0 to 255, got 0 to 65535"):
        Mask.of(Image.fromarray(np.array([[0, 65535]], np.int32)))
