"""Pictures made in the background, and moving ones, over HTTP."""

from __future__ import annotations

import asyncio
from typing import Annotated, Literal

import msgspec
from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import JSONResponse

from semdraw.animations import MAX_FRAMES, animated_webp
from semdraw.errors import UsageError
from semdraw.exports import MEDIA_TYPES, exported
from semdraw.server.bodies import MSGPACK, read_body, scene_response, takes
from semdraw.server.gate import Gate
from semdraw.server.renders import Painted, Render, Renders, order_from_body, scenes_of
from semdraw.server.studio import Studio

_GONE = "this server knows no such order: it was started anew, or the order was finished long ago; render it again"


class Lapse(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A moving picture to make: pictures in their order, and how long each is seen."""

    frames: Annotated[tuple[bytes, ...], msgspec.Meta(min_length=2, max_length=MAX_FRAMES)]
    frame_ms: Annotated[int, msgspec.Meta(ge=20, le=5_000)] = 120


def making_routes(studio: Studio) -> APIRouter:
    """Orders for pictures, and time-lapses."""
    router, renders = APIRouter(), Renders(studio)
    _add_orders(router, renders, studio)
    _add_results(router, renders)
    filming = Gate(1, most_waiting=2)

    @router.post("/api/timelapse.webp", openapi_extra=takes(MSGPACK), response_class=Response)
    async def timelapse(request: Request) -> Response:
        """{frames, frame_ms} in (msgpack), an animated WebP out."""
        data = await read_body(request, MSGPACK)
        try:
            lapse = msgspec.msgpack.decode(data, type=Lapse)
        except (msgspec.DecodeError, ValueError, RecursionError) as error:
            raise UsageError(f"not a row of pictures: {error}") from None
        packed = await filming.do(lambda: animated_webp(lapse.frames, frame_ms=lapse.frame_ms))
        return Response(packed, media_type=MEDIA_TYPES["webp"])

    return router


def _add_orders(router: APIRouter, renders: Renders, studio: Studio) -> None:
    @router.post("/api/renders", openapi_extra=takes(MSGPACK), status_code=202)
    async def order(request: Request) -> JSONResponse:
        """An order (msgpack: scene, num_steps, scale, seeds) in; its id and how far it is out."""
        data = await read_body(request, MSGPACK)
        multiple = studio.models.card.extent_multiple
        scenes = await asyncio.to_thread(lambda: scenes_of(order_from_body(data), multiple=multiple))
        render = renders.begin(scenes, request.client.host if request.client else "")
        return JSONResponse(render.told(), 202)

    @router.get("/api/renders/{name}")
    async def progress(name: str) -> JSONResponse:
        """How far an order is: its state, finished pictures, and the step of the picture in hand."""
        return JSONResponse(_found(renders, name).told())

    @router.post("/api/renders/{name}/cancel")
    async def cancel(name: str) -> JSONResponse:
        """Paint nothing more of an order; its finished pictures stay. How far it came."""
        render = _found(renders, name)
        render.cancel()
        return JSONResponse(render.told())

    @router.delete("/api/renders/{name}", status_code=204)
    async def forget(name: str) -> Response:
        """Cancel an order if it is on its way, and let its pictures go."""
        renders.forget(name)
        return Response(status_code=204)


def _add_results(router: APIRouter, renders: Renders) -> None:
    packing = Gate(2, most_waiting=16)

    @router.get("/api/renders/{name}/{number}.scene", response_class=Response)
    async def scene(name: str, number: int) -> Response:
        """The scene of a finished picture (msgpack)."""
        return scene_response(_finished(renders, name, number).scene)

    @router.get("/api/renders/{name}/{number}.{ending}", response_class=Response)
    async def picture(
        name: str, number: int, ending: Literal["png", "webp", "jpg", "ora", "psd", "semdraw"]
    ) -> Response:
        """A finished picture as a file that carries its scene."""
        painted = _finished(renders, name, number)
        data = await packing.do(exported, painted.picture, painted.scene, ending)
        return Response(data, media_type=MEDIA_TYPES[ending])


def _found(renders: Renders, name: str) -> Render:
    render = renders.find(name)
    if render is None:
        raise HTTPException(404, _GONE)
    return render


def _finished(renders: Renders, name: str, number: int) -> Painted:
    painted = _found(renders, name).painted
    if not 0 <= number < len(painted):
        raise HTTPException(404, f"picture {number} of this order is not finished; {len(painted)} are")
    return painted[number]
