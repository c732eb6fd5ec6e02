"""Known ways to run published weights: the rows of the paper's tables, and picturebook's own.

A preset is a value: it names weights and loads nothing. `preset("sd15-lcm").recipe` goes into a scene as it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from msgspec.structs import replace

from semdraw.errors import UsageError
from semdraw.samplers import PUBLISHED_STEPS
from semdraw.scene import Recipe

Source = Literal["published", "deduced", "own"]

_SD15: Final = "stable-diffusion-v1-5/stable-diffusion-v1-5"
_SDXL: Final = "stabilityai/stable-diffusion-xl-base-1.0"
_SD3: Final = "stabilityai/stable-diffusion-3-medium-diffusers"
_OPENRAIL: Final = "CreativeML OpenRAIL-M"
_OPENRAIL_PLUS: Final = "CreativeML OpenRAIL++-M"
_STABILITY: Final = "Stability AI Community"

# Parameters of each part. Computed from the published configs, which the tests build without weights.
_SD_PARTS: Final = {"unet": 859_520_964, "text_encoder": 123_060_480, "vae": 83_653_863}
PARAMETERS: Final = {
    _SD15: _SD_PARTS,
    _SDXL: {**_SD_PARTS, "unet": 2_567_463_684, "text_encoder_2": 694_659_840},
    _SD3: {
        "transformer": 2_028_328_000,
        "text_encoder": 123_650_304,
        "text_encoder_2": 694_659_840,
        "vae": 83_819_683,
    },
}


@dataclass(frozen=True, slots=True, kw_only=True)
class LoraSource:
    """Where a LoRA is published: repository and file on the hub, and its licence."""

    repository: str
    file: str
    licence: str

    def __str__(self) -> str:
        return f"{self.repository}:{self.file}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """Weights and how to run them.

    family: the kind of model, as `semdraw models` names it. weights: a repository on the hub, or an embedded model.
    softness_px: of its brushes. row: what it stands for in the paper (arXiv:2403.09055v4).
    source: where the numbers come from: the published paper or code, deduced by us, or our own.
    """

    name: str
    title: str
    family: str
    weights: str
    licence: str
    recipe: Recipe
    row: str
    source: Source
    lora: LoraSource | None = None
    softness_px: float = 4.0
    note: str = ""

    @property
    def weights_mib(self) -> int | None:
        """Memory of all weights in fp16, SDXL's autoencoder in fp32, computed; None for an embedded model.

        What a step takes on top of it depends on canvas and regions, and was not measured for these weights.
        """
        parts = PARAMETERS.get(self.weights)
        if parts is None:
            return None
        upcast = parts["vae"] if self.family == "sdxl" else 0
        return round(2 * (sum(parts.values()) + upcast) / 2**20)


_LCM_LORA: Final = LoraSource(
    repository="latent-consistency/lcm-lora-sdv1-5",
    file="pytorch_lora_weights.safetensors",
    licence=_OPENRAIL_PLUS,
)
_LIGHTNING_LORA: Final = LoraSource(
    repository="ByteDance/SDXL-Lightning",
    file="sdxl_lightning_4step_lora.safetensors",
    licence=_OPENRAIL_PLUS,
)
_FLASH_LORA: Final = LoraSource(
    repository="jasperai/flash-sd3", file="adapter_model.safetensors", licence="CC-BY-NC-4.0"
)


def _hyper(steps: int) -> LoraSource:
    file = f"Hyper-SD15-{steps}step{'s' if steps > 1 else ''}-lora.safetensors"
    return LoraSource(repository="ByteDance/Hyper-SD", file=file, licence="none stated on its card")


_FEW: Final = Recipe(
    model=_SD15,
    sampler="lcm",
    num_steps=len(PUBLISHED_STEPS),
    step_indices=PUBLISHED_STEPS,
    bootstrap_steps=2,
)
_AS_PUBLISHED: Final = replace(_FEW, method="published", mask_mode="discrete", bootstrap_mix=1.0)
_MULTIDIFFUSION: Final = Recipe(
    model=_SD15,
    method="multidiffusion",
    sampler="ddim",
    num_steps=50,
    guidance_scale=7.5,
    mask_mode="discrete",
    bootstrap_steps=20,
)
_REFERENCE: Final = (
    "undistilled weights, hard masks, its own bootstrap: random plain colours for 20 of 50 steps"
)

PRESETS: Final[tuple[Preset, ...]] = (
    Preset(
        name="picturebook",
        title="picturebook, the embedded model",
        family="sd",
        weights="picturebook",
        licence="Apache-2.0",
        recipe=Recipe(),
        row="none",
        source="own",
        note="four steps of LCM on the timesteps that it was distilled for",
    ),
    Preset(
        name="sd15-lcm",
        title="SD1.5 with LCM-LoRA",
        family="sd",
        weights=_SD15,
        licence=_OPENRAIL,
        lora=_LCM_LORA,
        recipe=_FEW,
        row="Table 1, ours, LCM",
        source="published",
        note="the published list of five steps, in exact mode",
    ),
    Preset(
        name="sd15-lcm-published",
        title="SD1.5 with LCM-LoRA, the published code's behaviour",
        family="sd",
        weights=_SD15,
        licence=_OPENRAIL,
        lora=_LCM_LORA,
        recipe=_AS_PUBLISHED,
        row="Table 1, ours, LCM",
        source="published",
        note="a baseline: keeps what in the published code changes pictures",
    ),
    Preset(
        name="sd15-hyper-4",
        title="SD1.5 with Hyper-SD, 4 steps",
        family="sd",
        weights=_SD15,
        licence=_OPENRAIL,
        lora=_hyper(4),
        recipe=Recipe(model=_SD15, sampler="ddim_trailing", num_steps=4, bootstrap_steps=2),
        row="Table 2, ours, Hyper-SD",
        source="deduced",
        note="deduced from Hyper-SD's own card, since the published code has no Hyper-SD: DDIM, trailing, eta 0",
    ),
    Preset(
        name="sd15-hyper-1",
        title="SD1.5 with Hyper-SD, 1 step",
        family="sd",
        weights=_SD15,
        licence=_OPENRAIL,
        lora=_hyper(1),
        recipe=Recipe(model=_SD15, sampler="tcd", num_steps=1, gamma=1.0, bootstrap_steps=0),
        row="none; Table 2 does not say how many steps",
        source="deduced",
        note="deduced from Hyper-SD's own card; not bootstrapped, since the only step has to see the whole",
    ),
    Preset(
        name="sdxl-lightning",
        title="SDXL with Lightning, 4 steps",
        family="sdxl",
        weights=_SDXL,
        licence=_OPENRAIL_PLUS,
        lora=_LIGHTNING_LORA,
        recipe=Recipe(model=_SDXL, sampler="euler_trailing", num_steps=4, bootstrap_steps=2),
        row="Table 3, ours, EulerDiscrete",
        source="deduced",
        note="the timesteps that it was distilled for, 999, 749, 499, 249, in place of the published list",
    ),
    Preset(
        name="sdxl-lightning-published",
        title="SDXL with Lightning, the published code's behaviour",
        family="sdxl",
        weights=_SDXL,
        licence=_OPENRAIL_PLUS,
        lora=_LIGHTNING_LORA,
        recipe=replace(_AS_PUBLISHED, model=_SDXL, sampler="euler_trailing"),
        row="Table 3, ours, EulerDiscrete",
        source="published",
        note="five steps, 999, 919, 759, 499, 259, of weights that were distilled for four others",
    ),
    Preset(
        name="sd3-flash",
        title="SD3 medium with Flash, without T5",
        family="sd3",
        weights=_SD3,
        licence=_STABILITY,
        lora=_FLASH_LORA,
        recipe=replace(_FEW, model=_SD3, sampler="flow_lcm"),
        row="Table 4, ours, FlashFlowMatch",
        source="published",
        note="the published list of five steps, fresh noise after each; --no-t5 leaves T5 out, else it is loaded, too",
    ),
    Preset(
        name="sd3-flash-published",
        title="SD3 medium with Flash, the published code's behaviour",
        family="sd3",
        weights=_SD3,
        licence=_STABILITY,
        lora=_FLASH_LORA,
        recipe=replace(_AS_PUBLISHED, model=_SD3, sampler="flow_lcm"),
        row="Table 4, ours, FlashFlowMatch",
        source="published",
        note="a baseline: keeps what in the published code changes pictures, its mask levels included",
    ),
    Preset(
        name="multidiffusion-sd15",
        title="MultiDiffusion on SD1.5, reference",
        family="sd",
        weights=_SD15,
        licence=_OPENRAIL,
        recipe=_MULTIDIFFUSION,
        softness_px=0.0,
        row="Table 1, MD ref, DDIM 50",
        source="published",
        note=f"{_REFERENCE}; guidance 7.5",
    ),
    Preset(
        name="multidiffusion-sdxl",
        title="MultiDiffusion on SDXL, reference",
        family="sdxl",
        weights=_SDXL,
        licence=_OPENRAIL_PLUS,
        recipe=replace(_MULTIDIFFUSION, model=_SDXL),
        softness_px=0.0,
        row="Table 3, MD ref, DDIM 50",
        source="deduced",
        note=f"{_REFERENCE}; guidance 7.5; the authors' port to SDXL is not published",
    ),
    Preset(
        name="multidiffusion-sd3",
        title="MultiDiffusion on SD3 medium, reference",
        family="sd3",
        weights=_SD3,
        licence=_STABILITY,
        recipe=replace(_MULTIDIFFUSION, model=_SD3, sampler="flow", guidance_scale=7.0),
        softness_px=0.0,
        row="Table 4, MD ref, FlowMatch",
        source="deduced",
        note=f"{_REFERENCE}; guidance 7.0, SD3's own; the authors' port to SD3 is not published",
    ),
)
"""All presets. What each of them was run with, and what not, stands in docs/presets.md."""


def preset(name: str) -> Preset:
    """The preset of that name, or a UsageError that lists them."""
    for known in PRESETS:
        if known.name == name:
            return known
    raise UsageError(f"no preset {name!r}; there are {', '.join(known.name for known in PRESETS)}")
