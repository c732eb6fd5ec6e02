"""Draw bench-v1, once: the same numbers give the same file to the byte. Needs the emoji font.

    python -m eval.make_bench eval/bench-v1.zip

Prints the hash that `eval/bench.py` keeps. A changed bench is a new bench: give it another name.
"""

import argparse
import hashlib
import io
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
from numpy.random import Generator
from PIL import Image

from eval.bench import (
    EXTENT,
    Bench,
    BenchRecord,
    Edit,
    EditRecord,
    EditScript,
    Layout,
    LayoutRecord,
    MaskKind,
    PlacedRegion,
    RegionRecord,
    ScriptRecord,
    Tier,
)
from eval.make_edits import draw_scripts
from eval.marks import CLOSE_PX, LOOSE_PX, blob, box_mark, silhouette, stroke
from semdraw.geometry import Bounds
from train.concepts import backgrounds, objects
from train.sprites import load_sprites

SEED = 70_000_000
COUNTS: dict[Tier, int] = {"easy": 150, "normal": 150, "hard": 115, "part_on_whole": 35, "ground": 50}
DRAWN: tuple[MaskKind, ...] = ("blob", "stroke", "box")
SIZES_PX: dict[Tier, tuple[float, float]] = {
    "easy": (76, 150),
    "normal": (60, 104),
    "hard": (40, 96),
    "part_on_whole": (150, 205),
}
REGIONS: dict[Tier, tuple[int, int]] = {"easy": (1, 2), "normal": (3, 4), "hard": (5, 8)}
MIN_SHOWN = {"easy": 1.0, "normal": 1.0, "hard": 0.5}  # share of a region that stays visible
ALONE_TRIES = 60
PART_PX = (48.0, 66.0)


def draw_layouts() -> tuple[Layout, ...]:
    """All 500; tiers follow one another, kinds of masks and the two splits are spread evenly over each."""
    layouts: list[Layout] = []
    for tier, count in COUNTS.items():
        for number in range(count):
            layouts.append(draw_layout(len(layouts), tier, number))
    return tuple(layouts)


def draw_layout(layout_id: int, tier: Tier, number: int) -> Layout:
    random = np.random.default_rng([SEED, layout_id])
    kind: MaskKind = "silhouette" if number % 2 == 0 else DRAWN[number // 2 % 3]
    if tier == "ground":
        kind = "none"
    empty = Layout(
        id=layout_id,
        split="dev" if number * 2 % 5 < 2 else "test",
        tier=tier,
        mask_kind=kind,
        background=int(random.integers(len(backgrounds()))),
        regions=(),
    )
    return replace(empty, regions=draw_regions(random, empty))


def draw_regions(random: Generator, layout: Layout) -> tuple[PlacedRegion, ...]:
    if layout.tier == "ground":
        return ()
    if layout.tier == "part_on_whole":
        return part_on_whole(random, layout)
    low, high = REGIONS[layout.tier]
    count = int(random.integers(low, high + 1))
    while True:
        regions = try_regions(random, layout, choose_objects(random, layout.tier, count))
        if regions is not None:
            return regions


def choose_objects(random: Generator, tier: Tier, count: int) -> list[int]:
    """Different objects; every second hard layout asks for one of them twice."""
    chosen = [int(index) for index in random.choice(len(objects()), count, replace=False)]
    if tier == "hard" and random.random() < 0.5:
        chosen[1] = chosen[0]
        random.shuffle(chosen)
    return chosen


def try_regions(random: Generator, layout: Layout, chosen: Sequence[int]) -> tuple[PlacedRegion, ...] | None:
    """Place one after the other, each where those below still show enough; None where there is no room."""
    regions: tuple[PlacedRegion, ...] = ()
    for number, index in enumerate(chosen):
        for _ in range(ALONE_TRIES):
            box = draw_box(random, index, layout.tier)
            mask = mark(random, layout, index, box)
            region = PlacedRegion(key=f"r{number + 1}", object=index, prompt=objects()[index].name, mask=mask)
            grown = (*regions, region)
            if shows_enough(grown, MIN_SHOWN[layout.tier]):
                regions = grown
                break
        else:
            return None
    return regions


def draw_box(random: Generator, index: int, tier: Tier) -> Bounds:
    """A box in the glyph's proportions inside the canvas; a hard one may have 2 % of its area."""
    low, high = SIZES_PX[tier]
    side = random.uniform(low, high)
    return placed(random, glyph_size(index, side))


def glyph_size(index: int, long_side_px: float) -> tuple[int, int]:
    sprite = load_sprites()[index]
    factor = long_side_px / max(sprite.size)
    return max(24, round(sprite.width * factor)), max(24, round(sprite.height * factor))


def placed(random: Generator, size: tuple[int, int]) -> Bounds:
    width, height = size
    x = int(random.integers(4, EXTENT.width - width - 3))
    y = int(random.integers(4, EXTENT.height - height - 3))
    return Bounds(x, y, width, height)


def mark(random: Generator, layout: Layout, index: int, box: Bounds) -> np.ndarray:
    """The outline itself, or what somebody would paint for it; thin strokes in hard layouts only."""
    shape = layout.extent.shape
    if layout.mask_kind == "silhouette":
        return silhouette(index, box, shape)
    if layout.mask_kind == "blob":
        return blob(random, box, shape)
    if layout.mask_kind == "box":
        return box_mark(box, shape)
    is_thin = layout.tier == "hard" and random.random() < 0.4
    return stroke(random, box, shape, random.uniform(*(LOOSE_PX if is_thin else CLOSE_PX)))


def shows_enough(regions: tuple[PlacedRegion, ...], share: float) -> bool:
    """Whether each region keeps this share of itself."""
    above = np.zeros(EXTENT.shape, bool)
    for region in reversed(regions):
        if (region.mask & ~above).sum() < share * region.mask.sum():
            return False
        above |= region.mask
    return True


def part_on_whole(random: Generator, layout: Layout) -> tuple[PlacedRegion, ...]:
    """A large region and a small one upon it: both are to be recognised."""
    while True:
        whole, part = (int(index) for index in random.choice(len(objects()), 2, replace=False))
        large = mark(random, layout, whole, draw_box(random, whole, layout.tier))
        box = placed(random, glyph_size(part, random.uniform(*PART_PX)))
        small = mark(random, layout, part, box)
        if (small & large).sum() > 0.85 * small.sum() and small.sum() < 0.25 * large.sum():
            return tuple(
                PlacedRegion(key=key, object=index, prompt=objects()[index].name, mask=mask)
                for key, index, mask in (("whole", whole, large), ("part", part, small))
            )


def record_of(layouts: Iterable[Layout], scripts: Iterable[EditScript]) -> BenchRecord:
    return BenchRecord(
        layouts=tuple(
            LayoutRecord(
                id=each.id,
                split=each.split,
                tier=each.tier,
                mask_kind=each.mask_kind,
                background=each.background_prompt,
                regions=tuple(RegionRecord(key=r.key, object=r.prompt) for r in each.regions),
            )
            for each in layouts
        ),
        scripts=tuple(
            ScriptRecord(id=each.id, layout=each.layout, edits=tuple(map(edit_record, each.edits)))
            for each in scripts
        ),
    )


def edit_record(edit: Edit) -> EditRecord:
    name = None if edit.object is None else objects()[edit.object].name
    return EditRecord(kind=edit.kind, key=edit.key, object=name, has_mask=edit.mask is not None)


def files_of(bench: Bench) -> Iterator[tuple[str, bytes]]:
    yield "bench.json", msgspec.json.encode(record_of(bench.layouts, bench.scripts))
    for layout in bench.layouts:
        if layout.regions:
            yield f"layouts/{layout.id}.png", png_of([region.mask for region in layout.regions])
    for script in bench.scripts:
        masks = [edit.mask for edit in script.edits if edit.mask is not None]
        if masks:
            yield f"scripts/{script.id}.png", png_of(masks)


def png_of(masks: Sequence[np.ndarray]) -> bytes:
    """Masks (H W) bool, one below the other, one bit a pixel."""
    file = io.BytesIO()
    Image.fromarray(np.concatenate(masks)).save(file, "PNG", optimize=True)
    return file.getvalue()


def archive_of(files: Iterable[tuple[str, bytes]]) -> bytes:
    """A zip without dates, so that the same content has the same bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in files:
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED if name.endswith("json") else zipfile.ZIP_STORED
            archive.writestr(entry, data)
    return out.getvalue()


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("file", type=Path, help="where to write the bench")
    path = options.parse_args().file
    layouts = draw_layouts()
    data = archive_of(files_of(Bench(layouts=layouts, scripts=draw_scripts(layouts), hash="")))
    path.write_bytes(data)
    print(f"{len(data)} bytes, hash {hashlib.sha256(data).hexdigest()}")


if __name__ == "__main__":
    main()
