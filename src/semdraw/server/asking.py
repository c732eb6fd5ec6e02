"""What a painter asks of one region, over HTTP: the pixels that its padlock keeps, and why it shows or does not."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from semdraw.freezing import pixels_of
from semdraw.reports import Inspection
from semdraw.scene import Frozen
from semdraw.server.bodies import MSGPACK, packed_response, read_body, scene_from_body, takes
from semdraw.server.gate import Gate
from semdraw.server.studio import Studio

_WITHIN_S = 120.0
BrushName = Annotated[str, Query(min_length=1, max_length=64)]


def asking_routes(studio: Studio) -> APIRouter:
    router, freezing, looking = APIRouter(), Gate(2, most_waiting=8), Gate(1, most_waiting=8)

    @router.post("/api/regions/freeze", openapi_extra=takes(MSGPACK), response_class=Response)
    async def freeze(request: Request, brush: BrushName) -> Response:
        """A scene in, the pixels that this brush's layer would keep of its settled picture out, or null."""
        data = await read_body(request, MSGPACK)
        return packed_response(await freezing.do(_frozen, studio, data, brush))

    @router.post("/api/regions/inspect", openapi_extra=takes(MSGPACK), response_class=Response)
    async def inspect(request: Request, brush: BrushName) -> Response:
        """A scene in, what of this brush's region takes part in each step out."""
        data = await read_body(request, MSGPACK)
        return packed_response(await looking.do(_inspected, studio, data, brush))

    return router


def _frozen(studio: Studio, data: bytes, brush_id: str) -> Frozen | None:
    scene = scene_from_body(data)
    scene.layer(brush_id)
    picture, _ = studio.render(scene, timeout_s=_WITHIN_S)
    return pixels_of(scene, brush_id, picture)


def _inspected(studio: Studio, data: bytes, brush_id: str) -> Inspection:
    from semdraw.inspection import inspect_region  # torch, which the engine has loaded by then

    scene = scene_from_body(data)
    return studio.engine.ask(lambda model: inspect_region(studio.fitted(scene), brush_id, model))
