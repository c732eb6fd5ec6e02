"""OpenRaster (.ora), the layered file of Krita, GIMP and MyPaint: out and in.

What other programs write comes in as well: every layer of pixels becomes a region that means its name. Details that a
layer cannot hold (seeds, softness, recipe) travel in an entry of our own; where a program drops it, defaults hold.
Specification: freedesktop.org, OpenRaster 0.0.5.
"""

from __future__ import annotations

import io
import zipfile
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
from semdraw.layered import (
    BACKGROUND,
    PICTURE,
    REGIONS,
    PaintLayer,
    color_of,
    ground_layers,
    layer_name,
    region_layers,
)
from semdraw.rasters import Mask, Picture
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
from semdraw.stack import STACK, PackedLayer, Pixels, entry_of, packed_layers, stack_of

MIMETYPE: Final = b"image/openraster"
_MERGED, _THUMBNAIL, _PROJECT = "mergedimage.png", "Thumbnails/thumbnail.png", "semdraw/project"
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
        add_entry(archive, STACK, ElementTree.tostring(image, encoding="utf-8", xml_declaration=True))
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
            extent, stack = stack_of(archive)
            pixels = Pixels(archive, extent)
            return _scene(list(packed_layers(stack)), pixels, _details(archive))
    except (*UNREADABLE, KeyError, SyntaxError, SceneError, Image.DecompressionBombError) as error:
        raise FileError(f"not an OpenRaster file that can be read: {error}") from None


def _details(archive: zipfile.ZipFile) -> Scene | None:
    """The scene as semdraw wrote it, where no other program has saved the file since."""
    return scene_from_project(entry_of(archive, _PROJECT)) if _PROJECT in archive.namelist() else None


def _scene(layers: list[PackedLayer], pixels: Pixels, told: Scene | None) -> Scene:
    """What the layers say: names, masks, order, opacity, eyes and padlocks. The rest is taken from `told`, by the
    names of its regions.
    """
    extent = pixels.extent
    told = told if told and told.canvas.extent == extent else None
    behind, regions = _split(layers, pixels)
    known = _known(told)
    taken = {brush.id for brush in told.brushes} if told else set[str]()
    free = (name for number in count(1) if (name := f"layer-{number}") not in taken)
    brushes: list[Brush] = []
    painted: list[Layer] = []
    for packed in regions:
        image, same = pixels.of(packed), known.get(packed.name, [])
        brush, before = same.pop(0) if same else (_brush(packed, image, next(free)), None)
        brushes.append(_with_opacity(brush, packed.opacity))
        painted.append(_layer(packed, image, before or Layer(brush_id=brush.id, mask=Mask.blank(extent))))
    background = _background(behind, pixels, told)
    canvas = Canvas(extent=extent, layers=tuple(painted), background=background)
    if told is None:
        return checked(Scene(canvas=canvas, brushes=tuple(brushes)))
    order = {brush.id: place for place, brush in enumerate(told.brushes)}
    brushes.sort(key=lambda brush: order.get(brush.id, len(order)))
    return checked(replace(told, canvas=canvas, brushes=tuple(brushes)))


def _layer(packed: PackedLayer, image: Image.Image, before: Layer) -> Layer:
    return replace(
        before,
        mask=_mask(image),
        visible=packed.is_visible,
        locked=packed.is_locked,
        frozen=before.frozen if packed.is_locked else None,
    )


def _mask(image: Image.Image) -> Mask:
    """The opacity of its pixels."""
    return Mask.from_array(np.asarray(image.getchannel("A")))


def _with_opacity(brush: Brush, opacity: float) -> Brush:
    """The file says it with six digits: a strength that reads the same is kept."""
    is_same = f"{brush.strength:g}" == f"{opacity:g}"
    return brush if is_same else replace(brush, strength=opacity)


def _known(told: Scene | None) -> dict[str, list[tuple[Brush, Layer]]]:
    """The regions of a scene by the names that their layers have; of equal names the lowest comes first."""
    known: dict[str, list[tuple[Brush, Layer]]] = {}
    for number, layer in enumerate(told.canvas.layers if told else (), start=1):
        brush = told.brush(layer.brush_id) if told else Brush(id=layer.brush_id)
        known.setdefault(layer_name(brush, number), []).append((brush, layer))
    return known


def _split(layers: list[PackedLayer], pixels: Pixels) -> tuple[PackedLayer | None, list[PackedLayer]]:
    """What lies behind, and the regions. A lowest layer without a bare pixel is a background, whatever its name."""
    extent = pixels.extent
    grounds = [each for each in layers if _is_ground(each)]
    regions = [each for each in layers if each.is_region or not (_is_ground(each) or each.name == PICTURE)]
    most = min(MAX_BRUSHES, MAX_MASKS_PX // extent.area)
    is_open = not grounds and len(regions) <= most + 1  # nothing is decoded of a file with too many
    if is_open and regions and not regions[0].is_region and _mask(pixels.of(regions[0])).array.min() == 255:
        return regions[0], regions[1:]
    if len(regions) > most:
        raise ValueError(f"a canvas of {extent} holds at most {most} layers, got {len(regions)}")
    return (grounds[0] if grounds else None), regions


def _is_ground(layer: PackedLayer) -> bool:
    return not layer.is_region and layer.name.startswith(BACKGROUND)


def _background(layer: PackedLayer | None, pixels: Pixels, told: Scene | None) -> Background:
    """Words stand in the name, a colour or a picture in the pixels; what was not changed is as it was told."""
    before = told.canvas.background if told else None
    if layer is None:
        return before or PromptBackground()
    prompt = layer.name.partition(":")[2].strip() if layer.name.startswith(BACKGROUND) else ""
    if prompt or isinstance(before, PromptBackground):
        if isinstance(before, PromptBackground) and before.prompt.strip() == prompt:
            return before
        return PromptBackground(prompt=prompt[:MAX_PROMPT])
    image, page = pixels.of(layer), Image.new("RGB", pixels.extent, "white")
    page.paste(image, (0, 0), image)
    shown = np.asarray(page)
    if (shown == shown[0, 0]).all():
        return ColorBackground(color="#" + "".join(f"{value:02x}" for value in shown[0, 0]))
    if isinstance(before, ImageBackground):
        fitted = np.asarray(Image.fromarray(before.picture.array).resize(pixels.extent))
        if np.array_equal(fitted, shown):
            return before
    return ImageBackground(picture=Picture.from_array(shown))


def _brush(layer: PackedLayer, image: Image.Image, name: str) -> Brush:
    """A layer of another program: its name is the prompt, its colour the brush's."""
    prompt, color = layer.name[:MAX_PROMPT], color_of(image, otherwise="#5b8def")
    return Brush(id=name, prompt=prompt, color=color, strength=layer.opacity)
