"""Ways of painting regions, as values: where the published code, MultiDiffusion and this package part.

`EXACT` is the method of the paper, repaired. The `PUBLISHED_*` values keep what in the code of the paper
(github.com/ironjr/semantic-draw) changes pictures; it has one form per sampler. `MULTIDIFFUSION` (arXiv:2302.08113) is
what the paper compares with. `JOINT` goes past the paper: regions are bound one by one in the first steps, then one
pass of the network draws them all. docs/method.md tells each difference with its measured effect.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import inf
from typing import Final, Literal

from semdraw.errors import SceneError
from semdraw.scene import Recipe, Sampler


@dataclass(frozen=True, slots=True, kw_only=True)
class Joint:
    """How one pass draws all regions, each told its own prompt where it is visible.

    self_bias: by quarter of the steps, how far (in log attention) regions look away from each other; the last step
    draws all as one picture. base_share in [0, 1]: how much of what is said in every cell is the ground's prompt.
    """

    self_bias: tuple[float, float, float, float] = (inf, 4.0, 0.0, 0.0)
    base_share: float = 0.1

    def self_bias_at(self, step: int, num_steps: int) -> float:
        return 0.0 if step == num_steps - 1 else self.self_bias[4 * step // num_steps]


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """What is done where ways differ.

    fits_model: regions run in the model's own windows and with its own suffix where the recipe names none.
    masks: `reach` keeps what reaches the level of a step, which is capped; `exceed` what lies above it, uncapped;
    `half` cuts a mask at a half, once for all steps.
    levels: `share` of noise in a level, sigma / hypot(alpha, sigma); `exploding`: sigma / hypot(1, sigma).
    cells: how pixels become latent cells.
    is_cover_off_at_zero: a cover of 0 hides nothing, else all.
    counts_informed: bootstrap steps count from the first level with a trace of the picture, else from the first.
    centring: how a region gets to the middle while bootstrapping. ground: what it is shown on there: the plain ground,
    or a `random` colour per region and step. ground_noise: the noise that the ground carries: that of the picture, the
    `first` of it, or `fresh`. is_behind_noised_twice: a ground that shows what lies behind gets noise on its noise.
    leak: what a region's result is compared with to find cells in which it drew only ground: the `clean` ground, the
    `noisy` one, or the noisy one with the picture of the `next` level; `none`: not at all.
    background: a worded background is a row that fills what is left, or a `layer` beneath all others, like any region.
    rest: a known background takes part with the noise of the picture (`carried`), with the `first`, or it is noised
    with the first and then `again`.
    noise: regions share one field of fresh noise after a step, or have one `each`.
    guidance_rescale: how far a guided output is brought back to the spread of the one without guidance.
    seam: a known background keeps its pixels where nothing was `drawn`, or nothing was `painted`.
    joint: how one pass draws all regions once they are bound, None: each region has rows of its own in every step.
    Where one pass draws them, layers hide each other by their own weight, and `cover` says nothing.
    """

    fits_model: bool = False
    masks: Literal["reach", "exceed", "half"] = "exceed"
    levels: Literal["share", "exploding"] = "share"
    cells: Literal["area", "nearest"] = "nearest"
    is_cover_off_at_zero: bool = True
    counts_informed: bool = False
    centring: Literal["shift", "roll", "none"] = "roll"
    ground: Literal["plain", "random"] = "plain"
    ground_noise: Literal["carried", "first", "fresh"] = "first"
    is_behind_noised_twice: bool = False
    leak: Literal["clean", "noisy", "next", "none"] = "noisy"
    background: Literal["row", "layer"] = "layer"
    rest: Literal["carried", "first", "again"] = "carried"
    noise: Literal["shared", "each"] = "shared"
    guidance_rescale: float = 0.0
    seam: Literal["drawn", "painted"] = "painted"
    joint: Joint | None = None


EXACT: Final = Method(
    fits_model=True,
    masks="reach",
    cells="area",
    is_cover_off_at_zero=False,
    counts_informed=True,
    centring="shift",
    ground_noise="carried",
    leak="clean",
    background="row",
    seam="drawn",
)
PUBLISHED_LCM: Final = Method(ground_noise="fresh", is_behind_noised_twice=True)
PUBLISHED_EULER: Final = Method(leak="next", rest="first", guidance_rescale=0.7)
PUBLISHED_FLASH: Final = Method(levels="exploding", rest="again")
MULTIDIFFUSION: Final = replace(
    EXACT,
    fits_model=False,
    masks="half",
    cells="nearest",
    counts_informed=False,
    centring="none",
    ground="random",
    ground_noise="first",
    leak="none",
    noise="each",
)
JOINT: Final = replace(EXACT, counts_informed=False, joint=Joint())

_PUBLISHED: Final[dict[Sampler, Method]] = {
    "lcm": PUBLISHED_LCM,
    "euler_trailing": PUBLISHED_EULER,
    "flow_lcm": PUBLISHED_FLASH,
}


def method_of(recipe: Recipe) -> Method:
    """The method of a recipe, or a SceneError where the published code has no such sampler."""
    match recipe.method:
        case "exact":
            return EXACT
        case "multidiffusion":
            return MULTIDIFFUSION
        case "joint":
            return JOINT
        case "published":
            if recipe.sampler not in _PUBLISHED:
                raise SceneError(
                    f"the published code has no sampler {recipe.sampler!r}; with method 'published' take one of "
                    f"{', '.join(_PUBLISHED)}, or take method 'exact'"
                )
            return _PUBLISHED[recipe.sampler]
