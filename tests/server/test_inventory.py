"""Claims about every route there is: none answers whom it should not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from fastapi import APIRouter, FastAPI
from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.types import ASGIApp
from starlette.websockets import WebSocketDisconnect

from semdraw.server.guard import ENTRANCE
from tests.server.doors import HOST, ORIGIN, TOKEN, guard


def inventory(routes: Iterable[BaseRoute], prefix: str = "") -> Iterator[tuple[str, str]]:
    """(method, path) of all that can be asked for; "WS" for sockets."""
    for route in routes:
        match route:
            case WebSocketRoute():
                yield "WS", prefix + route.path
            case Route():
                yield from ((method, prefix + route.path) for method in sorted(route.methods or ()))
            case Mount() if route.routes:
                yield from inventory(route.routes, prefix + route.path)
            case Mount():
                yield from ((method, f"{prefix}{route.path}/index.html") for method in ("GET", "POST"))
            case _:
                nested: list[BaseRoute] = getattr(getattr(route, "original_router", None), "routes", [])
                assert nested, f"the inventory does not know what {route!r} serves"
                yield from inventory(nested, prefix)


def ask(app: ASGIApp, method: str, path: str, headers: dict[str, str]) -> int:
    client = TestClient(app, base_url=ORIGIN)
    if method != "WS":
        return client.request(method, path, headers=headers).status_code
    try:
        with client.websocket_connect(path, headers=headers):
            return 101
    except WebSocketDisconnect as error:
        return 403 if error.code == 1008 else error.code


def unguarded(
    app: ASGIApp, routes: Iterable[BaseRoute], *, open_paths: frozenset[str] = frozenset()
) -> set[str]:
    """The routes that answer a foreign host, a foreign page, or somebody without the token."""
    intruders: list[dict[str, str]] = [
        {"Host": "evil.test", "Origin": "http://evil.test"},
        {"Host": HOST, "Origin": "http://evil.test"},
        {"Host": HOST, "Origin": "null"},
        {"Host": HOST, "Origin": ORIGIN},
    ]
    found: set[str] = set()
    for method, path in inventory(routes):
        for number, headers in enumerate(intruders):
            has_only_no_token = number == len(intruders) - 1
            if has_only_no_token and path in open_paths:
                continue
            if ask(app, method, path, headers) not in {401, 403, 421}:
                found.add(f"{method} {path}")
    return found


def test_no_route_is_unguarded() -> None:
    door = guard(token=TOKEN)
    assert isinstance(door.app, FastAPI)
    asked = set(inventory(door.app.routes))
    assert {
        ("WS", "/ws"),
        ("GET", "/healthz"),
        ("POST", "/api/render.{ending}"),
        ("GET", "/index.html"),
    } <= asked
    assert unguarded(door, door.app.routes, open_paths=frozenset({ENTRANCE})) == set()


def test_the_inventory_finds_a_route_without_guard() -> None:
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    router = APIRouter()

    @router.get("/secret")
    async def secret() -> str:
        return "everything"

    app.include_router(router)
    assert "GET /secret" in unguarded(app, app.routes)


def test_the_framework_s_own_pages_are_off() -> None:
    client = TestClient(guard(), base_url=ORIGIN)
    for path in ("/docs", "/redoc", "/openapi.json"):
        assert client.get(path).status_code == 404
