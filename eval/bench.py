"""bench-v1: 500 frozen layouts and 30 edit scripts, the same for every method and for ever.

A layout says what shall stand where; its id is also the seed of its picture. `python -m eval.make_bench` made the file
once; its hash is checked whenever it is read, so that figures of different days speak about the same layouts.
"""

import hashlib
import io
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Literal

import msgspec
import numpy as np
from PIL import Image

from semdraw.geometry import Bounds, Extent
from semdraw.rasters import Mask
from semdraw.scene import Brush, Canvas, Layer, PromptBackground, Recipe, Scene, checked
from train.concepts import Concept, backgrounds, objects

FILE = Path(__file__).with_name("bench-v1.zip")
HASH = "7d4b62aa1907c2f57c35940bf1669b1a9ba9c2249a492297486cdaa39d276cd9"
EXTENT = Extent(256, 256)

Split = Literal["dev", "test"]
Tier = Literal["easy", "normal", "hard", "ground", "part_on_whole"]
MaskKind = Literal["silhouette", "blob", "stroke", "box", "none"]
EditKind = Literal["add", "move", "remove", "prompt", "extend", "erase"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PlacedRegion:
    """One region: an object by its index in the table of concepts, and where it was painted."""

    key: str  # stays with the region through edits
    object: int
    prompt: str
    mask: np.ndarray  # (H W) bool, all that was painted, also where others lie above

    @property
    def bounds(self) -> Bounds:
        return bounds_of(self.mask)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Layout:
    """What a picture shall show. `mask_kind` holds for all its regions; ground layouts have none."""

    id: int
    split: Split
    tier: Tier
    mask_kind: MaskKind
    background: int  # index in the table of concepts
    regions: tuple[PlacedRegion, ...]  # bottom first
    extent: Extent = EXTENT

    @property
    def seed(self) -> int:
        return self.id

    @property
    def background_prompt(self) -> str:
        return backgrounds()[self.background].name

    @property
    def visible(self) -> tuple[np.ndarray, ...]:
        """What shows of each region, (H W) bool: its mask without those above."""
        above = np.zeros(self.extent.shape, bool)
        shown: list[np.ndarray] = []
        for region in reversed(self.regions):
            shown.append(region.mask & ~above)
            above |= region.mask
        return tuple(reversed(shown))

    @property
    def bare(self) -> np.ndarray:
        """Where nothing was painted, (H W) bool."""
        bare = np.ones(self.extent.shape, bool)
        for region in self.regions:
            bare &= ~region.mask
        return bare


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Edit:
    """One change to one region. `mask` is its new mask where the edit changes it: whole, not the difference."""

    kind: EditKind
    key: str
    object: int | None = None  # add, prompt
    mask: np.ndarray | None = None  # add, move, extend, erase


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EditScript:
    """A layout and what is done to it, one edit after the other."""

    id: int
    layout: int
    edits: tuple[Edit, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Bench:
    layouts: tuple[Layout, ...]
    scripts: tuple[EditScript, ...]
    hash: str

    def layout(self, number: int) -> Layout:
        return self.layouts[number]

    def states(self, script: EditScript) -> tuple[Layout, ...]:
        """The layouts that a script goes through: one more than it has edits."""
        states = [self.layout(script.layout)]
        for edit in script.edits:
            states.append(edited(states[-1], edit))
        return tuple(states)


def edited(layout: Layout, edit: Edit) -> Layout:
    """The layout after the edit; what is added goes on top."""
    if edit.kind == "add":
        assert edit.object is not None
        assert edit.mask is not None
        prompt = objects()[edit.object].name
        added = PlacedRegion(key=edit.key, object=edit.object, prompt=prompt, mask=edit.mask)
        return replace(layout, regions=(*layout.regions, added))
    if edit.key not in {region.key for region in layout.regions}:
        raise KeyError(f"layout {layout.id} has no region {edit.key!r} to {edit.kind}")
    if edit.kind == "remove":
        return replace(layout, regions=tuple(region for region in layout.regions if region.key != edit.key))
    regions = (changed(region, edit) if region.key == edit.key else region for region in layout.regions)
    return replace(layout, regions=tuple(regions))


def changed(region: PlacedRegion, edit: Edit) -> PlacedRegion:
    if edit.mask is not None:
        return replace(region, mask=edit.mask)
    assert edit.object is not None
    return replace(region, object=edit.object, prompt=objects()[edit.object].name)


def bounds_of(mask: np.ndarray) -> Bounds:
    """The box around what is painted in (H W) bool; an empty one at the corner where nothing is."""
    if not mask.any():
        return Bounds(0, 0, 0, 0)
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    return Bounds(int(columns[0]), int(rows[0]), int(np.ptp(columns)) + 1, int(np.ptp(rows)) + 1)


def scene_of(layout: Layout, recipe: Recipe) -> Scene:
    """The layout as semdraw is asked to paint it."""
    layers = tuple(
        Layer(brush_id=region.key, mask=Mask.from_array(region.mask.astype(np.uint8) * 255))
        for region in layout.regions
    )
    brushes = tuple(Brush(id=region.key, prompt=region.prompt) for region in layout.regions)
    background = PromptBackground(prompt=layout.background_prompt)
    canvas = Canvas(extent=layout.extent, layers=layers, background=background)
    return checked(Scene(canvas=canvas, brushes=brushes, recipe=recipe, seed=layout.seed))


def words_alone(layout: Layout, recipe: Recipe) -> Scene:
    """Everything in one prompt and no mask at all: the lower end of every calibrated figure."""
    words = ", ".join([*(region.prompt for region in layout.regions), layout.background_prompt])
    canvas = Canvas(extent=layout.extent, background=PromptBackground(prompt=words))
    return checked(Scene(canvas=canvas, recipe=recipe, seed=layout.seed))


class RegionRecord(msgspec.Struct, frozen=True, kw_only=True):
    key: str
    object: str  # by name, so that a longer table of concepts changes nothing


class LayoutRecord(msgspec.Struct, frozen=True, kw_only=True):
    id: int
    split: Split
    tier: Tier
    mask_kind: MaskKind
    background: str
    regions: tuple[RegionRecord, ...] = ()  # their masks: one below the other in layouts/ID.png


class EditRecord(msgspec.Struct, frozen=True, kw_only=True):
    kind: EditKind
    key: str
    object: str | None = None
    has_mask: bool = False  # in the order of the edits, one below the other in scripts/ID.png


class ScriptRecord(msgspec.Struct, frozen=True, kw_only=True):
    id: int
    layout: int
    edits: tuple[EditRecord, ...]


class BenchRecord(msgspec.Struct, frozen=True, kw_only=True):
    layouts: tuple[LayoutRecord, ...]
    scripts: tuple[ScriptRecord, ...]


@cache
def load_bench(path: Path = FILE, expected_hash: str = HASH) -> Bench:
    """Read the frozen file; ValueError where it is not the one that figures are quoted for."""
    data = path.read_bytes()
    found = hashlib.sha256(data).hexdigest()
    if found != expected_hash:
        raise ValueError(
            f"{path.name} has hash {found[:12]}, bench-v1 is {expected_hash[:12]}; restore the file as committed "
            "(its figures compare with nobody's otherwise)"
        )
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        record = msgspec.json.decode(archive.read("bench.json"), type=BenchRecord)
        layouts = tuple(read_layout(archive, each) for each in record.layouts)
        scripts = tuple(read_script(archive, each) for each in record.scripts)
    return Bench(layouts=layouts, scripts=scripts, hash=found)


def read_layout(archive: zipfile.ZipFile, record: LayoutRecord) -> Layout:
    masks = read_masks(archive, f"layouts/{record.id}.png", len(record.regions))
    regions = tuple(
        PlacedRegion(key=each.key, object=index_of(each.object, objects()), prompt=each.object, mask=mask)
        for each, mask in zip(record.regions, masks, strict=True)
    )
    return Layout(
        id=record.id,
        split=record.split,
        tier=record.tier,
        mask_kind=record.mask_kind,
        background=index_of(record.background, backgrounds()),
        regions=regions,
    )


def read_script(archive: zipfile.ZipFile, record: ScriptRecord) -> EditScript:
    masks = iter(read_masks(archive, f"scripts/{record.id}.png", sum(e.has_mask for e in record.edits)))
    edits = tuple(
        Edit(
            kind=each.kind,
            key=each.key,
            object=None if each.object is None else index_of(each.object, objects()),
            mask=next(masks) if each.has_mask else None,
        )
        for each in record.edits
    )
    return EditScript(id=record.id, layout=record.layout, edits=edits)


def read_masks(archive: zipfile.ZipFile, name: str, count: int) -> list[np.ndarray]:
    """`count` masks (H W) bool, kept one below the other in one picture of one bit a pixel."""
    if not count:
        return []
    stack = np.array(Image.open(io.BytesIO(archive.read(name))), bool)
    return list(stack.reshape(count, *EXTENT.shape))


def index_of(name: str, concepts: Sequence[Concept]) -> int:
    for index, concept in enumerate(concepts):
        if concept.name == name:
            return index
    raise ValueError(f"bench-v1 asks for {name!r}, which the table of concepts no longer has; put it back")
