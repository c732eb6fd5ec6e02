"""Claims about project files and pictures that carry their scene."""

from __future__ import annotations

import io
import json
import os
import zipfile
from collections.abc import Callable
from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from semdraw import files
from semdraw.errors import FileError
from semdraw.files import open_project, painted_areas, project_bytes, save_project, scene_from_project
from semdraw.metadata import parameters, picture_file, scene_from_picture
from semdraw.pictures import picture_from_bytes
from semdraw.rasters import Mask, Picture
from semdraw.scene import ColorBackground, ImageBackground, PromptBackground, Recipe, Scene
from tests.scenes import SMALL, two_regions

GOLDEN = Path(__file__).parent / "golden"

Entries = dict[str, bytes]


def picture_background() -> Scene:
    ramp = np.arange(64 * 64 * 3, dtype=np.uint8).reshape(64, 64, 3)
    scene = two_regions().with_canvas(background=ImageBackground(picture=Picture.from_array(ramp)))
    return msgspec.structs.replace(scene, recipe=Recipe(weights_hash="ab" * 32, num_steps=6))


def unpacked(data: bytes) -> Entries:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(entries: Entries) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    return out.getvalue()


def png(size: tuple[int, int]) -> bytes:
    out = io.BytesIO()
    Image.new("L", size).save(out, "PNG")
    return out.getvalue()


@pytest.mark.parametrize(
    "scene",
    [
        two_regions(),
        picture_background(),
        Scene.blank(SMALL),
        two_regions().with_canvas(background=ColorBackground(color="#123456")),
    ],
    ids=["prompt background", "picture background", "blank", "colour background"],
)
def test_a_scene_comes_back_from_its_file_as_it_was(scene: Scene) -> None:
    assert scene_from_project(project_bytes(scene)) == scene


def test_the_same_scene_gives_the_same_bytes() -> None:
    assert project_bytes(picture_background()) == project_bytes(picture_background())


def test_the_first_entry_tells_the_kind_of_file_without_unpacking() -> None:
    data = project_bytes(two_regions())
    assert data[30 : 30 + len("mimetype")] == b"mimetype"
    assert data[38 : 38 + len(files.MIMETYPE)] == files.MIMETYPE


def test_the_thumbnail_shows_the_painted_areas_or_the_picture() -> None:
    areas = Image.open(io.BytesIO(unpacked(project_bytes(two_regions()))["thumbnail.png"])).convert("RGB")
    assert areas.getpixel((50, 10)) == (0xF5, 0xD7, 0x6E)
    red = Picture.from_array(np.full((512, 1024, 3), (255, 0, 0), np.uint8))
    shown = Image.open(io.BytesIO(unpacked(project_bytes(two_regions(), picture=red))["thumbnail.png"]))
    assert shown.size == (256, 128)
    assert shown.getpixel((0, 0)) == (255, 0, 0)


def test_hidden_layers_are_not_in_the_map_of_painted_areas() -> None:
    scene = two_regions()
    hidden = scene.with_layer(msgspec.structs.replace(scene.layer("moon"), visible=False))
    assert tuple(painted_areas(hidden).array[10, 50]) == (255, 255, 255)


@pytest.mark.parametrize(
    ("name", "scene"),
    [("regions_v1", two_regions()), ("picture_v1", picture_background())],
    ids=["regions", "picture"],
)
def test_files_of_version_1_open_for_ever(name: str, scene: Scene) -> None:
    assert open_project(GOLDEN / f"{name}.semdraw") == as_it_was_then(scene)


def as_it_was_then(scene: Scene) -> Scene:
    """The scene with the defaults of the day on which the golden files were written: a file says all its values."""
    replace = msgspec.structs.replace
    brushes = tuple(replace(brush, softness_px=8.0) for brush in scene.brushes)
    return replace(scene, brushes=brushes, recipe=replace(scene.recipe, bootstrap_steps=1))


def test_a_newer_file_is_refused_by_version_and_left_untouched(tmp_path: Path) -> None:
    entries = unpacked(project_bytes(two_regions()))
    entries["scene.json"] = json.dumps({"version": 2, "something": "new"}).encode()
    path = tmp_path / "new.semdraw"
    path.write_bytes(packed(entries))
    before = path.read_bytes()
    with pytest.raises(FileError, match="has version 2; this semdraw reads version 1"):
        open_project(path)
    assert path.read_bytes() == before


def _without(name: str) -> Callable[[Entries], Entries]:
    return lambda entries: {key: data for key, data in entries.items() if key != name}


def _with(name: str, data: bytes) -> Callable[[Entries], Entries]:
    return lambda entries: {**entries, name: data}


def _edited(old: str, new: str) -> Callable[[Entries], Entries]:
    def edit(entries: Entries) -> Entries:
        text = entries["scene.json"].decode()
        assert old in text
        return {**entries, "scene.json": text.replace(old, new, 1).encode()}

    return edit


DAMAGED: dict[str, Callable[[Entries], Entries]] = {
    "no mimetype": _without("mimetype"),
    "another mimetype": _with("mimetype", b"image/openraster"),
    "no scene": _without("scene.json"),
    "a mask is missing": _without("masks/000.png"),
    "a mask is no PNG": _with("masks/000.png", b"GIF89a"),
    "a mask is cut short": _with("masks/000.png", png((64, 64))[:40]),
    "a mask of another size": _with("masks/000.png", png((32, 32))),
    "a mask that is a bomb": _with("masks/000.png", png((30_000, 30_000))),
    "a path upwards": _with("../evil.png", b""),
    "an absolute path": _with("/etc/passwd", b""),
    "a script": _with("run.py", b"print()"),
    "a folder": _with("masks/", b""),
    "a mask by path": _edited('"masks/000.png"', '"/etc/passwd"'),
    "a mask by number": _edited('"masks/000.png"', "7"),
    "an unknown field": _edited('"brushes"', '"brushs"'),
    "a negative seed": _edited('"seed": 7', '"seed": -7'),
    "no version": _edited('"version"', '"edition"'),
    "no json": _with("scene.json", b"\xff\x00"),
    "json without end": _with("scene.json", b"[" * 100_000),
    "json of two mebibytes": _with("scene.json", b" " * 2**21),
    "too many entries": lambda entries: {**entries, **{f"masks/{i:03d}.png": b"" for i in range(100)}},
}


@pytest.mark.parametrize("damage", DAMAGED.values(), ids=DAMAGED.keys())
def test_a_file_that_is_not_as_it_should_be_is_refused_in_words(damage: Callable[[Entries], Entries]) -> None:
    with pytest.raises(FileError):
        scene_from_project(packed(damage(unpacked(project_bytes(two_regions())))))


def test_a_zip_bomb_is_not_inflated() -> None:
    bomb = packed({"mimetype": files.MIMETYPE, "masks/000.png": bytes(files.MAX_INFLATED_BYTES + 1)})
    assert len(bomb) < 2**20
    with pytest.raises(FileError, match="may inflate to"):
        scene_from_project(bomb)


def test_a_mask_that_is_named_a_thousand_times_is_decoded_once(monkeypatch: pytest.MonkeyPatch) -> None:
    document = json.loads(unpacked(project_bytes(two_regions()))["scene.json"])
    document["scene"]["canvas"]["layers"] *= 1_000
    entries = {**unpacked(project_bytes(two_regions())), "scene.json": json.dumps(document).encode()}
    decoded: list[Mask] = []
    decode = Mask.from_array

    def counted(alpha: NDArray[np.uint8]) -> Mask:
        decoded.append(decode(alpha))
        return decoded[-1]

    monkeypatch.setattr(Mask, "from_array", counted)
    with pytest.raises(FileError, match="length <= 64"):
        scene_from_project(packed(entries))
    assert len(decoded) == 2


def test_a_name_that_stands_twice_is_refused() -> None:
    out = io.BytesIO(project_bytes(two_regions()))
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(out, "a") as archive:
        archive.writestr("scene.json", b"{}")
    with pytest.raises(FileError, match=r"unexpected entry 'scene\.json'"):
        scene_from_project(out.getvalue())


def test_a_locked_zip_is_refused() -> None:
    data = bytearray(project_bytes(two_regions()))
    at = data.index(b"PK\x01\x02")
    data[at + 8] |= 1  # "encrypted", in the central directory
    with pytest.raises(FileError, match="not a readable project file"):
        scene_from_project(bytes(data))


@settings(max_examples=200)
@given(st.data())
def test_no_damage_raises_anything_but_a_file_error(data: st.DataObject) -> None:
    whole = bytearray((GOLDEN / "regions_v1.semdraw").read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    try:
        scene_from_project(bytes(whole[: data.draw(st.integers(0, len(whole)))]))
    except FileError:
        return


def test_saving_over_a_file_that_cannot_be_written_keeps_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "work.semdraw"
    save_project(path, two_regions())

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(FileError, match="No space left"):
        save_project(path, picture_background())
    assert open_project(path) == two_regions()
    assert [entry.name for entry in tmp_path.iterdir()] == ["work.semdraw"]


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"none\.semdraw cannot be read: No such file"):
        open_project(tmp_path / "none.semdraw")


def test_a_saved_picture_gives_its_scene_back() -> None:
    scene = picture_background()
    data = picture_file(painted_areas(scene), scene)
    assert scene_from_picture(data) == scene
    assert Picture.from_array(np.asarray(Image.open(io.BytesIO(data)))) == painted_areas(scene)


def test_a_saved_picture_tells_other_tools_how_it_was_made() -> None:
    scene = two_regions()
    assert parameters(scene).splitlines()[0] == "castle, full moon, night sky"
    assert "Steps: 4, Sampler: LCM, CFG scale: 1, Seed: 7, Size: 64x64, Model: picturebook" in parameters(
        scene
    )
    image = Image.open(io.BytesIO(picture_file(painted_areas(scene), scene)))
    assert image.info["parameters"] == parameters(scene)


def test_a_saved_picture_tells_the_steps_that_were_taken_and_the_negative_prompts() -> None:
    scene = two_regions().with_canvas(background=PromptBackground(prompt="night", negative="day"))
    scene = scene.with_brush(msgspec.structs.replace(scene.brush("moon"), negative="clouds"))
    recipe = Recipe(num_steps=4, step_indices=(0, 4, 12, 25, 37))
    lines = parameters(msgspec.structs.replace(scene, recipe=recipe)).splitlines()
    assert lines[:2] == ["castle, full moon, night", "Negative prompt: clouds, day"]
    assert lines[2].startswith("Steps: 5, Sampler: LCM")


def test_words_that_could_not_be_opened_again_are_not_written() -> None:
    mask, words = Mask.blank(SMALL), "\x01" * 2000
    scene = Scene.from_masks([(words, mask)] * 64)
    brushes = tuple(msgspec.structs.replace(brush, negative=words) for brush in scene.brushes)
    with pytest.raises(FileError, match="1024 KiB can be opened again; shorten prompts"):
        project_bytes(msgspec.structs.replace(scene, brushes=brushes))
    assert scene_from_project(project_bytes(scene)) == scene


@pytest.mark.parametrize("size", [(4000, 3000), (16_000, 1_500)], ids=["12 megapixels", "a panorama"])
def test_a_large_photo_is_shrunk_to_what_can_be_opened_again(size: tuple[int, int]) -> None:
    out = io.BytesIO()
    Image.effect_noise(size, 100).save(out, "JPEG", quality=30)
    photo = Picture.from_array(picture_from_bytes(out.getvalue()))
    assert photo.extent.width / photo.extent.height == pytest.approx(size[0] / size[1], rel=0.01)
    scene = two_regions().with_canvas(background=ImageBackground(picture=photo))
    assert scene_from_project(project_bytes(scene)) == scene
    assert scene_from_picture(picture_file(photo, scene)) == scene


def test_what_could_not_be_opened_again_is_not_written(monkeypatch: pytest.MonkeyPatch) -> None:
    size = len(project_bytes(picture_background()))
    monkeypatch.setattr(files, "MAX_FILE_BYTES", size - 1)
    with pytest.raises(FileError, match="can be opened again"):
        project_bytes(picture_background())
    monkeypatch.setattr(files, "MAX_FILE_BYTES", size + 100)
    with pytest.raises(FileError, match="can be opened again"):
        picture_file(painted_areas(picture_background()), picture_background())


@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o644), (0o077, 0o600), (0o002, 0o664)])
def test_a_new_file_has_the_usual_permissions(tmp_path: Path, umask: int, mode: int) -> None:
    before = os.umask(umask)
    try:
        save_project(tmp_path / "work.semdraw", two_regions())
    finally:
        os.umask(before)
    assert (tmp_path / "work.semdraw").stat().st_mode & 0o777 == mode


def test_a_file_that_is_written_again_keeps_its_permissions(tmp_path: Path) -> None:
    path = tmp_path / "work.semdraw"
    path.touch(0o600)
    save_project(path, two_regions())
    assert path.stat().st_mode & 0o777 == 0o600


def test_saving_through_a_link_writes_where_it_points(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    path, link = tmp_path / "real" / "work.semdraw", tmp_path / "link.semdraw"
    link.symlink_to(path)
    save_project(link, two_regions())
    assert link.is_symlink()
    assert open_project(path) == two_regions()
    circle = tmp_path / "circle.semdraw"
    circle.symlink_to(circle)
    with pytest.raises(FileError, match=r"circle\.semdraw cannot be written"):
        save_project(circle, two_regions())


@pytest.mark.parametrize(
    "data", [b"", b"\x89PNG", png((4, 4))], ids=["nothing", "a stub", "a PNG without a scene"]
)
def test_a_picture_without_a_scene_is_refused_in_words(data: bytes) -> None:
    with pytest.raises(FileError, match="scene"):
        scene_from_picture(data)
