"""The columns of a report: what each figure is called, what it says, and which side of it is better."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from eval.records import Record
from eval.results import Better, Column
from eval.summary import METRICS, Values


def _column(key: str, label: str, about: str, better: Better = "up", **more: Any) -> Column:
    return Column(key=key, label=label, about=about, better=better, **more)


_EXTRA: Final[dict[str, Any]] = {"is_main": False}
_SHARE: Final[dict[str, Any]] = {"digits": 3}

JUDGED: Final[tuple[Column, ...]] = (
    _column("rca", "RCA", "region class accuracy: the share of regions that the first oracle names as asked"),
    _column(
        "rca_second", "RCA O2", "the same by the second oracle; far apart, a picture has pleased one network"
    ),
    _column(
        "rca_silhouette",
        "RCA outlines",
        "RCA where masks are outlines of glyphs, which tell the class",
        **_EXTRA,
    ),
    _column(
        "rca_drawn",
        "RCA drawn",
        "RCA where masks are blobs, strokes and boxes, as people draw them",
        **_EXTRA,
    ),
    _column(
        "rca_small", "RCA small", "RCA of regions below 1 % of the canvas, which RCA leaves out", **_EXTRA
    ),
    _column(
        "both", "PART", "a small region on a larger one: the share of layouts with both recognised", **_EXTRA
    ),
    _column("top5", "top 5", "the asked class is among the first five of the oracle", **_EXTRA),
    _column("logprob", "log p", "mean log-probability of the asked class", **_EXTRA),
    _column("other", "OTHER", "the share of regions that show nothing known", "down", **_EXTRA),
    _column(
        "miou", "mIoU", "object and mask: what they share over what they fill together; outlines of glyphs"
    ),
    _column("cov", "COV", "the share of a blob, stroke or box that its object covers"),
    _column("cont", "CONT", "the share of an object that stays in its blob, stroke or box"),
    _column(
        "leak_ext",
        "LEAK ext",
        "how much of a class stands outside its masks, over the mask",
        "down",
        **_SHARE,
    ),
    _column(
        "leak_int", "LEAK int", "the share of a region that shows the class of another", "down", **_SHARE
    ),
    _column("occ", "OCC", "where regions overlap: the share of what shows that is the upper one's", **_EXTRA),
    _column("bgf", "BGF", "background fidelity: the share of bare ground that is of the asked kind"),
    _column("intr", "INTR", "the share of bare ground on which an object stands", "down", **_SHARE),
    _column("seam", "SEAM", "how rough the ground is along drawn masks, over elsewhere; 1 is unseen", "one"),
    _column(
        "seam_windows",
        "SEAM windows",
        "the same along the edges of windows, where there are any",
        "one",
        **_EXTRA,
    ),
)
SETS: Final[tuple[Column, ...]] = (
    _column("kid", "KID", "distance to rendered pictures by features of the second oracle", "down", **_SHARE),
    _column("fid", "FID∞", "Fréchet distance by the same features, extrapolated to many pictures", "down"),
    _column("coverage", "coverage", "the share of renders that have a picture near them", **_EXTRA),
    _column("bg_kid", "BG-KID", "KID of patches of bare ground", "down", **_EXTRA, **_SHARE),
    _column("is", "IS", "inception score of regions by the classes of the first oracle", **_EXTRA),
    _column("div", "DIV", "spread of eight pictures of one layout, over the spread of renders", "one"),
    _column("score", "Score", "geometric mean of calibrated RCA, mIoU, LEAK ext, BGF, and of DIV and KID"),
)
COSTS: Final[tuple[Column, ...]] = (
    _column("rows", "rows", "rows of the network for one picture", "", digits=0),
    _column("gflop", "GFLOP", "arithmetic of network and decoder for one picture", "", digits=0),
)
EDITED: Final[tuple[Column, ...]] = (
    _column("flk", "FLK", "change of pixels (0 to 255) while nobody edits", "down", digits=3),
    _column(
        "varied",
        "FLK varied",
        "the same in a stream with new noise for every frame, as published",
        "",
        digits=1,
    ),
    _column("undo", "UNDO", "change of pixels after an edit was taken back", "down", digits=3),
    _column("coll", "COLL", "change of pixels further than 24 px from an edit", "down"),
    _column("edit_ok", "EDIT-OK", "the share of edits that show as asked within a second"),
    _column("edit_ok_settled", "EDIT-OK settled", "the same in the settled picture, however long it took"),
    _column(
        "settle",
        "SETTLE",
        "median time until a frame is within 2 of the settled one",
        "down",
        digits=0,
        unit="ms",
    ),
    _column("settle_p95", "p95", "that time for all but one of twenty edits", "down", digits=0, unit="ms"),
    _column("first", "first frame", "median time until anything new is seen", "down", digits=0, unit="ms"),
)
CALIBRATED: Final = frozenset({"rca", "rca_second", "top5", "miou", "cov", "cont", "occ", "bgf"})
FIXED_ENDS: Final = frozenset({"leak_ext", "leak_int", "intr"})  # calibrated they are 1 - value: 0 is perfect
BETTER: Final[dict[str, Better]] = {column.key: column.better for column in JUDGED}


def _both(scores: Mapping[str, Any]) -> Values:
    if scores["tier"] != "part_on_whole":
        return []
    return [float(all(region["rca"] for region in scores["regions"]))]


JUDGED_VALUES: Final[dict[str, Callable[[Any], Values]]] = {**METRICS, "both": _both}
COST_VALUES: Final[dict[str, Callable[[Record], Values]]] = {
    "rows": lambda record: [float(record.rows)],
    "gflop": lambda record: [record.flops / 1e9],
}
