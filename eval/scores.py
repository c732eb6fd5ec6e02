"""How well one picture shows its layout: numbers for every region, for the ground, and for the whole.

What each number means, and between which ends it lies, stands in eval/README.md. The first oracle scores; the second
is there to be compared with, for a picture that only one of them likes has pleased a network and nobody else.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import torch.nn.functional as F

from eval.bench import Layout, PlacedRegion
from eval.naming import named_pixels
from eval.oracle_nets import NUM_CLASSES, OTHER
from eval.oracles import Oracles, Which
from eval.seams import find_seam
from eval.shapes import grow, reached, share, shrink
from eval.views import square_of, to_pixels
from semdraw.geometry import Bounds
from train.concepts import objects

LEAST_LOG = float(np.log(1e-6))  # of a probability: below it nothing is told apart
LEAST_SHARE = 0.01  # of the canvas: smaller regions are reported apart
OVERLAP_PX = 64  # the smallest overlap that counts
FEATURE_PX = 192  # the side at which a whole picture is described
PATCH_PX = 64  # sides of patches of bare ground
GROUNDS_FROM = len(objects())


def measure(
    layout: Layout, picture: np.ndarray, oracles: Oracles, *, windows: Sequence[Bounds] = ()
) -> dict[str, Any]:
    """All numbers of one picture (H W 3) uint8, ready for JSON; None stands for what it cannot tell.

    windows: in which parts of the canvas it was painted, if it was painted in parts: their edges may be seams.
    """
    first, second = (whats_taken(oracles, which, picture, layout) for which in ("first", "second"))
    named = named_pixels(oracles, picture, layout.visible, first)
    is_object = grow(named.maybe_object, 4)
    seam, at_windows = (find_seam(layout, picture, is_object, lines) for lines in (None, windows))
    return {
        "layout": layout.id,
        "split": layout.split,
        "tier": layout.tier,
        "mask_kind": layout.mask_kind,
        "regions": measure_regions(layout, named.seen, first, second),
        "occ": measure_overlaps(layout, named.seen),
        **measure_ground(layout, named.seen, named.ground),
        "seam": seam,
        "seam_windows": at_windows,
    }


WORST: Final[dict[str, float]] = {
    "rca": 0.0,
    "rca_second": 0.0,
    "top5": 0.0,
    "logprob": LEAST_LOG,
    "other": 1.0,
    "miou": 0.0,
    "cov": 0.0,
    "cont": 0.0,
    "leak_ext": 1.0,
    "leak_int": 1.0,
    "bgf": 0.0,
    "intr": 1.0,
}


def as_failed(scores: dict[str, Any]) -> dict[str, Any]:
    """What a picture is worth that is not there: the worst on every axis that has a worst; SEAM has none."""
    worst = {name: value if scores.get(name) is not None else None for name, value in WORST.items()}
    told: dict[str, Any] = {name: worst.get(name, value) for name, value in scores.items()}
    told |= {name: None for name in ("seam", "seam_windows") if name in scores}
    if "occ" in scores:
        told["occ"] = [0.0] * len(scores["occ"])
    if "regions" in scores:
        told["regions"] = [
            {name: WORST.get(name, value) for name, value in each.items()} for each in scores["regions"]
        ]
    return told


def whats_taken(oracles: Oracles, which: Which, picture: np.ndarray, layout: Layout) -> np.ndarray:
    """What an oracle takes each region for, (p classes)."""
    if not layout.regions:
        return np.zeros((0, NUM_CLASSES), np.float32)
    return oracles.classify(which, picture, layout.visible)


def measure_regions(
    layout: Layout, seen: np.ndarray, first: np.ndarray, second: np.ndarray
) -> list[dict[str, Any]]:
    """One record a region, bottom first; first and second (p classes): what the oracles take them for."""
    found: list[dict[str, Any]] = []
    for number, region in enumerate(layout.regions):
        numbers = recognise(region.object, first[number])
        numbers["rca_second"] = float(second[number].argmax() == region.object)
        numbers |= locate(layout, region, layout.visible[number], seen)
        found.append(numbers)
    return found


def recognise(wanted: int, posterior: np.ndarray) -> dict[str, Any]:
    """What the oracle takes the region for, given its view; posterior (classes)."""
    order = posterior.argsort()[::-1]
    return {
        "rca": float(order[0] == wanted),
        "top5": float(wanted in order[:5]),
        "logprob": max(LEAST_LOG, float(np.log(max(posterior[wanted], 1e-6)))),
        "other": float(order[0] == OTHER),
        "taken_for": int(order[0]),
    }


def locate(layout: Layout, region: PlacedRegion, visible: np.ndarray, seen: np.ndarray) -> dict[str, Any]:
    """Where its class stands, and where it should not. All are shares of areas."""
    stands, wide = seen == region.object, grow(visible)
    allowed = np.zeros_like(visible)
    for each in layout.regions:
        if each.object == region.object:
            allowed |= grow(each.mask)
    stray = stands & ~allowed
    strangers = [each.object for each in layout.regions if each.object != region.object]
    own = reached(stands & visible, stands & wide)
    return {
        "key": region.key,
        "small": bool(visible.mean() < LEAST_SHARE),
        "miou": float((own & visible).sum() / max(1, (own | visible).sum())),
        "cov": share(stands, visible),
        "cont": share(allowed, stands),
        "leak_ext": min(1.0, float(stray.sum() / max(1, visible.sum()))),
        "leak_int": share(np.isin(seen, strangers), visible),
    }


def measure_overlaps(layout: Layout, seen: np.ndarray) -> list[float]:
    """For each pair of different objects that overlap: of what shows of the two there, how much is the upper one."""
    shares: list[float] = []
    visible = layout.visible
    for low, bottom in enumerate(layout.regions):
        for high in range(low + 1, len(layout.regions)):
            top = layout.regions[high]
            common = visible[high] & bottom.mask
            if top.object != bottom.object and common.sum() >= OVERLAP_PX:
                either = np.isin(seen, (top.object, bottom.object))
                shares.append(share(seen == top.object, common & either))
    return shares


def measure_ground(layout: Layout, seen: np.ndarray, ground: np.ndarray) -> dict[str, Any]:
    """bgf: the ground is the one asked for, among grounds; intr: an object stands there."""
    bare = shrink(layout.bare)
    if not bare.any():
        return {"bgf": None, "intr": None}
    return {
        "bgf": share(ground == GROUNDS_FROM + layout.background, bare),
        "intr": share(seen < GROUNDS_FROM, bare),
    }


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Features:
    """What distributions are made of, all of the second oracle but the posteriors."""

    picture: np.ndarray  # (d,) float32, of the whole
    regions: np.ndarray  # (p d), of each region with its surroundings
    posteriors: np.ndarray  # (p classes), of the first oracle
    ground: np.ndarray  # (k d), of bare patches of 64 px


def describe(layout: Layout, picture: np.ndarray, oracles: Oracles) -> Features:
    """Features of one picture (H W 3) uint8."""
    whole = F.interpolate(to_pixels(picture[None]), (FEATURE_PX, FEATURE_PX), mode="bilinear", antialias=True)
    views = [square_of(picture, visible, PATCH_PX) for visible in layout.visible]
    patches = [picture[corner.slices] for corner in bare_patches(layout)]
    width = oracles.second.feature_width
    return Features(
        picture=oracles.features(whole)[0],
        regions=oracles.features(to_pixels(np.stack(views))) if views else np.zeros((0, width), np.float32),
        posteriors=whats_taken(oracles, "first", picture, layout),
        ground=oracles.features(to_pixels(np.stack(patches)))
        if patches
        else np.zeros((0, width), np.float32),
    )


def bare_patches(layout: Layout) -> list[Bounds]:
    """Squares on a grid in which nothing was painted."""
    bare = layout.bare
    corners = (
        Bounds(x, y, PATCH_PX, PATCH_PX)
        for y in range(0, layout.extent.height - PATCH_PX + 1, PATCH_PX // 2)
        for x in range(0, layout.extent.width - PATCH_PX + 1, PATCH_PX // 2)
    )
    return [each for each in corners if bare[each.slices].all()]
