"""Draw the 30 edit scripts of bench-v1: what a painter does to a layout, five edits each."""

from collections.abc import Sequence

import numpy as np
from numpy.random import Generator

from eval.bench import EXTENT, Edit, EditKind, EditScript, Layout, bounds_of, edited
from eval.marks import blob
from semdraw.geometry import Bounds
from train.concepts import objects

SEED = 71_000_000
SCRIPTS = 30
PLANS: tuple[tuple[EditKind, ...], ...] = (
    ("move", "add", "prompt", "remove", "extend"),
    ("prompt", "extend", "move", "add", "erase"),
    ("add", "erase", "prompt", "move", "remove"),
)
TRIES = 200
MIN_SHOWN = 0.7


def draw_scripts(layouts: Sequence[Layout]) -> tuple[EditScript, ...]:
    """On layouts of two to four regions of all kinds of masks, dev and test alike."""
    fit = [each for each in layouts if each.tier in ("easy", "normal") and 2 <= len(each.regions) <= 4]
    chosen = [fit[i * len(fit) // SCRIPTS] for i in range(SCRIPTS)]
    return tuple(draw_script(number, layout) for number, layout in enumerate(chosen))


def draw_script(number: int, layout: Layout) -> EditScript:
    random = np.random.default_rng([SEED, number])
    edits: list[Edit] = []
    start = layout
    for kind in PLANS[number % len(PLANS)]:
        edit = draw_edit(random, layout, kind, key=f"e{len(edits) + 1}")
        edits.append(edit)
        layout = edited(layout, edit)
    return EditScript(id=number, layout=start.id, edits=tuple(edits))


def draw_edit(random: Generator, layout: Layout, kind: EditKind, *, key: str) -> Edit:
    """One edit after which every region still shows; RuntimeError where none was found."""
    for _ in range(TRIES):
        edit = propose(random, layout, kind, key)
        if edit is not None and is_seen(edited(layout, edit)):
            return edit
    raise RuntimeError(f"no room to {kind} in layout {layout.id}; draw its regions smaller")


def propose(random: Generator, layout: Layout, kind: EditKind, key: str) -> Edit | None:
    region = layout.regions[int(random.integers(len(layout.regions)))]
    match kind:
        case "remove":
            return Edit(kind=kind, key=region.key)
        case "prompt":
            return Edit(kind=kind, key=region.key, object=unused(random, layout))
        case "add":
            side = int(random.integers(56, 84))
            return Edit(kind=kind, key=key, object=unused(random, layout), mask=spot(random, side, side))
        case "move":
            mask = shifted(region.mask, *(int(v) for v in random.integers(-90, 91, 2)))
            is_whole = mask.sum() == region.mask.sum() and overlap(mask, region.mask) < 0.6
            return Edit(kind=kind, key=region.key, mask=mask) if is_whole else None
        case "extend":
            mask = region.mask | near(random, region.mask)
            is_more = 1.15 < mask.sum() / region.mask.sum() < 1.6
            return Edit(kind=kind, key=region.key, mask=mask) if is_more else None
        case "erase":
            mask = region.mask & ~near(random, region.mask)
            is_less = 0.55 < mask.sum() / region.mask.sum() < 0.8
            return Edit(kind=kind, key=region.key, mask=mask) if is_less else None


def unused(random: Generator, layout: Layout) -> int:
    free = sorted(set(range(len(objects()))) - {region.object for region in layout.regions})
    return int(random.choice(free))


def spot(random: Generator, width: int, height: int) -> np.ndarray:
    x = int(random.integers(4, EXTENT.width - width - 3))
    y = int(random.integers(4, EXTENT.height - height - 3))
    return blob(random, Bounds(x, y, width, height), EXTENT.shape)


def near(random: Generator, mask: np.ndarray) -> np.ndarray:
    """A round touch on the edge of the mask, about half as wide as it is."""
    box = bounds_of(mask)
    side = int(max(24, random.uniform(0.45, 0.8) * min(box.width, box.height)))
    rows, columns = np.nonzero(mask)
    at = int(random.integers(len(rows)))
    x = int(np.clip(columns[at] - side // 2, 0, EXTENT.width - side))
    y = int(np.clip(rows[at] - side // 2, 0, EXTENT.height - side))
    return blob(random, Bounds(x, y, side, side), EXTENT.shape)


def shifted(mask: np.ndarray, dx: int, dy: int) -> np.ndarray:
    """The mask moved; what leaves the canvas is lost."""
    rows, columns = np.nonzero(mask)
    rows, columns = rows + dy, columns + dx
    inside = (rows >= 0) & (rows < mask.shape[0]) & (columns >= 0) & (columns < mask.shape[1])
    moved = np.zeros_like(mask)
    moved[rows[inside], columns[inside]] = True
    return moved


def overlap(first: np.ndarray, second: np.ndarray) -> float:
    return float((first & second).sum() / second.sum())


def is_seen(layout: Layout) -> bool:
    pairs = zip(layout.regions, layout.visible, strict=True)
    return all(shown.sum() >= MIN_SHOWN * region.mask.sum() for region, shown in pairs)
