"""Stills over plain JSON: a description in, a picture out, for whoever has no scene at hand."""

from __future__ import annotations

import base64
from typing import Annotated, Any, Literal

import msgspec
import numpy as np
from PIL import Image, ImageDraw
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from semdraw.errors import SceneError, UsageError
from semdraw.geometry import MAX_SIDE_PX, Extent
from semdraw.models.registry import ModelCard
from semdraw.pictures import mask_from_bytes, picture_from_bytes
from semdraw.rasters import Mask, Picture
from semdraw.scene import (
    MAX_BRUSHES,
    MAX_PROMPT,
    Background,
    Brush,
    Canvas,
    ColorBackground,
    ImageBackground,
    Layer,
    PromptBackground,
    Recipe,
    Scene,
    check_sizes,
    checked,
)

Share = Annotated[float, Field(ge=0, le=1)]
Seed = Annotated[int, Field(ge=0, lt=2**32)]
Side = Annotated[int, Field(ge=1, le=MAX_SIDE_PX)]
Words = Annotated[str, Field(max_length=MAX_PROMPT)]
Place = Annotated[
    int, Field(ge=-MAX_SIDE_PX, le=2 * MAX_SIDE_PX)
]  # it may stick out, but it is not drawn for ever
Box = Annotated[list[Place], Field(min_length=4, max_length=4, description="x, y, width, height in pixels")]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class StillRegion(_Strict):
    """Where a prompt holds: exactly one of `mask`, `box` and `ellipse`."""

    prompt: Words
    negative: Words = ""
    mask: str | None = Field(None, description="base64 of a PNG, JPEG or WebP in which white is painted")
    box: Box | None = None
    ellipse: Box | None = None
    strength: Share = 1.0
    prompt_strength: Share = 1.0
    softness_px: Annotated[float, Field(ge=0, le=100)] = 4.0
    seed: Seed | None = None


class StillBackground(_Strict):
    """What lies behind: words, a colour, or a picture."""

    prompt: Words = ""
    negative: Words = ""
    color: Annotated[str, Field(pattern="^#[0-9a-f]{6}$")] | None = None
    picture: str | None = Field(
        None, description="base64 of a PNG, JPEG or WebP; it keeps its pixels where nothing is painted"
    )


class StillRequest(_Strict):
    """A still: regions from the bottom to the top over a background. What is left out is the model's own."""

    width: Side | None = None
    height: Side | None = None
    background: Words | StillBackground = ""
    regions: Annotated[list[StillRegion], Field(max_length=MAX_BRUSHES)] = []
    seed: Seed = 0
    recipe: dict[str, Any] = Field(
        {}, description="fields of the recipe: sampler, num_steps, guidance_scale, method …"
    )
    format: Literal["png", "webp", "jpg", "ora", "psd", "semdraw"] = "png"


def still_schema() -> dict[str, Any]:
    """JSON Schema of a request in one piece: what stands inside OpenAPI cannot refer to definitions of its own."""
    schema = StillRequest.model_json_schema()
    parts: dict[str, Any] = schema.pop("$defs")

    def whole(value: Any) -> Any:
        if isinstance(value, list):
            return [whole(each) for each in value]  # pyright: ignore[reportUnknownVariableType]
        if not isinstance(value, dict):
            return value
        name = value.get("$ref", "").rpartition("/")[2]
        return whole(parts[name]) if name else {key: whole(each) for key, each in value.items()}

    return whole(schema)


def still_from_json(data: bytes) -> StillRequest:
    """The request, or a UsageError that names the first field that is wrong."""
    try:
        return StillRequest.model_validate_json(data)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the body"
        raise UsageError(f"{where}: {first['msg']}; /api/openapi.json tells what is taken") from None


def scene_of_still(still: StillRequest, card: ModelCard) -> Scene:
    """The scene that a request describes, for the model of `card`, or a SceneError."""
    own = Extent(*card.extent)
    extent = Extent(still.width or own.width, still.height or own.height)
    check_sizes(extent, len(still.regions))  # before any mask is made
    masks = [_mask(region, extent, number) for number, region in enumerate(still.regions, start=1)]
    brushes = tuple(
        Brush(id=f"region-{number}", **region.model_dump(exclude={"mask", "box", "ellipse"}))
        for number, region in enumerate(still.regions, start=1)
    )
    layers = tuple(Layer(brush_id=brush.id, mask=mask) for brush, mask in zip(brushes, masks, strict=True))
    canvas = Canvas(extent=extent, layers=layers, background=_background(still.background))
    return checked(Scene(canvas=canvas, brushes=brushes, recipe=_recipe(still.recipe, card), seed=still.seed))


def _recipe(asked: dict[str, Any], card: ModelCard) -> Recipe:
    try:
        return msgspec.convert({**msgspec.to_builtins(card.recipe), **asked}, Recipe)
    except msgspec.ValidationError as error:
        raise SceneError(f"recipe: {error}") from None


def _background(asked: str | StillBackground) -> Background:
    if isinstance(asked, str):
        return PromptBackground(prompt=asked)
    if asked.picture is not None:
        picture = Picture.from_array(picture_from_bytes(_bytes(asked.picture, "background.picture")))
        return ImageBackground(picture=picture, prompt=asked.prompt, negative=asked.negative)
    if asked.color is not None:
        return ColorBackground(color=asked.color)
    return PromptBackground(prompt=asked.prompt, negative=asked.negative)


def _mask(region: StillRegion, extent: Extent, number: int) -> Mask:
    forms = [region.mask, region.box, region.ellipse]
    if sum(form is not None for form in forms) != 1:
        raise SceneError(f"region {number} ({region.prompt!r}) wants exactly one of mask, box and ellipse")
    if region.mask is not None:
        return Mask.from_array(mask_from_bytes(_bytes(region.mask, f"mask of region {number}"), extent))
    x, y, width, height = region.box or region.ellipse or []
    if width < 1 or height < 1:
        raise SceneError(f"region {number} ({region.prompt!r}) has no area: {width}x{height} px")
    canvas = Image.new("L", extent)
    draw = ImageDraw.Draw(canvas)
    corners = (x, y, x + width - 1, y + height - 1)
    if region.box is not None:
        draw.rectangle(corners, fill=255)
    else:
        draw.ellipse(corners, fill=255)
    return Mask.from_array(np.asarray(canvas))


def _bytes(text: str, what: str) -> bytes:
    try:
        return base64.b64decode(text.rpartition(",")[2], validate=True)
    except ValueError as error:
        raise SceneError(f"{what} is not base64: {error}") from None
