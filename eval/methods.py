"""The methods that are measured side by side, as values: one row of every table each.

A row is run exactly as it says, also where that helps nobody's story: the reference has its own guidance, its own
bootstrap and as many steps as its authors take; the plain combination is run once with our settings and once with
those carried over from the reference.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal

from semdraw.errors import UsageError
from semdraw.methods import EXACT, Method
from semdraw.samplers import PUBLISHED_STEPS

Weights = Literal["few", "euler", "base", "flow"]
Painter = Literal["semdraw", "naive", "words", "truth"]
Group = Literal["ends", "reference", "naive", "published", "ladder", "without", "ours"]


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodRow:
    """One way of painting all layouts.

    group: the part of the report in which it stands. weights: `few` steps by LCM, by `euler`, the undistilled
    `base`, or the `few` seen as a network of flow matching. recipe: fields of a Recipe, put over the model's own.
    change: the rules in the place of `EXACT`, for parts of the method that no recipe takes away. painter: `naive`
    averages noised latents; `words` has one prompt and no mask; `truth` is the renderer. about: what sets it apart,
    in a sentence. share: of the layouts of a full run, fewer for methods of many steps. is_quick: part of a quick run
    where none are named.
    """

    name: str
    label: str
    group: Group
    about: str
    weights: Weights = "few"
    recipe: dict[str, Any] = field(default_factory=dict[str, Any])
    change: Method | None = None
    painter: Painter = "semdraw"
    share: float = 1.0
    is_quick: bool = True

    @property
    def is_slow(self) -> bool:
        return self.share < 1


_FOUR: Final = {"sampler": "lcm", "num_steps": 4}
_EULER: Final = {"sampler": "euler_trailing", "num_steps": 4}
_LCM: Final = _FOUR | {"method": "exact"}
_MULTI: Final = _FOUR | {"method": "multidiffusion", "mask_mode": "discrete"}
_CARRIED: Final = _MULTI | {"guidance_scale": 7.5, "bootstrap_steps": 20}
_REFERENCE: Final = _CARRIED | {"sampler": "ddim", "num_steps": 50}
_PLAIN: Final = _MULTI | {"bootstrap_steps": 0}
_PUBLISHED: Final = {
    "method": "published",
    "sampler": "lcm",
    "mask_mode": "discrete",
    "bootstrap_mix": 1.0,
    "step_indices": PUBLISHED_STEPS,
    "num_steps": len(PUBLISHED_STEPS),
}
_WHOLE: Final = replace(EXACT, fits_model=False)  # regions see the whole canvas, and are told no suffix
_JOINT: Final = _FOUR | {"method": "joint"}
_HARD: Final = {"masks": "half", "cells": "nearest"}

METHODS: Final[tuple[MethodRow, ...]] = (
    MethodRow(
        name="truth",
        label="rendered truth",
        group="ends",
        painter="truth",
        about="the renderer's own picture of the layout, through the autoencoder and back: the upper end",
    ),
    MethodRow(
        name="words",
        label="one prompt, no masks",
        group="ends",
        painter="words",
        recipe=_LCM,
        about="everything in one prompt, by the same weights and sampler: the lower end",
    ),
    MethodRow(
        name="md-50",
        label="MultiDiffusion, DDIM 50",
        group="reference",
        weights="base",
        recipe=_REFERENCE,
        share=0.25,
        about="the reference: undistilled weights, 50 steps, guidance 7.5, its own bootstrap for 20 steps",
    ),
    MethodRow(
        name="md-50-gentle",
        label="MultiDiffusion, DDIM 50, guidance 2.5",
        group="reference",
        weights="base",
        recipe=_REFERENCE | {"guidance_scale": 2.5},
        share=0.25,
        is_quick=False,
        about="the reference with the guidance that suits these weights",
    ),
    MethodRow(
        name="teacher-25",
        label="exact, DDIM 25, guidance 2.5",
        group="reference",
        weights="base",
        recipe={
            "method": "exact",
            "sampler": "ddim_trailing",
            "num_steps": 25,
            "guidance_scale": 2.5,
        },
        share=0.5,
        about="what the few-step weights were taught by: the undistilled base under the exact method",
    ),
    MethodRow(
        name="naive-lcm",
        label="MultiDiffusion + LCM",
        group="naive",
        painter="naive",
        recipe=_PLAIN,
        about="each region noised by itself, then averaged; hard masks; no guidance, no bootstrap",
    ),
    MethodRow(
        name="naive-lcm-carried",
        label="MultiDiffusion + LCM, its settings carried over",
        group="naive",
        painter="naive",
        recipe=_CARRIED,
        about="the same with MultiDiffusion's guidance of 7.5 and its 20-step bootstrap, here all four steps",
    ),
    MethodRow(
        name="naive-lcm-guided",
        label="MultiDiffusion + LCM, its guidance alone",
        group="naive",
        painter="naive",
        recipe=_PLAIN | {"guidance_scale": 7.5},
        is_quick=False,
        about="guidance 7.5 carried over, without the bootstrap",
    ),
    MethodRow(
        name="naive-lcm-booted",
        label="MultiDiffusion + LCM, its bootstrap alone",
        group="naive",
        painter="naive",
        recipe=_MULTI | {"bootstrap_steps": 20},
        is_quick=False,
        about="the 20-step bootstrap on random colours carried over, without guidance",
    ),
    MethodRow(
        name="naive-euler",
        label="MultiDiffusion + Euler",
        group="naive",
        weights="euler",
        painter="naive",
        recipe=_PLAIN | _EULER,
        about="as MultiDiffusion + LCM; Euler draws no noise, so this is merging clean pictures already",
    ),
    MethodRow(
        name="naive-euler-carried",
        label="MultiDiffusion + Euler, its settings carried over",
        group="naive",
        weights="euler",
        painter="naive",
        recipe=_CARRIED | _EULER,
        is_quick=False,
        about="the same with guidance 7.5 and the 20-step bootstrap",
    ),
    MethodRow(
        name="naive-flow",
        label="MultiDiffusion + flow",
        group="naive",
        weights="flow",
        painter="naive",
        recipe=_PLAIN,
        is_quick=False,
        about="as MultiDiffusion + LCM, by steps of flow matching with fresh noise; the network is the LCM one, by "
        "equal signal-to-noise",
    ),
    MethodRow(
        name="published-lcm",
        label="SemanticDraw as published, LCM",
        group="published",
        recipe=_PUBLISHED,
        about="what the paper's code does, faults included, on its own five steps 999, 919, 759, 499, 259",
    ),
    MethodRow(
        name="published-lcm-4",
        label="SemanticDraw as published, LCM, four even steps",
        group="published",
        recipe=_PUBLISHED | {"step_indices": (), "num_steps": 4},
        is_quick=False,
        about="the same on the four steps that these weights were distilled for",
    ),
    MethodRow(
        name="published-euler",
        label="SemanticDraw as published, Euler",
        group="published",
        weights="euler",
        recipe=_PUBLISHED | {"sampler": "euler_trailing"},
        about="the form of the paper's code for SDXL, on the same five steps",
    ),
    MethodRow(
        name="published-flow",
        label="SemanticDraw as published, flow",
        group="published",
        weights="flow",
        recipe=_PUBLISHED,
        is_quick=False,
        about="the form of the paper's code for SD3; the network is the LCM one, by equal signal-to-noise",
    ),
    MethodRow(
        name="merged",
        label="+ latent pre-averaging",
        group="ladder",
        recipe=_LCM | {"bootstrap_steps": 0, "mask_mode": "discrete"},
        change=replace(_WHOLE, **_HARD, leak="none", centring="none"),
        about="clean pictures are averaged, then one noise is added; all else as MultiDiffusion + LCM",
    ),
    MethodRow(
        name="bootstrapped",
        label="+ mask-centring bootstrap",
        group="ladder",
        recipe=_LCM | {"mask_mode": "discrete"},
        change=replace(_WHOLE, **_HARD),
        about="two steps in which a region is alone on white, in the middle, with the leak test",
    ),
    MethodRow(
        name="quantised",
        label="+ quantised masks",
        group="ladder",
        recipe=_LCM | {"window_px": 0, "region_suffix": ""},
        about="masks soft by 4 px, cut by the noise level of each step: the whole method of the paper, repaired",
    ),
    MethodRow(
        name="exact-lcm",
        label="exact, LCM",
        group="ours",
        recipe=_LCM,
        about="the same in windows of the model's size, with its own words for a single object",
    ),
    MethodRow(
        name="exact-euler",
        label="exact, Euler",
        group="ours",
        weights="euler",
        recipe=_LCM | _EULER,
        about="the same by Euler, trailing steps",
    ),
    MethodRow(
        name="exact-flow",
        label="exact, flow",
        group="ours",
        weights="flow",
        recipe=_LCM,
        is_quick=False,
        about="the same by steps of flow matching; the network is the LCM one, by equal signal-to-noise",
    ),
    MethodRow(
        name="joint-lcm",
        label="joint, LCM",
        group="ours",
        recipe=_JOINT,
        about="two steps as in exact, then one pass draws all regions, each told its own prompt where it is seen",
    ),
    MethodRow(
        name="joint-euler",
        label="joint, Euler",
        group="ours",
        weights="euler",
        recipe=_JOINT | _EULER,
        about="the same by Euler, trailing steps",
    ),
    MethodRow(
        name="without-averaging",
        label="exact without pre-averaging",
        group="without",
        recipe=_LCM,
        change=replace(EXACT, noise="each"),
        is_quick=False,
        about="regions are noised each by itself, then averaged",
    ),
    MethodRow(
        name="without-bootstrap",
        label="exact without bootstrap",
        group="without",
        recipe=_LCM | {"bootstrap_steps": 0},
        is_quick=False,
        about="every region sees the whole canvas, or its window of it, from the first step",
    ),
    MethodRow(
        name="without-quantising",
        label="exact without quantised masks",
        group="without",
        recipe=_LCM | {"mask_mode": "discrete"},
        change=replace(EXACT, **_HARD),
        is_quick=False,
        about="hard masks, one for all steps",
    ),
    MethodRow(
        name="without-leak-test",
        label="exact without the leak test",
        group="without",
        recipe=_LCM | {"leak_sensitivity": 0.0},
        is_quick=False,
        about="cells in which a region drew only ground stay its own",
    ),
    MethodRow(
        name="joint-unbound",
        label="joint without binding first",
        group="without",
        recipe=_JOINT | {"bootstrap_steps": 0},
        is_quick=False,
        about="one pass draws all regions from the first step on",
    ),
)
LADDER: Final = ("naive-lcm", "merged", "bootstrapped", "quantised", "exact-lcm")


def chosen(names: tuple[str, ...], *, is_quick: bool) -> tuple[MethodRow, ...]:
    """The methods of these names, in the order of the table; without names all that a run takes."""
    known = {row.name: row for row in METHODS}
    for name in names:
        if name not in known:
            raise UsageError(f"no method {name!r}; there are {', '.join(known)}")
    if not names:
        return tuple(row for row in METHODS if row.is_quick or not is_quick)
    return tuple(row for row in METHODS if row.name in names)
