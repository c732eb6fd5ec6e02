"""Does this model do here what it should? The contract that holds for every model, with numbers and their bounds."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor

from semdraw.errors import ExtentError
from semdraw.geometry import Bounds, Extent
from semdraw.live import Stream
from semdraw.models.base import Conditioning, DiffusionModel, Rows
from semdraw.rasters import Mask, Picture
from semdraw.reference import by_diffusers, by_semdraw, pipeline_around, plain_recipe, seeded_field
from semdraw.regions import compile_regions
from semdraw.scene import Brush, Canvas, ImageBackground, Layer, PromptBackground, Recipe, Sampler, Scene
from semdraw.schedule import build_schedule
from semdraw.still import Progress, denoise_steps, generate
from semdraw.stream import StreamState, stream_step

# How far results may lie apart, as a share of the largest number: what a few steps leave of a precision's last digits.
# Convolutions of accelerators round fp32 to TF32 by default.
_BOUNDS: Final = {torch.float16: 2e-2, torch.bfloat16: 1e-1}
_FP32_CPU: Final = 1e-4
_FP32_ACCELERATED: Final = 5e-3


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a check went. found and bound: a number and what it may be at most; words: what else is to say."""

    is_passed: bool
    found: float | None = None
    bound: float | None = None
    words: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check(Outcome):
    """One claim, how it went and how long it took."""

    name: str
    claim: str
    elapsed_s: float


def outcome(found: float, bound: float, words: str = "") -> Outcome:
    """Passed where `found` is at most `bound`."""
    if not math.isfinite(found):
        return Outcome(is_passed=False, bound=bound, words=f"numbers that are not finite {words}".strip())
    return Outcome(is_passed=found <= bound, found=found, bound=bound, words=words)


def not_compared(words: str) -> Outcome:
    """Nothing to hold it against: passed, and said."""
    return Outcome(is_passed=True, words=f"{words}: not compared")


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """The model under check, the canvas, and the bound that its precision allows."""

    model: DiffusionModel
    extent: Extent

    @property
    def dtype(self) -> torch.dtype:
        """In which numbers the network computes."""
        parts: dict[str, Any] = getattr(self.model, "parts", {})
        network = parts.get("unet", parts.get("transformer"))
        return getattr(network, "dtype", torch.float32)

    @property
    def bound(self) -> float:
        plain = _FP32_CPU if self.model.device.type == "cpu" else _FP32_ACCELERATED
        return _BOUNDS.get(self.dtype, plain)

    @property
    def samplers(self) -> tuple[Sampler, Sampler]:
        """One with fresh noise, one without."""
        return ("flow_lcm", "flow") if self.model.spec.training.is_flow else ("lcm", "euler_trailing")

    def scene(self, **changes: Any) -> Scene:
        """Two regions side by side, and a background in words unless `changes` of the canvas say otherwise."""
        width, height = self.extent
        half = Bounds(0, 0, width // 2, height), Bounds(width // 2, 0, width - width // 2, height)
        layers = tuple(
            Layer(brush_id=name, mask=painted(self.extent, box))
            for name, box in zip(("left", "right"), half, strict=True)
        )
        canvas = Canvas(extent=self.extent, layers=layers, background=PromptBackground(prompt="night sky"))
        brushes = (Brush(id="left", prompt="a castle"), Brush(id="right", prompt="a full moon"))
        recipe = Recipe(sampler=self.samplers[0])
        return Scene(canvas=canvas, brushes=brushes, recipe=recipe, seed=7).with_canvas(**changes)


def painted(extent: Extent, box: Bounds) -> Mask:
    """A mask that is fully painted inside `box`."""
    alpha = np.zeros(extent.shape, np.uint8)
    alpha[box.slices] = 255
    return Mask.from_array(alpha)


def run_checks(model: DiffusionModel, extent: Extent | None = None) -> Iterator[Check]:
    """All checks, one after the other, as they end; what raises has failed."""
    subject = Subject(model=model, extent=extent or model.spec.extent)
    require_whole(subject.extent, model.spec.extent_multiple)
    for name, (claim, check) in CHECKS.items():
        started = time.perf_counter()
        try:
            found = check(subject)
        except Exception as error:
            found = Outcome(is_passed=False, words=f"{type(error).__name__}: {error}")
        yield Check(name=name, claim=claim, **asdict(found), elapsed_s=time.perf_counter() - started)


def require_whole(extent: Extent, multiple: int) -> None:
    """An ExtentError where a pipeline of diffusers could not take such a canvas, and hence not be compared with."""
    if any(side % multiple for side in extent):
        width, height = (max(multiple, round(side / multiple) * multiple) for side in extent)
        raise ExtentError(
            f"this model is checked on a canvas whose sides are multiples of {multiple} px, got {extent}; "
            f"try {Extent(width, height)}"
        )


def measure(model: DiffusionModel, extent: Extent | None = None) -> dict[str, float]:
    """How long a picture of two regions takes, and the memory that it took at most. Figures, not claims."""
    subject = Subject(model=model, extent=extent or model.spec.extent)
    steps: list[Progress] = []
    started = time.perf_counter()
    generate(model, subject.scene(), on_progress=steps.append)
    whole_ms = 1000 * (time.perf_counter() - started)
    return {
        "ms_per_step": round(steps[-1].elapsed_ms / len(steps), 1),
        "rows_per_step": round(steps[-1].rows / len(steps), 1),
        "ms_per_picture": round(whole_ms, 1),
        "peak_memory_mib": round(_peak_memory(model.device) / 2**20, 1),
    }


def _peak_memory(device: torch.device) -> float:
    """Bytes at most: of the card where there is one, else of the process."""
    if device.type == "cuda":
        return float(torch.cuda.max_memory_allocated(device))
    try:
        import resource
    except ImportError:  # not on Windows
        return 0.0
    unit = 1 if sys.platform == "darwin" else 1024  # bytes there, kibibytes elsewhere
    return float(unit * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)


def apart(found: Tensor, wanted: Tensor) -> float:
    """The largest difference as a share of the largest wanted number; infinite where anything is not finite."""
    found, wanted = found.float(), wanted.float().to(found.device)
    if not bool(torch.isfinite(found).all() and torch.isfinite(wanted).all()):
        return float("inf")
    return float((found - wanted).abs().max() / wanted.abs().max().clamp(min=1e-6))


def _equals_diffusers(subject: Subject, sampler: Sampler, guidance_scale: float) -> Outcome:
    model = subject.model
    pipeline = pipeline_around(model)
    if pipeline is None:
        return not_compared(
            f"no pipeline of diffusers for {model.spec.family}, or its parts lie on several devices"
        )
    recipe = plain_recipe(sampler, guidance_scale=guidance_scale)
    field = seeded_field(model, subject.extent)
    wanted = by_diffusers(pipeline, model.spec.training, recipe, extent=subject.extent, field=field)
    found = by_semdraw(model, recipe, extent=subject.extent, field=field)
    return outcome(apart(found, wanted), subject.bound, type(pipeline).__name__)


def _fresh_noise(subject: Subject) -> Outcome:
    if subject.model.spec.training.is_zero_snr:
        return not_compared("trained to zero signal, where diffusers' LCM divides by zero")
    return _equals_diffusers(subject, subject.samplers[0], 1.0)


def _guided(subject: Subject) -> Outcome:
    return _equals_diffusers(subject, subject.samplers[1], 4.0)


@torch.inference_mode()
def _mixed_rows(subject: Subject) -> Outcome:
    model = subject.model
    timesteps = build_schedule(model.spec.training, Recipe(sampler=subject.samplers[0])).timestep
    timesteps = timesteps.to(model.device)
    field = seeded_field(model, subject.extent)
    latents = torch.stack([field(index) for index in range(len(timesteps))])
    prompts = Conditioning.stack([model.encode_prompt(word) for word in ("a castle", "a moon", "", "a tree")])
    together = model.predict(Rows(latents=latents, timestep=timesteps, conditioning=prompts))
    rows = [slice(index, index + 1) for index in range(len(timesteps))]
    alone = [
        model.predict(Rows(latents=latents[row], timestep=timesteps[row], conditioning=prompts[row]))
        for row in rows
    ]
    return outcome(apart(together, torch.cat(alone)), subject.bound)


@torch.inference_mode()
def _stream(subject: Subject) -> Outcome:
    model = subject.model
    regions = compile_regions(subject.scene(), model)
    still = list(denoise_steps(regions, model))[-1].latents
    state, landed = StreamState(), None
    for _ in range(len(regions.schedule)):
        state, landed = stream_step(state, regions, model)
    if landed is None:
        return Outcome(is_passed=False, words="no picture landed")
    return outcome(apart(landed, still), subject.bound)


def _live(subject: Subject) -> Outcome:
    """Under the bounds of `_same_bytes`: a settled frame is made anew, and alone."""
    scene = subject.scene()
    with Stream(subject.model, scene) as stream:
        settled = next(frame.picture for frame in stream if frame.is_settled)
        again = next(stream).picture
    wanted = generate(subject.model, scene)
    differing = sum(float((picture.array != wanted.array).sum()) for picture in (settled, again))
    return outcome(differing, 0, "bytes that differ")


def _same_bytes(subject: Subject) -> Outcome:
    first, second = (generate(subject.model, subject.scene()).array for _ in range(2))
    return outcome(float((first != second).sum()), 0, "bytes that differ")


def _finite(subject: Subject) -> Outcome:
    """`generate` itself refuses numbers that are not finite; a picture of one colour shows a broken decoder."""
    picture = generate(subject.model, subject.scene())
    spread = float(picture.array.std())
    return Outcome(is_passed=spread > 0, words=f"pixels spread by {spread:.1f} of 255")


def _known_background(subject: Subject) -> Outcome:
    width, height = subject.extent
    rows, columns = np.mgrid[0:height, 0:width]
    channels = (columns % 256, rows % 256, (rows + columns) % 256)
    photo = Picture.from_array(np.stack(channels, axis=-1).astype(np.uint8))
    corner = painted(subject.extent, Bounds(0, 0, width // 2, height // 2))
    scene = subject.scene(background=ImageBackground(picture=photo))
    layers = (Layer(brush_id="left", mask=corner), Layer(brush_id="right", mask=Mask.blank(subject.extent)))
    scene = scene.with_canvas(layers=layers)
    bare = (compile_regions(scene, subject.model).cover[0] == 0).cpu().numpy()
    found = (generate(subject.model, scene).array != photo.array)[bare].sum()
    return outcome(float(found), 0, f"bytes that differ in {int(bare.sum())} bare pixels")


CHECKS: Final[dict[str, tuple[str, Callable[[Subject], Outcome]]]] = {
    "pipeline": (
        "One region over the whole canvas equals diffusers' own pipeline, noise for noise",
        _fresh_noise,
    ),
    "guided": ("The same with guidance and without fresh noise", _guided),
    "rows": ("A batch of mixed timesteps equals its rows one by one", _mixed_rows),
    "stream": ("Pictures that fly together equal the single picture", _stream),
    "live": ("A live stream settles on the bytes of the single picture, and stays there", _live),
    "repeat": ("The same scene gives the same bytes", _same_bytes),
    "finite": ("All numbers are finite and the picture is not flat", _finite),
    "background": ("A known background keeps its bytes wherever nothing is painted", _known_background),
}
