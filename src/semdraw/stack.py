"""The stack of layers inside an OpenRaster file, read strictly: entries are counted as they inflate, layers are
decoded one at a time and cut to the canvas.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from xml.etree import ElementTree

from PIL import Image

from semdraw.geometry import MAX_AREA_PX, MAX_SIDE_PX, Extent
from semdraw.layered import REGIONS
from semdraw.scene import MAX_MASKS_PX

STACK: Final = "stack.xml"
_MAX_STACK_BYTES: Final = 2**20
_MAX_ENTRY_BYTES: Final = 96 * 2**20
MAX_LAYERS_PX: Final = 2 * MAX_MASKS_PX  # of all layers that are decoded, as large as they stand in the file


@dataclass(frozen=True, slots=True, kw_only=True)
class PackedLayer:
    """One layer whose pixels are still in the archive; its left upper corner lies at (x, y) px, opacity is 0 to 1.

    is_region: it lies in the group of regions that semdraw writes, so its name is a prompt, whatever that says.
    """

    name: str
    source: str
    x: int
    y: int
    opacity: float
    is_visible: bool
    is_locked: bool
    is_region: bool


def packed_layers(
    stack: ElementTree.Element, at: tuple[int, int] = (0, 0), *, is_region: bool = False
) -> Iterator[PackedLayer]:
    """All layers of pixels, bottom first, those in groups too. A hidden group of ours does not hide its regions."""
    for element in reversed(list(stack)):
        corner = at[0] + int(element.get("x", 0)), at[1] + int(element.get("y", 0))
        if element.tag == "stack":
            yield from packed_layers(element, corner, is_region=is_region or element.get("name") == REGIONS)
        elif element.tag == "layer" and element.get("src", "").endswith(".png"):
            yield PackedLayer(
                name=element.get("name", "").strip(),
                source=element.attrib["src"],
                x=corner[0],
                y=corner[1],
                opacity=min(1.0, max(0.0, float(element.get("opacity", 1)))),
                is_visible=element.get("visibility", "visible") == "visible",
                is_locked=element.get("edit-locked") == "true",
                is_region=is_region,
            )


class Pixels:
    """The pixels of layers, decoded when they are asked for and not kept; how many in all is bounded."""

    def __init__(self, archive: zipfile.ZipFile, extent: Extent) -> None:
        self.extent = extent
        self._archive = archive
        self._left_px = MAX_LAYERS_PX

    def of(self, layer: PackedLayer) -> Image.Image:
        """RGBA, of the canvas' size; what lies outside is cut."""
        page = Image.new("RGBA", self.extent)
        data = entry_of(self._archive, layer.source)
        with Image.open(io.BytesIO(data), formats=["PNG"]) as image:
            if image.width * image.height > 4 * MAX_AREA_PX:
                raise ValueError(f"a layer of {image.width}x{image.height} px is out of bounds")
            self._left_px -= image.width * image.height
            if self._left_px < 0:
                raise ValueError(f"its layers have more than {MAX_LAYERS_PX} px in all; crop or merge some")
            left, top = max(0, -layer.x), max(0, -layer.y)
            right = min(image.width, self.extent.width - layer.x)
            bottom = min(image.height, self.extent.height - layer.y)
            if left < right and top < bottom:
                seen = image.crop((left, top, right, bottom)).convert("RGBA")
                page.paste(seen, (layer.x + left, layer.y + top))
        return page


def entry_of(archive: zipfile.ZipFile, name: str, most: int = _MAX_ENTRY_BYTES) -> bytes:
    """An entry whole, or a ValueError (a KeyError where there is none)."""
    info = archive.getinfo(name)
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise ValueError(f"{name} is packed in an unknown way")
    with archive.open(info) as file:
        data = file.read(most + 1)
    if len(data) > most:
        raise ValueError(f"{name} inflates to more than {most // 2**20} MiB")
    return data


def stack_of(archive: zipfile.ZipFile) -> tuple[Extent, ElementTree.Element]:
    """The canvas' size and the stack upon it, or a ValueError, a KeyError or a SyntaxError."""
    document = entry_of(archive, STACK, _MAX_STACK_BYTES).decode("utf-8-sig")
    if "<!DOCTYPE" in document or "<!ENTITY" in document:
        raise ValueError(f"{STACK} has a document type, which OpenRaster does not know")
    image = ElementTree.fromstring(document)
    extent, stack = Extent(int(image.attrib["w"]), int(image.attrib["h"])), image.find("stack")
    if not (min(extent) > 0 and max(extent) <= MAX_SIDE_PX and extent.area <= MAX_AREA_PX):
        raise ValueError(
            f"a canvas has sides of 1 to {MAX_SIDE_PX} px and at most {MAX_AREA_PX} px, got {extent}"
        )
    if stack is None:
        raise ValueError(f"{STACK} has no stack of layers")
    return extent, stack
