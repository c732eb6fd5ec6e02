"""All that a painter can do, as a tagged union; `apply(scene, command)` gives the next scene.

Painted bytes travel deflated (zlib); they are inflated here, against their exact expected size.
"""

from __future__ import annotations

import zlib
from typing import Annotated, assert_never

import msgspec
from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from semdraw.errors import SceneError
from semdraw.geometry import MAX_SIDE_PX, Bounds
from semdraw.rasters import Mask
from semdraw.scene import (
    MAX_STYLES,
    Background,
    Brush,
    Color,
    FrameNumber,
    Frozen,
    Id,
    Layer,
    Move,
    Name,
    Prompt,
    Recipe,
    Scene,
    Seed,
    Share,
    Softness,
    Style,
    checked,
)

Coordinate = Annotated[int, msgspec.Meta(ge=0, le=MAX_SIDE_PX)]
Side = Annotated[int, msgspec.Meta(ge=1, le=MAX_SIDE_PX)]
Index = Annotated[int, msgspec.Meta(ge=0, le=1_000)]


class _Command(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind"):
    pass


class AddBrush(_Command, frozen=True, tag="add_brush"):
    """A new brush with a blank layer; `index` counts from the bottom, left out it goes on top."""

    brush: Brush
    index: Index | None = None


class EditBrush(_Command, frozen=True, tag="edit_brush"):
    """Change the fields that are given; `seed: null` returns to the seed of the scene."""

    brush_id: Id
    prompt: Prompt | UnsetType = UNSET
    negative: Prompt | UnsetType = UNSET
    name: Name | UnsetType = UNSET
    color: Color | UnsetType = UNSET
    strength: Share | UnsetType = UNSET
    prompt_strength: Share | UnsetType = UNSET
    softness_px: Softness | UnsetType = UNSET
    seed: Seed | UnsetType | None = UNSET
    acts_from: Share | UnsetType = UNSET
    acts_until: Share | UnsetType = UNSET


class RemoveBrush(_Command, frozen=True, tag="remove_brush"):
    brush_id: Id


class MoveLayer(_Command, frozen=True, tag="move_layer"):
    """Put the layer at `index`, counted from the bottom."""

    brush_id: Id
    index: Index


class EditLayer(_Command, frozen=True, tag="edit_layer"):
    """Change the fields that are given; unlocking lets frozen pixels go."""

    brush_id: Id
    visible: bool | UnsetType = UNSET
    locked: bool | UnsetType = UNSET
    frozen: Frozen | UnsetType | None = UNSET
    moved_px: Move | UnsetType = UNSET


class PaintMask(_Command, frozen=True, tag="paint_mask"):
    """Replace a rectangle of a mask; `alpha` is zlib-deflated, one byte per pixel, rows from the top."""

    brush_id: Id
    x: Coordinate
    y: Coordinate
    width: Side
    height: Side
    alpha: bytes


class SetBackground(_Command, frozen=True, tag="set_background"):
    background: Background


class SetSeed(_Command, frozen=True, tag="set_seed"):
    seed: Seed


class SetFrame(_Command, frozen=True, tag="set_frame"):
    """Another place in the endless variation: where a flow was stopped."""

    frame: FrameNumber


class SetStyles(_Command, frozen=True, tag="set_styles"):
    """The styles of the whole scene, in the order in which they are put around its prompts."""

    styles: Annotated[tuple[Style, ...], msgspec.Meta(max_length=MAX_STYLES)]


class SetRecipe(_Command, frozen=True, tag="set_recipe"):
    recipe: Recipe


class ReplaceScene(_Command, frozen=True, tag="replace_scene"):
    """The whole document: a file was opened, or the page comes back after a lost connection."""

    scene: Scene


Command = (
    AddBrush
    | EditBrush
    | RemoveBrush
    | MoveLayer
    | EditLayer
    | PaintMask
    | SetBackground
    | SetSeed
    | SetFrame
    | SetStyles
    | SetRecipe
    | ReplaceScene
)


def inflate(data: bytes, *, size: int) -> bytes:
    """Undo zlib; the result has exactly `size` bytes or a SceneError is raised, without inflating more."""
    unpacker = zlib.decompressobj()
    try:
        raw = unpacker.decompress(data, size + 1)
    except zlib.error as error:
        raise SceneError(f"painted bytes must be zlib-deflated: {error}") from None
    if len(raw) != size or not unpacker.eof or unpacker.unused_data:
        raise SceneError(f"expected {size} painted bytes after inflating, got {len(raw)} or more")
    return raw


def apply(scene: Scene, command: Command) -> Scene:
    """The scene after the command; a SceneError leaves nothing changed."""
    match command:
        case AddBrush():
            return _add_brush(scene, command)
        case EditBrush(brush_id=brush_id):
            return scene.with_brush(replace(scene.brush(brush_id), **_given(command)))
        case RemoveBrush(brush_id=brush_id):
            return _remove_brush(scene, brush_id)
        case MoveLayer(brush_id=brush_id, index=index):
            return _move_layer(scene, brush_id, index)
        case EditLayer():
            return _edit_layer(scene, command)
        case PaintMask():
            return _paint_mask(scene, command)
        case SetBackground(background=background):
            return checked(scene.with_canvas(background=background))
        case SetSeed(seed=seed):
            return replace(scene, seed=seed)
        case SetFrame(frame=frame):
            return replace(scene, frame=frame)
        case SetStyles(styles=styles):
            return checked(replace(scene, styles=styles))
        case SetRecipe(recipe=recipe):
            return checked(replace(scene, recipe=recipe))
        case ReplaceScene(scene=new):
            return checked(new)
        case _:
            assert_never(command)


def _given(command: EditBrush | EditLayer) -> dict[str, object]:
    fields = {name: getattr(command, name) for name in command.__struct_fields__ if name != "brush_id"}
    return {name: value for name, value in fields.items() if value is not UNSET}


def _edit_layer(scene: Scene, command: EditLayer) -> Scene:
    given = _given(command)
    if command.locked is False:
        given = {"frozen": None, **given}
    edited = scene.with_layer(replace(scene.layer(command.brush_id), **given))
    return edited if given.get("frozen") is None else checked(edited)


def _add_brush(scene: Scene, command: AddBrush) -> Scene:
    layers = list(scene.canvas.layers)
    layer = Layer(brush_id=command.brush.id, mask=Mask.blank(scene.canvas.extent))
    layers.insert(len(layers) if command.index is None else command.index, layer)
    added = replace(scene, brushes=(*scene.brushes, command.brush))
    return checked(added.with_canvas(layers=tuple(layers)))


def _remove_brush(scene: Scene, brush_id: str) -> Scene:
    scene.brush(brush_id)
    removed = replace(scene, brushes=tuple(brush for brush in scene.brushes if brush.id != brush_id))
    return removed.with_canvas(layers=tuple(x for x in scene.canvas.layers if x.brush_id != brush_id))


def _move_layer(scene: Scene, brush_id: str, index: int) -> Scene:
    layer = scene.layer(brush_id)
    layers = [x for x in scene.canvas.layers if x.brush_id != brush_id]
    layers.insert(index, layer)
    return scene.with_canvas(layers=tuple(layers))


def _paint_mask(scene: Scene, command: PaintMask) -> Scene:
    layer = scene.layer(command.brush_id)
    bounds = Bounds(command.x, command.y, command.width, command.height)
    if not bounds.is_within(scene.canvas.extent):
        raise SceneError(f"{bounds} lies outside of the canvas {scene.canvas.extent}")
    alpha = inflate(command.alpha, size=bounds.width * bounds.height)
    return scene.with_layer(replace(layer, mask=layer.mask.painted(bounds, alpha)))
