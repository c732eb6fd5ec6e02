"""HTTP bodies in and out: bounded reading, msgpack scenes, reasons in words."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from fastapi import HTTPException, Request, Response

from semdraw.errors import SceneError, UsageError
from semdraw.protocol import ModelName, to_wire, unpack
from semdraw.scene import Scene, checked
from semdraw.server.limits import MAX_BODY_BYTES

MSGPACK: Final = "application/msgpack"
BYTES: Final = "application/octet-stream"
JSON: Final = "application/json"

_encoder = msgspec.msgpack.Encoder(enc_hook=to_wire)


async def read_body(request: Request, kind: str) -> bytes:
    """The body, of media type `kind` only: a form on a foreign page cannot send that."""
    if request.headers.get("content-type", "").partition(";")[0].strip() != kind:
        raise HTTPException(415, f"this address takes {kind}")
    data = bytearray()
    async for chunk in request.stream():
        data += chunk
        if len(data) > MAX_BODY_BYTES:
            raise HTTPException(413, f"at most {MAX_BODY_BYTES // 2**20} MiB are taken")
    return bytes(data)


def takes(kind: str, schema: dict[str, Any] | None = None) -> dict[str, Any]:
    """What OpenAPI is told of a body that is read by hand; without a schema it is binary."""
    shape = schema or {"type": "string", "format": "binary"}
    return {"requestBody": {"required": True, "content": {kind: {"schema": shape}}}}


def scene_from_body(data: bytes) -> Scene:
    """A scene as it stands on the wire, or a SceneError."""
    try:
        return checked(unpack(data, Scene))
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise SceneError(f"not a scene: {error}") from None


class _Named(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    model: ModelName


def name_from_body(data: bytes) -> str:
    """The name in {"model": name}, or a UsageError."""
    try:
        return msgspec.json.decode(data, type=_Named).model
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise UsageError(f'wanted {{"model": "its name"}}, got something else: {error}') from None


def scene_response(scene: Scene) -> Response:
    return packed_response(scene)


def packed_response(value: Any) -> Response:
    """A value as it stands on the wire."""
    return Response(_encoder.encode(value), media_type=MSGPACK)
