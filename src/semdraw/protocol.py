"""Wire protocol, version 1: what page and server say to each other over one WebSocket.

Every message is one binary frame of msgpack, a map with the key `kind`. Structs are strict: unknown fields and values
out of range are refused. A mask travels as {width, height, deflate: zlib bytes}, a picture as {png: bytes} (PNG, JPEG
or WebP on the way up); an extent as [width, height].
"""

from __future__ import annotations

import zlib
from typing import Annotated, Any, Literal

import msgspec

from semdraw.commands import Command, inflate
from semdraw.errors import ProtocolError, SceneError
from semdraw.geometry import MAX_AREA_PX, MAX_SIDE_PX, Extent
from semdraw.pictures import picture_from_bytes, png_bytes
from semdraw.rasters import Mask, Picture
from semdraw.reports import Hint, Timings
from semdraw.scene import MAX_MASKS_PX, Recipe, Scene

VERSION = 1
MAX_MESSAGE_BYTES = 16 * 2**20

Count = Annotated[int, msgspec.Meta(ge=0, lt=2**53)]
ModelName = Annotated[str, msgspec.Meta(min_length=1, max_length=255)]


class _Message(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind"):
    pass


# ---- page to server ----
class Hello(_Message, frozen=True, tag="hello"):
    """First message of a connection: the version that the page speaks and its whole document, if it has one."""

    version: int
    scene: Scene | None = None


class Edit(_Message, frozen=True, tag="edit"):
    """One command. `seq` counts the page's edits; a number seen before is acknowledged and otherwise ignored."""

    seq: Count
    command: Command


class SetLive(_Message, frozen=True, tag="set_live"):
    """Live off: edits are still kept, no picture is made."""

    live: bool


class SetFlow(_Message, frozen=True, tag="set_flow"):
    """Endless variation: each picture `speed` frames further than the last, at most `per_s` a second; 0 ends it.

    Frames of a flow are settled and carry their frame number. What is shown when a flow ends stays, until the next
    edit; `SetFrame` with the number of that frame makes it part of the scene.
    """

    speed: Annotated[float, msgspec.Meta(ge=0.0, le=1.0)]
    per_s: Annotated[float, msgspec.Meta(gt=0.0, le=60.0)] = 8.0


class Shown(_Message, frozen=True, tag="shown"):
    """The page has shown this frame and takes the next one."""

    number: Count


class SwitchModel(_Message, frozen=True, tag="switch_model"):
    """Have another model paint, for everybody; answered by ModelChanged, or by Refused with the reason."""

    model: ModelName


ClientMessage = Hello | Edit | SetLive | SetFlow | Shown | SwitchModel


# ---- server to page ----
class Concept(msgspec.Struct, frozen=True):
    """A word that the model knows."""

    name: str
    synonyms: tuple[str, ...] = ()


class SamplerChoice(msgspec.Struct, frozen=True):
    """A sampler that suits the model, and what other tools call it."""

    name: str
    label: str


class ModelFacts(msgspec.Struct, frozen=True):
    """What the page needs to know of the running model; `recipe` is the one that it is best painted with.

    vocabulary: all single words that it was taught; none where it knows words in general.
    """

    name: str
    extent: Extent
    extent_multiple: int
    objects: tuple[Concept, ...] = ()
    backgrounds: tuple[Concept, ...] = ()
    samplers: tuple[SamplerChoice, ...] = ()
    recipe: Recipe = Recipe()
    vocabulary: tuple[str, ...] = ()


class Welcome(_Message, frozen=True, tag="welcome"):
    """Answer to Hello. `scene` is the starter scene when the page brought none."""

    version: int
    model: ModelFacts
    revision: Count
    scene: Scene | None = None


class Applied(_Message, frozen=True, tag="applied"):
    """The edit is part of the scene from this revision on."""

    seq: Count
    revision: Count


class Refused(_Message, frozen=True, tag="refused"):
    """A message or an edit was not accepted; `reason` is for people. `revision` is what the server holds."""

    reason: str
    seq: Count | None = None
    revision: Count = 0


class FrameMessage(_Message, frozen=True, tag="frame"):
    """One picture. `step` of `num_steps` is done; settled frames are final for their revision and frame number."""

    number: Count
    revision: Count
    step: int
    num_steps: int
    settled: bool
    extent: Extent
    timings: Timings
    jpeg: bytes
    hints: tuple[Hint, ...] = ()
    frame: float = 0.0


class Status(_Message, frozen=True, tag="status"):
    """How the engine fares; `reason` is for people and empty when all is well."""

    state: Literal["live", "paused", "loading", "recovering", "failed"]
    reason: str = ""


class ModelChanged(_Message, frozen=True, tag="model_changed"):
    """Another model paints from now on: the pictures of all painters are made anew."""

    model: ModelFacts


ServerMessage = Welcome | Applied | Refused | FrameMessage | Status | ModelChanged


def to_wire(value: Any) -> Any:
    """msgspec enc_hook: how masks and pictures travel."""
    match value:
        case Mask():
            packed = zlib.compress(value.data, 1)
            return {"width": value.extent.width, "height": value.extent.height, "deflate": packed}
        case Picture():
            return {"png": png_bytes(value.array)}
        case _:
            raise NotImplementedError(f"no wire form for {type(value)}")


def from_wire(kind: type, value: Any) -> Any:
    """msgspec dec_hook: the inverse of `to_wire`, with every size checked before anything is built."""
    match kind:
        case _ if kind is Mask:
            return _mask_from_wire(value)
        case _ if kind is Picture:
            return _picture_from_wire(value)
        case _:
            raise NotImplementedError(f"no wire form for {kind}")


def schema_of(kind: type) -> dict[str, Any]:
    """msgspec schema_hook: the JSON Schema of masks and pictures."""
    number = {"type": "integer"}
    binary = {"type": "string", "contentEncoding": "base64"}
    if kind is Mask:
        properties = {"width": number, "height": number, "deflate": binary}
    elif kind is Picture:
        properties = {"png": binary}
    else:
        raise NotImplementedError(f"no schema for {kind}")
    return {
        "type": "object",
        "title": kind.__name__,
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _mask_from_wire(value: Any) -> Mask:
    match value:
        case {"width": int(width), "height": int(height), "deflate": bytes(packed), **rest} if not rest:
            if not (0 < width <= MAX_SIDE_PX and 0 < height <= MAX_SIDE_PX and width * height <= MAX_AREA_PX):
                raise ValueError(f"mask of {width}x{height} px is out of bounds")
            return Mask(Extent(width, height), inflate(packed, size=width * height))
        case _:
            raise ValueError("expected a mask {width, height, deflate}")


def _picture_from_wire(value: Any) -> Picture:
    match value:
        case {"png": bytes(data), **rest} if not rest:
            return Picture.from_array(picture_from_bytes(data))
        case _:
            raise ValueError("expected a picture {png}")


_encoder = msgspec.msgpack.Encoder(enc_hook=to_wire)


def unpack(data: bytes, kind: Any) -> Any:
    """A value of type `kind`. All its masks together are bounded, so that a small message cannot fill the memory."""
    left = MAX_MASKS_PX

    def bounded(kind: type, value: Any) -> Any:
        nonlocal left
        raster = from_wire(kind, value)
        left -= raster.extent.area
        if left < 0:
            raise ValueError(f"masks of more than {MAX_MASKS_PX} px in all")
        return raster

    return msgspec.msgpack.decode(data, type=kind, dec_hook=bounded)


def encode(message: ClientMessage | ServerMessage) -> bytes:
    return _encoder.encode(message)


def decode_client(data: bytes) -> ClientMessage:
    """A message from the page, or a ProtocolError that says what is wrong with it."""
    return _decode(data, ClientMessage)


class _Numbered(msgspec.Struct, frozen=True):
    kind: Literal["edit"]
    seq: Count


def seq_of(data: bytes) -> int | None:
    """The number of an edit, though the rest of it may be out of bounds; None where it has none."""
    try:
        return msgspec.msgpack.decode(data, type=_Numbered).seq
    except (msgspec.DecodeError, ValueError, RecursionError):
        return None


def decode_server(data: bytes) -> ServerMessage:
    """A message from the server; for clients in Python."""
    return _decode(data, ServerMessage)


def _decode(data: bytes, kind: Any) -> Any:
    if len(data) > MAX_MESSAGE_BYTES:
        raise ProtocolError(f"a message may have {MAX_MESSAGE_BYTES} bytes, got {len(data)}")
    try:
        return unpack(data, kind)
    except (msgspec.DecodeError, SceneError, ValueError, RecursionError) as error:
        raise ProtocolError(f"not a message of version {VERSION}: {error}") from None


def json_schema(*answers: Any) -> dict[str, Any]:
    """JSON Schema of all messages; the page's types are generated from it. answers: other types to be told of."""
    messages, components = msgspec.json.schema_components(
        [ClientMessage, ServerMessage, *answers], schema_hook=schema_of, ref_template="#/$defs/{name}"
    )
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "semdraw wire v1",
        "oneOf": messages[:2],
        "$defs": components,
    }
