"""A scene is a value: everything a picture depends on, frozen. Edits return new scenes."""

from __future__ import annotations

import re
import reprlib
from collections.abc import Iterable
from itertools import pairwise
from typing import Annotated, Any, Literal, NewType

import msgspec

from semdraw.errors import SceneError
from semdraw.geometry import MAX_AREA_PX, MAX_SIDE_PX, Bounds, Extent
from semdraw.rasters import Mask, Picture, Raster

BrushId = NewType("BrushId", str)

MAX_BRUSHES = 64
MAX_MASKS_PX = 128_000_000  # all masks of a scene together
MAX_PROMPT = 2_000
MAX_NAME = 120
MAX_STYLES = 16
MAX_ENLARGE = 8.0

Id = Annotated[str, msgspec.Meta(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_-]+$")]
Prompt = Annotated[str, msgspec.Meta(max_length=MAX_PROMPT)]
Name = Annotated[str, msgspec.Meta(max_length=MAX_NAME)]
Color = Annotated[str, msgspec.Meta(pattern=r"^#[0-9a-f]{6}$")]
Share = Annotated[float, msgspec.Meta(ge=0.0, le=1.0)]
Seed = Annotated[int, msgspec.Meta(ge=0, lt=2**32)]
Softness = Annotated[float, msgspec.Meta(ge=0.0, le=100.0)]
Length = Annotated[int, msgspec.Meta(ge=0, le=MAX_SIDE_PX)]
Offset = Annotated[int, msgspec.Meta(ge=-(2**20), le=2**20)]
Move = tuple[Offset, Offset]
MAX_FRAME = 2**20
FrameNumber = Annotated[float, msgspec.Meta(ge=0.0, lt=MAX_FRAME)]


class Value(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of the frozen values: compared by content, unknown fields refused."""


class Brush(Value, frozen=True):
    """What a brush means. `softness_px` is the blur of its mask, at a canvas of 512 px.

    negative: what guidance leads away from; it acts while guidance is on.
    acts_from, acts_until: during which share of the steps it takes part, the noisiest first; it takes one at least.
    """

    id: Id
    prompt: Prompt = ""
    negative: Prompt = ""
    name: Name = ""
    color: Color = "#5b8def"
    strength: Share = 1.0
    prompt_strength: Share = 1.0
    softness_px: Softness = 4.0
    seed: Seed | None = None
    acts_from: Share = 0.0
    acts_until: Share = 1.0


class Frozen(Value, frozen=True):
    """Pixels of a finished picture that a locked layer keeps, whatever is painted beside it.

    x, y: where the left upper corner of `picture` lies on the canvas. mask, as large as `picture`: where it is 255 the
    picture keeps these bytes; where it is less, as on a soft rim, it keeps that share of them.
    """

    x: Length
    y: Length
    picture: Picture
    mask: Mask

    @property
    def bounds(self) -> Bounds:
        return Bounds(self.x, self.y, *self.picture.extent)


class Layer(Value, frozen=True):
    """Where a brush was painted. One per brush; the order of layers is the order of the canvas, bottom first.

    locked: no stroke changes it. frozen: nor does its picture change; only locked layers have it.
    moved_px: how far, to the right and down, its region was moved since it was painted; it takes its noise along, in
    whole cells of the model.
    """

    brush_id: Id
    mask: Mask
    visible: bool = True
    locked: bool = False
    frozen: Frozen | None = None
    moved_px: Move = (0, 0)


class PromptBackground(Value, frozen=True, tag="prompt"):
    """A background described in words; an empty prompt means plain white. `negative` acts while guidance is on."""

    prompt: Prompt = ""
    negative: Prompt = ""


class ColorBackground(Value, frozen=True, tag="color"):
    """A plain ground."""

    color: Color = "#ffffff"


class ImageBackground(Value, frozen=True, tag="image"):
    """A picture that stays wherever nothing is painted.

    prompt: what it shows, where a brush's `prompt_strength` or suffix asks for it; `negative` goes with it.
    """

    picture: Picture
    prompt: Prompt = ""
    negative: Prompt = ""


Background = PromptBackground | ColorBackground | ImageBackground


class Style(Value, frozen=True):
    """Words around all prompts of a scene, that of the background too: `{prompt}` stands for each of them.

    Without `{prompt}` the words follow it after a comma. negative: likewise for what is to be avoided.
    """

    name: Name = ""
    prompt: Prompt = ""
    negative: Prompt = ""


Sampler = Literal[
    "lcm", "tcd", "euler_trailing", "ddim", "ddim_trailing", "flow", "flow_trailing", "flow_lcm"
]
MaskMode = Literal["discrete", "semi_continuous", "continuous"]
MethodName = Literal["exact", "joint", "published", "multidiffusion"]
Guidance = Literal["full", "residual_self", "residual_once"]
BootstrapSteps = Annotated[int, msgspec.Meta(ge=0, le=50)]
GridPoint = Annotated[int, msgspec.Meta(ge=0, lt=1000)]


class Recipe(Value, frozen=True):
    """How the picture is made: model, sampler and the settings of the method. `gamma` is for `tcd` alone.

    step_indices: which steps of `grid_steps` are taken; empty means `num_steps` even ones.
    bootstrap_steps: first steps that show a region alone; bootstrap_mix: how many of them show it on a plain ground,
    the others on what lies behind; 2.3 means two, and a third of the third.
    leak_sensitivity: how little a region may differ from that ground and still count as drawn; 0 counts all of it.
    guidance_scale: 1 is off; guidance_delta: share of the residual noise.
    region_suffix: what is added to the prompts of regions; {background} in it stands for the words of the background.
    region_suffix, window_px, tile_px: None is the model's own; 0 px is the whole canvas.
    blend: whether a known background keeps its own pixels where nothing is painted.
    enlarge: above 1 a picture is drawn in two passes: so many times smaller, then enlarged and drawn finer.
    """

    model: Name = "picturebook"
    weights_hash: Annotated[str, msgspec.Meta(max_length=64)] = ""
    sampler: Sampler = "lcm"
    num_steps: Annotated[int, msgspec.Meta(ge=1, le=100)] = 4
    gamma: Share = 0.3
    method: MethodName = "exact"
    step_indices: Annotated[tuple[GridPoint, ...], msgspec.Meta(max_length=100)] = ()
    grid_steps: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 50
    bootstrap_steps: BootstrapSteps = 2
    bootstrap_mix: Annotated[float, msgspec.Meta(ge=0.0, le=50.0)] = 50.0
    leak_sensitivity: Annotated[float, msgspec.Meta(ge=0.0, le=10.0)] = 0.2
    mask_mode: MaskMode = "continuous"
    guidance_scale: Annotated[float, msgspec.Meta(ge=1.0, le=30.0)] = 1.0
    guidance: Guidance = "full"
    guidance_delta: Annotated[float, msgspec.Meta(ge=0.0, le=2.0)] = 1.0
    cover: Share = 0.3
    region_suffix: Prompt | None = None
    window_px: Length | None = None
    tile_px: Length | None = None
    blend: bool = True
    enlarge: Annotated[float, msgspec.Meta(ge=1.0, le=MAX_ENLARGE)] = 1.0

    @property
    def step_count(self) -> int:
        """How many steps a picture takes."""
        return len(self.step_indices) or self.num_steps

    @property
    def is_guided(self) -> bool:
        return self.guidance_scale > 1

    @property
    def uses_negatives(self) -> bool:
        """Whether negative prompts act."""
        return self.is_guided and self.guidance != "residual_self"


class Canvas(Value, frozen=True):
    """Size, background and layers, bottom first."""

    extent: Extent
    layers: Annotated[tuple[Layer, ...], msgspec.Meta(max_length=MAX_BRUSHES)] = ()
    background: Background = PromptBackground()


class Scene(Value, frozen=True):
    """All that a picture depends on.

    frame: where in the endless variation of its seeds; whole numbers have noise of their own, between them it drifts.
    """

    canvas: Canvas
    brushes: Annotated[tuple[Brush, ...], msgspec.Meta(max_length=MAX_BRUSHES)] = ()
    recipe: Recipe = Recipe()
    seed: Seed = 0
    styles: Annotated[tuple[Style, ...], msgspec.Meta(max_length=MAX_STYLES)] = ()
    frame: FrameNumber = 0.0

    @classmethod
    def blank(cls, extent: Extent) -> Scene:
        return checked(cls(canvas=Canvas(extent=extent)))

    @classmethod
    def from_masks(
        cls,
        regions: Iterable[tuple[str, Any]],
        *,
        extent: Extent | None = None,
        background: Background | str = "",
        seed: int = 0,
        recipe: Recipe | None = None,
    ) -> Scene:
        """One region per (prompt, mask), bottom first; see `Mask.of` for what a mask may be.

        The canvas has the size of the masks; without any, of `extent`. A background in words may be given as a
        string. A model's own recipe is `model.spec.recipe`; without one it is four steps of `lcm`.
        """
        named = [
            (f"region-{number}", prompt, Mask.of(mask))
            for number, (prompt, mask) in enumerate(regions, start=1)
        ]
        if extent is None and not named:
            raise SceneError("a scene from masks needs at least one (prompt, mask), or its extent")
        layers = tuple(Layer(brush_id=name, mask=mask) for name, _, mask in named)
        behind = PromptBackground(prompt=background) if isinstance(background, str) else background
        canvas = Canvas(extent=extent or named[0][2].extent, layers=layers, background=behind)
        brushes = tuple(Brush(id=name, prompt=prompt) for name, prompt, _ in named)
        return checked(cls(canvas=canvas, brushes=brushes, recipe=recipe or Recipe(), seed=seed))

    def brush(self, brush_id: str) -> Brush:
        for brush in self.brushes:
            if brush.id == brush_id:
                return brush
        raise SceneError(f"no brush {brush_id!r}; there are {[brush.id for brush in self.brushes]}")

    def layer(self, brush_id: str) -> Layer:
        for layer in self.canvas.layers:
            if layer.brush_id == brush_id:
                return layer
        raise SceneError(
            f"no layer of brush {brush_id!r}; there are {[x.brush_id for x in self.canvas.layers]}"
        )

    def with_canvas(self, **changes: Any) -> Scene:
        return msgspec.structs.replace(self, canvas=msgspec.structs.replace(self.canvas, **changes))

    def with_brush(self, brush: Brush) -> Scene:
        """This scene with the brush of the same id replaced."""
        self.brush(brush.id)
        return msgspec.structs.replace(
            self, brushes=tuple(brush if b.id == brush.id else b for b in self.brushes)
        )

    def with_layer(self, layer: Layer) -> Scene:
        """This scene with the layer of the same brush replaced."""
        self.layer(layer.brush_id)
        return self.with_canvas(
            layers=tuple(layer if x.brush_id == layer.brush_id else x for x in self.canvas.layers)
        )


def checked(scene: Scene) -> Scene:
    """The scene itself, or a SceneError: the rules that types alone do not hold."""
    if len(scene.brushes) > MAX_BRUSHES:
        raise SceneError(f"at most {MAX_BRUSHES} brushes, got {len(scene.brushes)}")
    check_values(scene)
    extent = scene.canvas.extent
    check_sizes(extent, len(scene.canvas.layers))
    if isinstance(scene.canvas.background, ImageBackground):
        _check_extent("a picture behind", scene.canvas.background.picture.extent)
    brush_ids = [brush.id for brush in scene.brushes]
    if len(set(brush_ids)) != len(brush_ids):
        raise SceneError(f"brush ids must differ, got {brush_ids}")
    if sorted(brush_ids) != sorted(layer.brush_id for layer in scene.canvas.layers):
        raise SceneError("every brush has one layer and every layer one brush")
    for layer in scene.canvas.layers:
        _check_layer(layer, extent)
    kept_px = sum(2 * layer.frozen.mask.extent.area for layer in scene.canvas.layers if layer.frozen)
    if len(scene.canvas.layers) * extent.area + kept_px > MAX_MASKS_PX:
        raise SceneError(
            f"masks and frozen pixels together take more than {MAX_MASKS_PX} px; unlock a region"
        )
    return scene


def check_sizes(extent: Extent, num_layers: int) -> None:
    """A SceneError where a canvas, or the masks of so many layers, would be too large."""
    _check_extent("a canvas", extent)
    if num_layers * extent.area > MAX_MASKS_PX:
        raise SceneError(
            f"a canvas of {extent} holds at most {MAX_MASKS_PX // extent.area} brushes, got {num_layers}"
        )


def _check_layer(layer: Layer, extent: Extent) -> None:
    if layer.mask.extent != extent:
        raise SceneError(f"the mask of {layer.brush_id!r} is {layer.mask.extent}, the canvas is {extent}")
    if (frozen := layer.frozen) is None:
        return
    if not layer.locked:
        raise SceneError(f"{layer.brush_id!r} has frozen pixels and is not locked; lock it, or let them go")
    if frozen.mask.extent != frozen.picture.extent or not frozen.bounds.is_within(extent):
        raise SceneError(
            f"frozen pixels of {layer.brush_id!r} lie at {frozen.bounds} under a mask of {frozen.mask.extent}; "
            f"wanted one size for both, within the canvas {extent}"
        )


def check_values(scene: Scene) -> None:
    """A SceneError where anything in a scene is not what its type allows: Python itself looks at none of that.

    Innermost values come first, so that a message names the value that is wrong.
    """
    parts = (
        scene.recipe,
        *scene.styles,
        *scene.brushes,
        scene.canvas.background,
        *scene.canvas.layers,
        scene.canvas,
    )
    for value in (*parts, scene):
        _check_value(value)
    check_steps(scene.recipe)


def _check_value(value: Any) -> None:
    """A SceneError where a file could not be read again that holds this value; pixels are left as they are."""
    rasters: list[Raster] = []

    def put_aside(raster: Any) -> int:
        if not isinstance(raster, Raster):
            raise TypeError(f"got {raster!r}, which no file can hold")
        rasters.append(raster)
        return len(rasters) - 1

    def put_back(_: type, number: Any) -> Raster:
        return rasters[number]

    try:
        plain = msgspec.to_builtins(value, enc_hook=put_aside)
        msgspec.convert(plain, type(value), dec_hook=put_back)
        msgspec.json.encode(plain)
    except (msgspec.ValidationError, TypeError, UnicodeEncodeError) as error:
        words, _, where = str(error).partition(" - at `$.")
        name = re.split(r"[\[.`]", where)[0]
        got = f"{name} = {reprlib.repr(getattr(value, name, None))}" if name else reprlib.repr(value)
        raise SceneError(f"{type(value).__name__} with {got}: {words[:1].lower()}{words[1:]}") from None


def check_steps(recipe: Recipe) -> None:
    """A SceneError where a recipe's own list of steps does not go down a grid."""
    steps, grid = recipe.step_indices, recipe.grid_steps
    if any(before >= after for before, after in pairwise(steps)):
        raise SceneError(f"step_indices must rise, got {list(steps)}; try {sorted(set(steps))}")
    if steps and not all(0 <= step < grid for step in steps):
        raise SceneError(
            f"step_indices lie on a grid of {grid} steps, hence from 0 to {grid - 1}, got {list(steps)}; "
            "give other ones, or another grid_steps"
        )


def _check_extent(what: str, extent: Extent) -> None:
    if not (min(extent) > 0 and max(extent) <= MAX_SIDE_PX and extent.area <= MAX_AREA_PX):
        raise SceneError(
            f"{what} has sides of 1 to {MAX_SIDE_PX} px and at most {MAX_AREA_PX} px in all, got {extent}"
        )
