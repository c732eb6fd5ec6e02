"""OpenRaster (.ora), the layered file of Krita, GIMP and MyPaint: out and in.

What other programs write comes in as well: every layer of pixels becomes a region that means its name. Details that a
layer cannot hold (seeds, softness, recipe) travel in an entry of our own; where a program drops it, defaults hold.
Specification: freedesktop.org, OpenRaster 0.0.5.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from itertools import count
from typing import Final
from xml.etree import ElementTree

import numpy as np
from msgspec.structs import replace
from PIL import Image

from semdraw.disk import MAX_FILE_BYTES
from semdraw.errors import FileError, SceneError
from semdraw.files import (
    UNREADABLE,
    add_entry,
    checked_size,
    project_bytes,
    scene_from_project,
    thumbnail_bytes,
)
from semdraw.geometry import MAX_AREA_PX, MAX_SIDE_PX, Extent
from semdraw.layered import (
    BACKGROUND,
    PICTURE,
    REGIONS,
    PaintLayer,
    color_of,
    ground_layers,
    layer_name,
    mask_of,
    region_layers,
)
from semdraw.rasters import Picture
from semdraw.scene import (
    MAX_BRUSHES,
    MAX_MASKS_PX,
    MAX_PROMPT,
    Background,
    Brush,
    Canvas,
    ColorBackground,
    ImageBackground,
    Layer,
    PromptBackground,
    Scene,
    checked,
)

MIMETYPE: Final = b"image/openraster"
_STACK, _MERGED, _THUMBNAIL, _PROJECT = (
    "stack.xml",
    "mergedimage.png",
    "Thumbnails/thumbnail.png",
    "semdraw/project",
)
_MAX_STACK_BYTES: Final = 2**20
_MAX_ENTRY_BYTES: Final = 96 * 2**20
_MAX_ENTRIES: Final = 1_000


# ---- out ----
def openraster_bytes(scene: Scene, picture: Picture) -> bytes:
    """An OpenRaster file whose merged image is the picture; see `layered` for its layers."""
    out, extent = io.BytesIO(), scene.canvas.extent
    image = ElementTree.Element("image", version="0.0.5", w=str(extent.width), h=str(extent.height))
    root = ElementTree.SubElement(image, "stack")
    with zipfile.ZipFile(out, "w") as archive:
        add_entry(archive, "mimetype", MIMETYPE)
        if regions := region_layers(scene):
            group = ElementTree.SubElement(root, "stack", name=REGIONS, visibility="hidden")
            _add_all(archive, group, regions, "region")
        _add_all(archive, root, ground_layers(scene, picture), "ground")
        add_entry(archive, _STACK, ElementTree.tostring(image, encoding="utf-8", xml_declaration=True))
        add_entry(archive, _MERGED, _png(Image.fromarray(picture.array)))
        add_entry(archive, _THUMBNAIL, thumbnail_bytes(picture))
        add_entry(archive, _PROJECT, project_bytes(scene))
    return checked_size(out.getvalue())


def _add_all(
    archive: zipfile.ZipFile, parent: ElementTree.Element, layers: list[PaintLayer], kind: str
) -> None:
    """Files and entries of the stack; there the topmost stands first."""
    for number, layer in reversed(list(enumerate(layers))):
        source = f"data/{kind}-{number:03d}.png"
        add_entry(archive, source, _png(layer.image))
        facts = {"name": layer.name, "src": source, "x": str(layer.x), "y": str(layer.y)}
        facts |= {"opacity": f"{layer.opacity:g}", "visibility": "visible" if layer.is_visible else "hidden"}
        ElementTree.SubElement(parent, "layer", facts | ({"edit-locked": "true"} if layer.is_locked else {}))


def _png(image: Image.Image) -> bytes:
    out = io.BytesIO()
    image.save(out, "PNG", compress_level=6)
    return out.getvalue()


# ---- in ----
def is_openraster(data: bytes) -> bool:
    """Whether this is an OpenRaster file: its mimetype stands first, as the specification wants it."""
    return data[:4] == b"PK\3\4" and MIMETYPE in data[:80]


def scene_from_openraster(data: bytes) -> Scene:
    """The scene of an OpenRaster file, or a FileError that says what is wrong with it."""
    if len(data) > MAX_FILE_BYTES:
        raise FileError(
            f"an OpenRaster file may have {MAX_FILE_BYTES // 2**20} MiB, got {len(data) / 2**20:.0f}"
        )
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if len(archive.infolist()) > _MAX_ENTRIES:
                raise FileError(f"an OpenRaster file with more than {_MAX_ENTRIES} entries is not read")
            extent, stack = _stack(archive)
            layers = list(_layers(archive, stack, extent))
            return _scene(extent, layers, _details(archive))
    except (*UNREADABLE, KeyError, SyntaxError, SceneError, Image.DecompressionBombError) as error:
        raise FileError(f"not an OpenRaster file that can be read: {error}") from None


def _entry(archive: zipfile.ZipFile, name: str, most: int = _MAX_ENTRY_BYTES) -> bytes:
    with archive.open(name) as file:
        data = file.read(most + 1)
    if len(data) > most:
        raise ValueError(f"{name} inflates to more than {most // 2**20} MiB")
    return data


def _stack(archive: zipfile.ZipFile) -> tuple[Extent, ElementTree.Element]:
    document = _entry(archive, _STACK, _MAX_STACK_BYTES)
    if b"<!DOCTYPE" in document or b"<!ENTITY" in document:
        raise ValueError(f"{_STACK} has a document type, which OpenRaster does not know")
    image = ElementTree.fromstring(document)
    extent, stack = Extent(int(image.attrib["w"]), int(image.attrib["h"])), image.find("stack")
    if not (min(extent) > 0 and max(extent) <= MAX_SIDE_PX and extent.area <= MAX_AREA_PX):
        raise ValueError(
            f"a canvas has sides of 1 to {MAX_SIDE_PX} px and at most {MAX_AREA_PX} px, got {extent}"
        )
    if stack is None:
        raise ValueError(f"{_STACK} has no stack of layers")
    return extent, stack


def _layers(
    archive: zipfile.ZipFile, stack: ElementTree.Element, extent: Extent, at: tuple[int, int] = (0, 0)
) -> Iterator[PaintLayer]:
    """All layers of pixels, bottom first, those in groups too. A hidden group of ours does not hide its regions."""
    for element in reversed(list(stack)):
        corner = at[0] + int(element.get("x", 0)), at[1] + int(element.get("y", 0))
        if element.tag == "stack":
            yield from _layers(archive, element, extent, corner)
        elif element.tag == "layer" and element.get("src", "").endswith(".png"):
            yield PaintLayer(
                name=element.get("name", "").strip(),
                image=_image(_entry(archive, element.attrib["src"])),
                x=corner[0],
                y=corner[1],
                opacity=min(1.0, max(0.0, float(element.get("opacity", 1)))),
                is_visible=element.get("visibility", "visible") == "visible",
                is_locked=element.get("edit-locked") == "true",
            )


def _image(data: bytes) -> Image.Image:
    with Image.open(io.BytesIO(data), formats=["PNG"]) as image:
        if image.width * image.height > 4 * MAX_AREA_PX:
            raise ValueError(f"a layer of {image.width}x{image.height} px is out of bounds")
        return image.convert("RGBA")


def _details(archive: zipfile.ZipFile) -> Scene | None:
    """The scene as semdraw wrote it, where no other program has saved the file since."""
    return scene_from_project(_entry(archive, _PROJECT)) if _PROJECT in archive.namelist() else None


def _scene(extent: Extent, layers: list[PaintLayer], told: Scene | None) -> Scene:
    """What the layers say; what they cannot say is taken from `told`, by the names of its regions."""
    told = told if told and told.canvas.extent == extent else None
    background, regions = _split(layers, extent)
    most = min(MAX_BRUSHES, MAX_MASKS_PX // extent.area)
    if len(regions) > most:
        raise ValueError(f"a canvas of {extent} holds at most {most} layers, got {len(regions)}")
    known = _known(told)
    taken = {brush.id for brush in told.brushes} if told else set[str]()
    free = (name for number in count(1) if (name := f"layer-{number}") not in taken)
    brushes: list[Brush] = []
    painted: list[Layer] = []
    for layer in regions:
        same, mask = known.get(layer.name, []), mask_of(layer, extent)
        brush, before = same.pop(0) if same else (_brush(layer, next(free)), None)
        brushes.append(brush)
        before = before or Layer(brush_id=brush.id, mask=mask)
        frozen = before.frozen if layer.is_locked else None
        painted.append(
            replace(before, mask=mask, visible=layer.is_visible, locked=layer.is_locked, frozen=frozen)
        )
    canvas = Canvas(extent=extent, layers=tuple(painted), background=_background(background, extent, told))
    if told is None:
        return checked(Scene(canvas=canvas, brushes=tuple(brushes)))
    order = {brush.id: place for place, brush in enumerate(told.brushes)}
    brushes.sort(key=lambda brush: order.get(brush.id, len(order)))
    return checked(replace(told, canvas=canvas, brushes=tuple(brushes)))


def _known(told: Scene | None) -> dict[str, list[tuple[Brush, Layer]]]:
    """The regions of a scene by the names that their layers have; of equal names the lowest comes first."""
    known: dict[str, list[tuple[Brush, Layer]]] = {}
    for number, layer in enumerate(told.canvas.layers if told else (), start=1):
        brush = told.brush(layer.brush_id) if told else Brush(id=layer.brush_id)
        known.setdefault(layer_name(brush, number), []).append((brush, layer))
    return known


def _split(layers: list[PaintLayer], extent: Extent) -> tuple[PaintLayer | None, list[PaintLayer]]:
    """What lies behind, and the regions. A lowest layer without a bare pixel is a background, whatever its name."""
    regions = [each for each in layers if each.name != PICTURE and not each.name.startswith(BACKGROUND)]
    grounds = [each for each in layers if each.name.startswith(BACKGROUND)]
    if not grounds and regions and int(mask_of(regions[0], extent).array.min()) == 255:
        return regions[0], regions[1:]
    return (grounds[0] if grounds else None), regions


def _background(layer: PaintLayer | None, extent: Extent, told: Scene | None) -> Background:
    """Words stand in the name, a colour or a picture in the pixels; what was not changed is as it was told."""
    if layer is None:
        return told.canvas.background if told else PromptBackground()
    before = told.canvas.background if told else None
    prompt = layer.name.partition(":")[2].strip() if layer.name.startswith(BACKGROUND) else ""
    if prompt or isinstance(before, PromptBackground):
        if isinstance(before, PromptBackground) and before.prompt.strip() == prompt:
            return before
        return PromptBackground(prompt=prompt[:MAX_PROMPT])
    page = Image.new("RGB", extent, "white")
    page.paste(layer.image, (layer.x, layer.y), layer.image)
    pixels = np.asarray(page)
    if (pixels == pixels[0, 0]).all():
        return ColorBackground(color="#" + "".join(f"{value:02x}" for value in pixels[0, 0]))
    if isinstance(before, ImageBackground):
        shown = np.asarray(Image.fromarray(before.picture.array).resize(extent))
        if np.array_equal(shown, pixels):
            return before
    return ImageBackground(picture=Picture.from_array(pixels))


def _brush(layer: PaintLayer, name: str) -> Brush:
    """A layer of another program: its name is the prompt, its colour the brush's."""
    prompt, color = layer.name[:MAX_PROMPT], color_of(layer, otherwise="#5b8def")
    return Brush(id=name, prompt=prompt, color=color, strength=layer.opacity)
