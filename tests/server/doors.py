"""The guarded application without a network: requests are handed to it as values."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from starlette.types import Scope

from semdraw.engine import Engine
from semdraw.server.app import create_app
from semdraw.server.guard import Access, Guard
from semdraw.server.studio import Studio
from tests.server.living import CARD
from tests.toy import ToyModel

PORT = 8765
HOST = f"127.0.0.1:{PORT}"
ORIGIN = f"http://{HOST}"
TOKEN = "a-token-of-some-length"


def studio() -> Studio:
    return Studio.of(Engine(ToyModel), CARD)


def guard(**access: Any) -> Guard:
    return create_app(studio(), Access(**access))


def scope_of(
    *, kind: str = "http", method: str = "GET", path: str = "/", headers: Iterable[tuple[str, str]] = ()
) -> Scope:
    raw = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers]
    scheme = "ws" if kind == "websocket" else "http"
    return {
        "type": kind,
        "method": method,
        "path": path,
        "headers": raw,
        "scheme": scheme,
        "server": ("127.0.0.1", PORT),
    }


def status_of(door: Guard, scope: Scope) -> int:
    refusal = door.refusal(scope)
    return 200 if refusal is None else refusal[0]
