"""What each difference from the published code does: `PYTHONPATH=. python bench/differences.py [--scenes 12]`.

The embedded model paints the scenes of `train/card.py` (two or three round regions, apart from each other, 256 px;
for one row they lie over each other) as this package does and with one thing done as published, everything else alike.
Reports the mean change of a pixel (0 to 255) and the share of regions that the independent judge names right, before
and after. Regions run on the whole canvas, as published, but for the first row. One line a difference, as Markdown.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from dataclasses import replace as with_field
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
from machine import circumstances
from msgspec.structs import replace
from numpy.typing import NDArray
from PIL import Image

from semdraw import methods
from semdraw.geometry import Extent
from semdraw.methods import EXACT, MULTIDIFFUSION, PUBLISHED_EULER, PUBLISHED_FLASH, PUBLISHED_LCM, Method
from semdraw.models.base import DiffusionModel
from semdraw.models.registry import load_model
from semdraw.scene import Background, ColorBackground, PromptBackground, Scene
from semdraw.still import generate
from train.card import region_scenes, share_right
from train.concepts import objects
from train.oracle import Judge, load_judge, square

WHOLE: dict[str, Any] = {"window_px": 0}
FIVE = (0, 4, 12, 25, 37)


@dataclass(frozen=True)
class Difference:
    """One thing done as published: fields of the method, or of the recipe; `base` holds for both sides."""

    name: str
    method: dict[str, Any] = field(default_factory=dict[str, Any])
    recipe: dict[str, Any] = field(default_factory=dict[str, Any])
    base: dict[str, Any] = field(default_factory=lambda: WHOLE)
    is_known: bool = False  # a plain colour behind instead of words
    is_together: bool = False


def as_in(published: Method, *names: str) -> dict[str, Any]:
    return {name: getattr(published, name) for name in names}


LCM, EULER, FLASH = PUBLISHED_LCM, PUBLISHED_EULER, PUBLISHED_FLASH
DIFFERENCES = (
    Difference("no windows, no suffix", as_in(LCM, "fits_model"), base={}),
    Difference(
        "all of it: published, LCM",
        {name: getattr(LCM, name) for name in LCM.__slots__},
        {"bootstrap_mix": 1.0, "mask_mode": "discrete", "step_indices": FIVE},
        base={},
    ),
    Difference(
        "MultiDiffusion with LCM", {name: getattr(MULTIDIFFUSION, name) for name in LCM.__slots__}, base={}
    ),
    Difference("steps 0, 4, 12, 25, 37 of 50", recipe={"step_indices": FIVE}),
    Difference("m > level, uncapped; blur as far as the softest", as_in(LCM, "masks")),
    Difference("levels of SD3, sigma / hypot(1, sigma)", as_in(FLASH, "masks", "levels")),
    Difference("nearest resize", as_in(LCM, "cells")),
    Difference(
        "cover 0 hides nothing",
        as_in(LCM, "is_cover_off_at_zero"),
        base=WHOLE | {"cover": 0.0},
        is_together=True,
    ),
    Difference("roll to centre", as_in(LCM, "centring")),
    Difference("fresh noise on the ground", as_in(LCM, "ground_noise")),
    Difference("first noise on the ground", as_in(EULER, "ground_noise")),
    Difference(
        "noise on noise where the ground is what lies behind",
        as_in(LCM, "is_behind_noised_twice"),
        base=WHOLE | {"bootstrap_mix": 1.0},
    ),
    Difference("mix of one step", recipe={"bootstrap_mix": 1.0}),
    Difference("leak against a noised ground", as_in(LCM, "leak")),
    Difference("no leak test", recipe={"leak_sensitivity": 0.0}),
    Difference("background in words as the lowest layer", as_in(LCM, "background")),
    Difference(
        "known background with the first noise",
        as_in(EULER, "rest"),
        base=WHOLE | {"sampler": "euler_trailing"},
        is_known=True,
    ),
    Difference("known background noised twice", as_in(FLASH, "rest"), is_known=True),
    Difference("pixels blended by the painted mask", as_in(LCM, "seam"), is_known=True),
    Difference("pixels not blended", recipe={"blend": False}, is_known=True),
)


@contextmanager
def done_as(method: Method) -> Generator[None]:
    with patch.object(methods, "EXACT", method):
        yield


def discs(plan: dict[str, Any], *, is_together: bool) -> list[tuple[float, float, float]]:
    """Places of the regions; together they move half of the way to the middle."""
    share = 0.5 if is_together else 1.0
    return [(128 + share * (x - 128), 128 + share * (y - 128), radius) for x, y, radius in plan["discs"]]


def scene_of(
    plan: dict[str, Any], difference: Difference, recipe: dict[str, Any], model: DiffusionModel
) -> Scene:
    y, x = np.mgrid[:256, :256]
    regions = [
        (objects()[index].name, np.hypot(x - cx, y - cy) <= radius)
        for (cx, cy, radius), index in zip(
            discs(plan, is_together=difference.is_together), plan["objects"], strict=True
        )
    ]
    words = PromptBackground(prompt=plan["background"])
    background: Background = ColorBackground(color="#86a8c8") if difference.is_known else words
    return Scene.from_masks(
        regions,
        extent=Extent(256, 256),
        background=background,
        seed=plan["seed"],
        recipe=replace(model.spec.recipe, **recipe),
    )


def paint(
    plans: list[dict[str, Any]], difference: Difference, recipe: dict[str, Any], model: DiffusionModel
) -> list[NDArray[np.uint8]]:
    return [generate(model, scene_of(plan, difference, recipe, model)).array for plan in plans]


def named_right(
    judge: Judge, plans: list[dict[str, Any]], difference: Difference, pictures: list[NDArray[np.uint8]]
) -> float:
    views: list[Image.Image] = []
    wanted: list[int] = []
    for plan, picture in zip(plans, pictures, strict=True):
        for (cx, cy, radius), index in zip(
            discs(plan, is_together=difference.is_together), plan["objects"], strict=True
        ):
            views.append(square(Image.fromarray(picture), np.array([cx, cy]), 2.2 * radius))
            wanted.append(index)
    return share_right(judge, views, wanted)[0]


def measured(
    difference: Difference,
    plans: list[dict[str, Any]],
    model: DiffusionModel,
    judge: Judge,
    known: dict[str, Any],
) -> dict[str, Any]:
    key = json.dumps([difference.base, difference.is_known, difference.is_together])
    if key not in known:
        known[key] = paint(plans, difference, difference.base, model)
    here = known[key]
    with done_as(with_field(EXACT, **difference.method)):
        there = paint(plans, difference, difference.base | difference.recipe, model)
    change = np.mean([np.abs(a.astype(int) - b).mean() for a, b in zip(here, there, strict=True)])
    return {
        "difference": difference.name,
        "change": round(float(change), 2),
        "right_here": round(named_right(judge, plans, difference, here), 3),
        "right_there": round(named_right(judge, plans, difference, there), 3),
    }


def report(tell: Callable[[str], None], num_scenes: int, rows_wanted: slice) -> list[dict[str, Any]]:
    model, judge, plans = load_model("picturebook", device="cpu"), load_judge(), region_scenes(num_scenes)
    tell("| done as published | pixels change by | regions right, here | as published |")
    tell("|---|---|---|---|")
    known: dict[str, Any] = {}
    rows: list[dict[str, Any]] = []
    for difference in DIFFERENCES[rows_wanted]:
        row = measured(difference, plans, model, judge, known)
        rows.append(row)
        tell(
            f"| {row['difference']} | {row['change']} | {row['right_here']:.0%} | {row['right_there']:.0%} |"
        )
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scenes", type=int, default=12)
    parser.add_argument("--first", type=int, help="number of the first row to measure, from 0")
    parser.add_argument("--last", type=int, help="number of the row to stop before")
    parser.add_argument("--json", type=Path, help="write all numbers to this file")
    options = parser.parse_args()
    where = circumstances()
    print(json.dumps(where), file=sys.stderr)
    rows = report(lambda line: print(line, flush=True), options.scenes, slice(options.first, options.last))
    if options.json:
        found = {**where, "scenes": options.scenes, "rows": rows}
        options.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
