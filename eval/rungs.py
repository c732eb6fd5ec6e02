"""What the tables of time run: the scenes of the paper's own, and a rung for each of its rows and ours."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np
from msgspec.structs import replace as with_fields

from eval.methods import METHODS, Painter, Weights
from semdraw.geometry import Extent
from semdraw.methods import Method
from semdraw.panoramas import panorama_scene
from semdraw.scene import Recipe, Scene

THREE: Final = (("castle", (150, 330, 105)), ("full moon", (390, 110, 75)), ("tree", (395, 375, 95)))
NINE: Final = (
    ("tree", (200, 200, 105)),
    ("house", (520, 190, 95)),
    ("pine tree", (820, 170, 100)),
    ("castle", (1180, 210, 110)),
    ("sunflower", (1560, 180, 90)),
    ("horse", (330, 560, 95)),
    ("cow", (720, 560, 95)),
    ("rabbit", (1120, 580, 80)),
    ("mushroom", (1620, 560, 90)),
)
SEED: Final = 7
PANORAMA_PROMPT: Final = "forest"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """One row: a recipe over the model's own. steps_run: how many steps are measured where all would take too long.

    is_stream: several pictures in flight, one call for each frame. has_full_decoder: decoding is timed with an
    autoencoder of the size of SD1.5's.
    """

    name: str
    label: str
    weights: Weights = "few"
    recipe: dict[str, Any] = field(default_factory=dict[str, Any])
    change: Method | None = None
    painter: Painter = "semdraw"
    steps_run: int | None = None
    is_stream: bool = False
    has_full_decoder: bool = False
    remark: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ladder:
    """A table of time. scene: what all its rungs paint, each by its own recipe. paper: what it mirrors."""

    name: str
    title: str
    scene: Scene
    rungs: tuple[Rung, ...]
    paper: str

    def scene_for(self, rung: Rung, own: Recipe) -> Scene:
        return with_fields(self.scene, recipe=with_fields(own, **rung.recipe))


def discs(places: tuple[tuple[str, tuple[int, int, int]], ...], extent: Extent, background: str) -> Scene:
    """Round regions: prompt and (x, y, radius) in px."""
    y, x = np.mgrid[: extent.height, : extent.width]
    regions = [(words, np.hypot(x - cx, y - cy) <= radius) for words, (cx, cy, radius) in places]
    return Scene.from_masks(regions, extent=extent, background=background, seed=SEED)


def rung_of(name: str, label: str, **more: Any) -> Rung:
    """A rung that paints as the method of that name does."""
    method = next(each for each in METHODS if each.name == name)
    given: dict[str, Any] = {
        "weights": method.weights,
        "recipe": method.recipe,
        "change": method.change,
        "painter": method.painter,
    }
    return Rung(name=more.pop("as_name", name), label=label, **given | more)


def tiled(tile_px: int, rung: Rung) -> Rung:
    return replace(rung, recipe=rung.recipe | {"tile_px": tile_px})


THROUGHPUT: Final = Ladder(
    name="throughput",
    title="Throughput, 512x512 px, 3 prompts",
    scene=discs(THREE, Extent(512, 512), "night sky"),
    paper="Table 6, one RTX 2080 Ti: 0.0189, 0.183, 1.38, 1.57 FPS (x1, x9.7, x73.0, x83.1)",
    rungs=(
        rung_of("md-50", "MultiDiffusion, 50 steps, guidance", steps_run=5, has_full_decoder=True),
        rung_of("quantised", "+ stable acceleration: 4 steps, no guidance", has_full_decoder=True),
        rung_of(
            "quantised",
            "+ multi-prompt stream batch",
            as_name="stream",
            is_stream=True,
            has_full_decoder=True,
        ),
        rung_of("quantised", "+ tiny autoencoder", as_name="tiny", is_stream=True),
        rung_of("exact-lcm", "+ windows in place of whole canvases", as_name="windows", is_stream=True),
        rung_of(
            "joint-lcm", "joint: one pass for all regions after two steps", as_name="joint", is_stream=True
        ),
    ),
)
CANVAS: Final = Ladder(
    name="canvas",
    title="A large canvas, 1920x768 px, 9 prompts",
    scene=discs(NINE, Extent(1920, 768), "grass"),
    paper="51 min 39 s MultiDiffusion, 4 min 47 s with LCM, 59 s SemanticDraw (x52.5), one RTX 2080 Ti",
    rungs=(
        tiled(512, rung_of("md-50", "MultiDiffusion, 50 steps, guidance", steps_run=2)),
        tiled(512, rung_of("naive-lcm", "MultiDiffusion + LCM, 4 steps")),
        tiled(512, rung_of("quantised", "SemanticDraw's method, 4 steps, in tiles of 512 px")),
        tiled(512, rung_of("exact-lcm", "exact: each region in a window of its own size")),
        tiled(512, rung_of("joint-lcm", "joint: one pass for all regions after two steps")),
    ),
)
PANORAMA: Final = Ladder(
    name="panorama",
    title="Panorama, 2304x256 px, one prompt",
    scene=panorama_scene(PANORAMA_PROMPT, Extent(2304, 256), recipe=Recipe(), seed=SEED),
    paper="4608x512 px: 154 to 301 s MultiDiffusion, 10 to 19 s with LCM, 12 to 23 s SemanticDraw (x13)",
    rungs=(
        tiled(256, rung_of("md-50", "MultiDiffusion, 50 steps, guidance")),
        tiled(256, rung_of("naive-lcm", "MultiDiffusion + LCM, 4 steps: each tile its own noise")),
        tiled(256, rung_of("exact-lcm", "semdraw, 4 steps: one noise for all tiles")),
    ),
)
LADDERS: Final = (THROUGHPUT, CANVAS, PANORAMA)
