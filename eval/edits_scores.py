"""Does the picture follow an edit, soon, there alone, and is it the same after an undo?

Pictures are (H W 3) uint8; differences are mean absolute ones in grey levels, 0 to 255.
"""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from eval.bench import Edit, Layout, PlacedRegion
from eval.naming import named_pixels
from eval.oracle_nets import NUM_CLASSES
from eval.oracles import Oracles
from eval.scores import GROUNDS_FROM
from eval.shapes import grow, share

MARGIN_PX = 24  # around an edit, where a change is nobody's fault
NEAR = 2.0  # grey levels: as good as arrived, and the least change that counts as one
FREED_SHARE = 0.5  # of a freed place must be ground again


def difference(first: np.ndarray, second: np.ndarray, where: np.ndarray | None = None) -> float:
    """Mean absolute difference over the canvas, or over `where` (H W) bool; 0 where that is empty."""
    change = np.abs(first.astype(np.float32) - second.astype(np.float32)).mean(-1)
    if where is None:
        return float(change.mean())
    return float(change[where].mean()) if where.any() else 0.0


def flicker(frames: Sequence[np.ndarray]) -> float:
    """FLK: how much frames change while nobody edits; 0 wanted."""
    changes = [difference(before, after) for before, after in pairwise(frames)]
    return float(np.mean(changes)) if changes else 0.0


def edited_area(before: Layout, after: Layout) -> np.ndarray:
    """(H W) bool: all of what shows of an edited region, before and after; of others, what was covered or freed."""
    old, new = shown_by_key(before), shown_by_key(after)
    area, nothing = before.bare ^ after.bare, (None, np.zeros(before.extent.shape, bool))
    for key in old.keys() | new.keys():
        (region, shown), (region_now, shown_now) = old.get(key, nothing), new.get(key, nothing)
        is_same = region is not None and region_now is not None and is_untouched(region, region_now)
        area |= (shown ^ shown_now) if is_same else (shown | shown_now)
    return area


def is_untouched(before: PlacedRegion, after: PlacedRegion) -> bool:
    return before.prompt == after.prompt and bool((before.mask == after.mask).all())


def shown_by_key(layout: Layout) -> dict[str, tuple[PlacedRegion | None, np.ndarray]]:
    pairs = zip(layout.regions, layout.visible, strict=True)
    return {region.key: (region, shown) for region, shown in pairs}


def collateral(before: np.ndarray, after: np.ndarray, area: np.ndarray) -> float:
    """COLL: the change further than 24 px from the edited area (H W) bool; 0 wanted."""
    return difference(before, after, ~grow(area, MARGIN_PX))


def edit_shows(
    edit: Edit, layouts: tuple[Layout, Layout], pictures: tuple[np.ndarray, np.ndarray], oracles: Oracles
) -> bool:
    """EDIT-OK of one edit, before and after: the place has changed, and shows what it now shall.

    A region must be recognised; a place that was freed must be ground again.
    """
    before, after = layouts
    area = edited_area(before, after)
    if difference(*pictures, area) < NEAR:
        return False
    if edit.kind in ("remove", "erase"):
        return is_freed(edit, layouts, pictures[1], oracles)
    number = [region.key for region in after.regions].index(edit.key)
    posterior = oracles.classify("first", pictures[1], [after.visible[number]])[0]
    return int(posterior.argmax()) == after.regions[number].object


def is_freed(edit: Edit, layouts: tuple[Layout, Layout], picture: np.ndarray, oracles: Oracles) -> bool:
    """Whether the wanted ground shows where the region was painted, or at least not its object any more."""
    before, after = layouts
    number = [region.key for region in before.regions].index(edit.key)
    _, left = shown_by_key(after).get(edit.key, (None, np.zeros(after.extent.shape, bool)))
    freed = before.visible[number] & ~left
    named = named_pixels(oracles, picture, [], np.zeros((0, NUM_CLASSES)))
    bare = freed & after.bare
    if not bare.any():
        return share(named.seen == before.regions[number].object, freed) < 1 - FREED_SHARE
    is_ground = (named.ground == GROUNDS_FROM + after.background) & (named.seen >= GROUNDS_FROM)
    return share(is_ground, bare) >= FREED_SHARE


def settled_at(frames: Sequence[np.ndarray], times_ms: Sequence[float]) -> tuple[int, float]:
    """SETTLE: number and time of the first frame that is as good as the last one."""
    for number, (frame, time_ms) in enumerate(zip(frames, times_ms, strict=True)):
        if difference(frame, frames[-1]) <= NEAR:
            return number, time_ms
    raise ValueError("settled_at needs at least one frame")


def undone(before: np.ndarray, after_undo: np.ndarray) -> float:
    """UNDO: what is left of an edit that was taken back; 0 wanted."""
    return difference(before, after_undo)
