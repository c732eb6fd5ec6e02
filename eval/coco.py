"""Layouts from the annotations of COCO, as the paper takes them: for those who have the files.

Of a folder with instances*.json and captions*.json, and optionally the pictures: 2 to 4 objects of at least 5 % of the
picture, none of them a person; what a region is told is the name of its category, what the background is told is the
first caption. Masks are resized to a square canvas by the nearest pixel.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import msgspec
import numpy as np
from PIL import Image, ImageDraw

from semdraw.errors import UsageError
from semdraw.geometry import Extent
from semdraw.rasters import Mask
from semdraw.scene import Brush, Canvas, Layer, PromptBackground, Recipe, Scene, checked

LEAST_SHARE = 0.05
COUNTS = (2, 4)
PERSON = "person"
_PICTURES = ("", "val2017", "val2014", "images")


class Rle(msgspec.Struct):
    """Runs of 0 and 1 in turn, down the columns; as numbers, or packed into a string."""

    counts: list[int] | str
    size: Annotated[list[int], msgspec.Meta(min_length=2, max_length=2)]


class Annotation(msgspec.Struct):
    image_id: int
    category_id: int
    segmentation: list[list[float]] | Rle
    iscrowd: int = 0


class ImageRecord(msgspec.Struct):
    id: int
    file_name: str
    height: int
    width: int


class Category(msgspec.Struct):
    id: int
    name: str


class Instances(msgspec.Struct):
    images: list[ImageRecord]
    annotations: list[Annotation]
    categories: list[Category]


class Caption(msgspec.Struct):
    image_id: int
    caption: str


class Captions(msgspec.Struct):
    annotations: list[Caption]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CocoRegion:
    key: str
    prompt: str
    mask: np.ndarray  # (H W) bool, at the size of the canvas


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CocoLayout:
    """One picture's annotations; regions by size, the largest at the bottom. picture: its file, if that is there."""

    id: int
    background_prompt: str
    regions: tuple[CocoRegion, ...]
    extent: Extent
    picture: Path | None


def scene_of(layout: CocoLayout, recipe: Recipe) -> Scene:
    layers = tuple(
        Layer(brush_id=region.key, mask=Mask.from_array(region.mask.astype(np.uint8) * 255))
        for region in layout.regions
    )
    brushes = tuple(Brush(id=region.key, prompt=region.prompt) for region in layout.regions)
    background = PromptBackground(prompt=layout.background_prompt)
    canvas = Canvas(extent=layout.extent, layers=layers, background=background)
    return checked(Scene(canvas=canvas, brushes=brushes, recipe=recipe, seed=layout.id % 2**32))


def words_alone(layout: CocoLayout, recipe: Recipe) -> Scene:
    """The caption alone: the lower end."""
    background = PromptBackground(prompt=layout.background_prompt)
    canvas = Canvas(extent=layout.extent, background=background)
    return checked(Scene(canvas=canvas, recipe=recipe, seed=layout.id % 2**32))


def load_layouts(folder: Path, side_px: int) -> Iterator[CocoLayout]:
    """All pictures that qualify, by their number."""
    instances: Instances = _read(folder, "instances*.json", Instances)
    captions: Captions = _read(folder, "captions*.json", Captions)
    said = {each.image_id: each.caption for each in reversed(captions.annotations)}
    names = {each.id: each.name for each in instances.categories}
    of_image: defaultdict[int, list[Annotation]] = defaultdict(list)
    for annotation in instances.annotations:
        of_image[annotation.image_id].append(annotation)
    for image in sorted(instances.images, key=lambda each: each.id):
        if image.id in said and (found := _qualifying(image, of_image[image.id], names)):
            yield _layout(image, found, said[image.id], folder, side_px)


def _read(folder: Path, pattern: str, kind: Any) -> Any:
    found = sorted([*folder.glob(pattern), *(folder / "annotations").glob(pattern)])
    if len(found) != 1:
        raise UsageError(
            f"{folder}: wanted one {pattern} in it or in its folder annotations, found {len(found)}; "
            "put the annotations of one split of COCO there"
        )
    try:
        return msgspec.json.decode(found[0].read_bytes(), type=kind)
    except msgspec.MsgspecError as error:
        raise UsageError(f"{found[0]} is not as COCO's annotations are: {error}") from None


def _qualifying(
    image: ImageRecord, annotations: list[Annotation], names: dict[int, str]
) -> list[tuple[str, np.ndarray]]:
    """(category, mask (H W) bool) of the objects, largest first; none where the picture is not one to take."""
    if any(names.get(each.category_id) == PERSON for each in annotations):
        return []
    masks = [
        (names[each.category_id], decoded(each.segmentation, image.height, image.width))
        for each in annotations
        if not each.iscrowd and each.category_id in names
    ]
    large = [(name, mask) for name, mask in masks if mask.mean() >= LEAST_SHARE]
    large.sort(key=lambda each: -int(each[1].sum()))
    return large if COUNTS[0] <= len(large) <= COUNTS[1] else []


def _layout(
    image: ImageRecord, found: list[tuple[str, np.ndarray]], caption: str, folder: Path, side_px: int
) -> CocoLayout:
    regions = tuple(
        CocoRegion(key=f"region-{number}", prompt=name, mask=resized(mask, side_px))
        for number, (name, mask) in enumerate(found, start=1)
    )
    pictures = (folder / each / image.file_name for each in _PICTURES)
    return CocoLayout(
        id=image.id,
        background_prompt=caption.strip(),
        regions=regions,
        extent=Extent(side_px, side_px),
        picture=next((path for path in pictures if path.is_file()), None),
    )


def resized(mask: np.ndarray, side_px: int) -> np.ndarray:
    """(H W) bool -> (side side), by the nearest pixel."""
    picture = Image.fromarray(mask.astype(np.uint8) * 255)
    return np.asarray(picture.resize((side_px, side_px), Image.Resampling.NEAREST)) > 127


def decoded(segmentation: list[list[float]] | Rle, height: int, width: int) -> np.ndarray:
    """Polygons, or runs in either form -> (H W) bool."""
    if isinstance(segmentation, Rle):
        return _from_runs(segmentation)
    page = Image.new("1", (width, height))
    pen = ImageDraw.Draw(page)
    for polygon in segmentation:
        if len(polygon) >= 6:
            pen.polygon(list(zip(polygon[::2], polygon[1::2], strict=True)), fill=1)
    return np.array(page, bool)


def _from_runs(rle: Rle) -> np.ndarray:
    height, width = rle.size
    runs = unpacked(rle.counts) if isinstance(rle.counts, str) else rle.counts
    if sum(runs) != height * width or min(runs, default=0) < 0:
        raise UsageError(
            f"runs of {sum(runs)} pixels for a mask of {width}x{height}; the annotations are damaged"
        )
    values = np.repeat(np.arange(len(runs)) % 2 == 1, runs)
    return values.reshape(width, height).T


def unpacked(packed: str) -> list[int]:
    """COCO's packed runs: five bits a character from 48 up, the sixth says that more follow; from the fourth run on
    each is told by its difference from the one two before."""
    runs: list[int] = []
    place = 0
    while place < len(packed):
        value = shift = 0
        more = True
        while more:
            bits = ord(packed[place]) - 48
            value |= (bits & 0x1F) << shift
            more, shift, place = bool(bits & 0x20), shift + 5, place + 1
            if not more and bits & 0x10:
                value -= 1 << shift
        runs.append(value + runs[-2] if len(runs) > 2 else value)
    return runs
