"""What the server answers over HTTP, besides the page."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any, Literal

from fastapi import APIRouter, HTTPException, Path, Query, Request, Response, WebSocket
from fastapi.responses import HTMLResponse, JSONResponse

from semdraw.exports import MEDIA_TYPES, exported, scene_from_file
from semdraw.files import project_bytes
from semdraw.protocol import ModelFacts, json_schema
from semdraw.scene import Scene
from semdraw.server.bodies import (
    BYTES,
    JSON,
    MSGPACK,
    name_from_body,
    read_body,
    scene_from_body,
    scene_response,
    takes,
)
from semdraw.server.gate import Gate
from semdraw.server.guard import ENTRANCE, Access, Keys
from semdraw.server.socket import converse
from semdraw.server.stills import scene_of_still, still_from_json, still_schema
from semdraw.server.studio import Studio

_RENDER_TIMEOUT_S = 120.0
_MAX_RENDERS = 2
_ENTERED = '<!doctype html><meta http-equiv="refresh" content="0; url=/"><title>semdraw</title>'


def routes(studio: Studio, access: Access, keys: Keys) -> APIRouter:
    """All routes of one server."""
    router = APIRouter()
    _add_entrance(router, access, keys)
    _add_engine(router, studio)
    _add_files(router, studio)

    @router.websocket("/ws")
    async def socket(websocket: WebSocket) -> None:
        await converse(websocket, studio)

    return router


def _add_entrance(router: APIRouter, access: Access, keys: Keys) -> None:
    @router.get(ENTRANCE, include_in_schema=False)
    async def enter(key: Annotated[str, Query(max_length=200)]) -> Response:
        """Trade a one-use key for the cookie. A page and no redirect: strict cookies are not sent along those."""
        if access.token is None or not keys.redeem(key):
            raise HTTPException(
                403, "this key was used already, or is none; the server's terminal shows a new one"
            )
        response = HTMLResponse(_ENTERED)
        response.set_cookie(access.cookie, access.token, httponly=True, samesite="strict", path="/")
        return response


def _add_engine(router: APIRouter, studio: Studio) -> None:
    """How it fares, which models there are, and the change from one to another."""

    @router.get("/healthz")
    async def health() -> Response:
        """200 while pictures can be made; the engine's own words otherwise."""
        status = studio.engine.status
        is_well = studio.engine.is_alive and status.state == "live"
        body = {
            "state": status.state,
            "reason": status.reason,
            "painters": studio.admission.num_painters,
            "rows": studio.engine.work.rows,
            "decodes": studio.engine.work.decodes,
        }
        return JSONResponse(body, 200 if is_well else 503)

    @router.get("/api/models")
    async def models() -> Response:
        """The model that paints with the words it knows, then the others that may be asked for."""
        others = [
            {"name": choice.name, "title": choice.title, "is_running": False}
            for choice in await asyncio.to_thread(studio.models.choices)
            if choice.name != studio.model.name
        ]
        return JSONResponse([_told_of(studio.model), *others])

    @router.post(
        "/api/models/load",
        openapi_extra=takes(
            JSON, {"type": "object", "required": ["model"], "properties": {"model": {"type": "string"}}}
        ),
    )
    async def load(request: Request) -> Response:
        """{"model": name} in; that model's facts out, once it paints for everybody."""
        data = await read_body(request, JSON)
        await studio.models.switch(name_from_body(data))
        return JSONResponse(_told_of(studio.model))


def _add_files(router: APIRouter, studio: Studio) -> None:
    """Projects and pictures, to be kept and brought back."""
    rendering, filing = Gate(_MAX_RENDERS), Gate(2, most_waiting=16)

    @router.post("/api/project/save", openapi_extra=takes(MSGPACK), response_class=Response)
    async def save(request: Request) -> Response:
        """A scene in, a project file out."""
        data = await read_body(request, MSGPACK)
        packed = await filing.do(lambda: project_bytes(studio.signed(scene_from_body(data))))
        return Response(packed, media_type=BYTES)

    @router.post("/api/project/open", openapi_extra=takes(BYTES), response_class=Response)
    async def open_(request: Request) -> Response:
        """A project file, an OpenRaster file, or a picture that carries its scene, in; the scene out (msgpack)."""
        data = await read_body(request, BYTES)
        return scene_response(await filing.do(scene_from_file, data))

    @router.get("/api/starters/{name}", response_class=Response)
    async def starter(name: Annotated[str, Path(max_length=64)]) -> Response:
        """One of the scenes to begin with, at the size of the model that paints (msgpack)."""
        return scene_response(await asyncio.to_thread(studio.starter_named, name))

    async def pictured(scene: Scene, ending: str) -> Response:
        """The settled picture as a file; made in turn with those of everybody else."""
        data = await rendering.do(_exported, studio, scene, ending)
        return Response(data, media_type=MEDIA_TYPES[ending])

    @router.post("/api/render.{ending}", openapi_extra=takes(MSGPACK), response_class=Response)
    async def render(request: Request, ending: Literal["png", "webp", "jpg", "ora", "psd"]) -> Response:
        """A scene in, its settled picture out, with the scene inside; ora and psd have a layer for each region."""
        data = await read_body(request, MSGPACK)
        return await pictured(await asyncio.to_thread(scene_from_body, data), ending)

    @router.post("/api/stills", openapi_extra=takes(JSON, still_schema()), response_class=Response)
    async def still(request: Request) -> Response:
        """Regions and a background in, as JSON; the picture out, with its scene inside."""
        asked = still_from_json(await read_body(request, JSON))
        scene = await asyncio.to_thread(scene_of_still, asked, studio.models.card)
        return await pictured(scene, asked.format)

    @router.get("/api/wire.json")
    async def wire() -> Response:
        """The JSON Schema of every message on /ws."""
        return JSONResponse(json_schema())


def _told_of(model: ModelFacts) -> dict[str, Any]:
    concepts = {"objects": model.objects, "backgrounds": model.backgrounds}
    words = {
        kind: [{"name": c.name, "synonyms": c.synonyms} for c in found] for kind, found in concepts.items()
    }
    return {"name": model.name, "extent": model.extent, "is_running": True, **words}


def _exported(studio: Studio, scene: Scene, ending: str) -> bytes:
    return exported(*studio.render(scene, timeout_s=_RENDER_TIMEOUT_S), ending)
