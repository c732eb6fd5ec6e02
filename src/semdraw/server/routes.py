"""What the server answers over HTTP, besides the page."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query, Request, Response, WebSocket
from fastapi.responses import HTMLResponse, JSONResponse

from semdraw.files import project_bytes
from semdraw.metadata import png_with_scene, scene_from_file
from semdraw.protocol import ModelFacts
from semdraw.server.bodies import (
    BYTES,
    JSON,
    MSGPACK,
    name_from_body,
    read_body,
    scene_from_body,
    scene_response,
)
from semdraw.server.guard import ENTRANCE, Access, Keys
from semdraw.server.socket import converse
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
    @router.get(ENTRANCE)
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

    @router.post("/api/models/load")
    async def load(request: Request) -> Response:
        """{"model": name} in; that model's facts out, once it paints for everybody."""
        data = await read_body(request, JSON)
        await studio.models.switch(name_from_body(data))
        return JSONResponse(_told_of(studio.model))


def _add_files(router: APIRouter, studio: Studio) -> None:
    """Projects and pictures, to be kept and brought back."""
    rendering = asyncio.Semaphore(_MAX_RENDERS)

    @router.post("/api/project/save")
    async def save(request: Request) -> Response:
        """A scene in, a project file out."""
        data = await read_body(request, MSGPACK)
        packed = await asyncio.to_thread(lambda: project_bytes(studio.signed(scene_from_body(data))))
        return Response(packed, media_type=BYTES)

    @router.post("/api/project/open")
    async def open_(request: Request) -> Response:
        """A project file, or a picture that carries its scene, in; the scene out."""
        data = await read_body(request, BYTES)
        return scene_response(await asyncio.to_thread(scene_from_file, data))

    @router.post("/api/render.png")
    async def render(request: Request) -> Response:
        """A scene in, its settled picture out, with the scene inside."""
        data = await read_body(request, MSGPACK)
        if rendering.locked():
            raise HTTPException(503, "other pictures are being made; try again in a moment")
        async with rendering:
            return Response(await asyncio.to_thread(_render, studio, data), media_type="image/png")


def _told_of(model: ModelFacts) -> dict[str, Any]:
    concepts = {"objects": model.objects, "backgrounds": model.backgrounds}
    words = {
        kind: [{"name": c.name, "synonyms": c.synonyms} for c in found] for kind, found in concepts.items()
    }
    return {"name": model.name, "extent": model.extent, "is_running": True, **words}


def _render(studio: Studio, data: bytes) -> bytes:
    return png_with_scene(*studio.render(scene_from_body(data), timeout_s=_RENDER_TIMEOUT_S))
