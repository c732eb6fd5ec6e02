"""What an edit of one region changes elsewhere: `PYTHONPATH=. python bench/collateral.py [--scenes 8]`.

The embedded model paints the scenes of `train/card.py` (two or three round regions, apart from each other, 256 px),
and each again after an edit of its first region: other words, a move, its removal. Reports the mean change of a pixel
(0 to 255) further than 24 px from what was edited (COLL), how much of its looks a moved region loses (compared with
where it was), and what is left of an edit that was taken back (UNDO). One line an edit, as Markdown.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from machine import circumstances
from msgspec.structs import replace
from numpy.typing import NDArray

from semdraw.models.base import DiffusionModel
from semdraw.models.registry import load_model
from semdraw.rasters import Mask
from semdraw.scene import MethodName, Recipe, Scene
from semdraw.still import generate
from train.card import region_scenes
from train.concepts import objects

SIDE_PX = 256
REACH_PX = 24
MOVE_PX = 24
Disc = tuple[float, float, float]  # x, y and radius
Pixels = NDArray[np.float64]


@dataclass(frozen=True)
class Edit:
    """`after` its scene; edited (H W): where it acts; disc: where the region lies now, if it was moved."""

    name: str
    after: Scene
    edited: NDArray[np.uint8]
    disc: Disc | None = None


def painted(disc: Disc) -> NDArray[np.uint8]:
    y, x = np.mgrid[:SIDE_PX, :SIDE_PX]
    return (np.hypot(x - disc[0], y - disc[1]) <= disc[2]).astype(np.uint8) * 255


def scene_of(plan: dict[str, Any], recipe: Recipe) -> Scene:
    regions = [
        (objects()[index].name, painted(disc))
        for disc, index in zip(plan["discs"], plan["objects"], strict=True)
    ]
    return Scene.from_masks(regions, background=plan["background"], seed=plan["seed"], recipe=recipe)


def edits_of(plan: dict[str, Any], scene: Scene) -> Iterator[Edit]:
    x, y, radius = disc = plan["discs"][0]
    layer, mask = scene.canvas.layers[0], painted(disc)
    brush = scene.brush(layer.brush_id)
    other = objects()[(plan["objects"][0] + 7) % len(objects())].name
    yield Edit("other words", scene.with_brush(replace(brush, prompt=other)), mask)
    yield Edit("removed", scene.with_layer(replace(layer, visible=False)), mask)
    dx = MOVE_PX if x < SIDE_PX / 2 else -MOVE_PX
    there = x + dx, y, radius
    moved = replace(layer, mask=Mask.of(painted(there)))
    both = np.maximum(mask, painted(there))
    yield Edit("moved, its noise stays behind", scene.with_layer(moved), both, there)
    carrying = replace(moved, moved_px=(dx, 0))
    yield Edit("moved, its noise goes along", scene.with_layer(carrying), both, there)


def collateral(before: Pixels, after: Pixels, edited: NDArray[np.uint8]) -> float:
    near = F.max_pool2d(torch.from_numpy(edited).float()[None, None], 2 * REACH_PX + 1, 1, REACH_PX)
    return float(np.abs(after - before)[near[0, 0].numpy() == 0].mean())


def looks_lost(before: Pixels, after: Pixels, was: Disc, now: Disc) -> float:
    """The mean change of a pixel of the region itself, each compared with where it was."""
    y, x = np.nonzero(painted(now))
    from_x = x - round(now[0] - was[0])
    inside = (from_x >= 0) & (from_x < SIDE_PX)
    return float(np.abs(after[y[inside], x[inside]] - before[y[inside], from_x[inside]]).mean())


def measured(model: DiffusionModel, method: MethodName, num_scenes: int) -> dict[str, dict[str, float]]:
    """By edit: COLL, UNDO and, of moves, the looks that were lost; means over scenes."""
    found: dict[str, dict[str, list[float]]] = {}

    def paint(scene: Scene) -> Pixels:
        return generate(model, scene).array.astype(float)

    for plan in region_scenes(num_scenes):
        scene = scene_of(plan, replace(model.spec.recipe, method=method))
        before = paint(scene)
        for edit in edits_of(plan, scene):
            after = paint(edit.after)
            figures = {"coll": collateral(before, after, edit.edited)}
            figures["undo"] = float(np.abs(paint(scene) - before).mean())
            if edit.disc is not None:
                figures["looks lost"] = looks_lost(before, after, plan["discs"][0], edit.disc)
            for name, value in figures.items():
                found.setdefault(edit.name, {}).setdefault(name, []).append(value)
    return {
        edit: {name: round(float(np.mean(values)), 2) for name, values in figures.items()}
        for edit, figures in found.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scenes", type=int, default=8)
    parser.add_argument("--model", default="picturebook")
    parser.add_argument("--json", type=Path, help="write all numbers to this file")
    options = parser.parse_args()
    where, model = circumstances(), load_model(options.model, device="cpu")
    print(json.dumps(where), file=sys.stderr)
    print("| method | edit of one region | COLL | looks lost | UNDO |\n|---|---|---|---|---|")
    rows: dict[str, Any] = {}
    for method in ("exact", "joint"):
        rows[method] = measured(model, method, options.scenes)
        for edit, row in rows[method].items():
            print(
                f"| {method} | {edit} | {row['coll']} | {row.get('looks lost', '')} | {row['undo']} |",
                flush=True,
            )
    if options.json:
        found = {**where, "scenes": options.scenes, "rows": rows}
        options.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
