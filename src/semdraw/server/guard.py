"""In front of everything: who may speak to this server at all.

- Host: only names this server goes by, so a foreign name that resolves to this machine gets nothing (DNS rebinding).
- Origin: if there is one it is the page's own, exactly; sockets and changes must have one, or show the token.
- Token: required from everybody once the server listens beyond loopback, or goes by a name that others may know.
"""

from __future__ import annotations

import hmac
import ipaddress
import re
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import cookie_parser
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from semdraw.errors import UsageError

ENTRANCE: Final = "/enter"  # the one path that is open without a token: it takes a one-use key
MIN_TOKEN: Final = 16
LOOPBACK_NAMES: Final = frozenset({"localhost", "127.0.0.1", "[::1]"})

_HOST: Final = re.compile(r"(?P<name>\[[0-9a-f:]+\]|[a-z0-9_.-]+)(?::(?P<port>[0-9]{1,5}))?")
_SAFE_METHODS: Final = frozenset({"GET", "HEAD"})
_HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' blob: data:; connect-src 'self'; object-src 'none'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class AccessError(UsageError):
    """A way of opening the server that would not be safe."""


class Keys:
    """One-use keys for the entrance. A key that was used makes room for the next, which is announced."""

    def __init__(self) -> None:
        self._key = secrets.token_urlsafe(32)
        self.announce: Callable[[str], None] | None = None

    @property
    def path(self) -> str:
        """Where the next visitor comes in."""
        return f"{ENTRANCE}?key={self._key}"

    def redeem(self, key: str) -> bool:
        """Whether this is the open key; it is used up by that."""
        if not _same(key, self._key):
            return False
        self._key = secrets.token_urlsafe(32)
        if self.announce is not None:
            self.announce(self.path)
        return True


@dataclass(frozen=True, slots=True)
class Access:
    """Names the server goes by, lower-case and without port, and the token that is asked for (None: none)."""

    hosts: frozenset[str] = LOOPBACK_NAMES
    token: str | None = None

    @property
    def cookie(self) -> str:
        """A name of its own, because browsers share cookies among all ports of a host."""
        return "semdraw-" + sha256((self.token or "").encode()).hexdigest()[:8]

    @classmethod
    def at(cls, address: str, *, allowed: Iterable[str] = (), token: str | None = None) -> Access:
        """Access for a server bound to `address`, or an AccessError when that needs a (better) token."""
        names = {name.lower() for name in allowed}
        if token is None:
            _require_alone(address, names)
        if token is not None and (len(token) < MIN_TOKEN or not token.isascii() or not token.isprintable()):
            raise AccessError(f"a token has at least {MIN_TOKEN} printable ASCII characters")
        own = {f"[{address}]" if ":" in address else address.lower()} - {"0.0.0.0", "[::]"}
        return cls(hosts=LOOPBACK_NAMES | own | names, token=token)


def _require_alone(address: str, names: Iterable[str]) -> None:
    """An AccessError where others than this machine may come in: by its address, or through what goes by a name."""
    if not is_loopback(address):
        raise AccessError(
            f"{address} can be reached from other machines, so a token is needed: add --token to have one made, "
            "or leave --host out to serve this machine only"
        )
    for name in sorted(names):
        if not is_loopback(name.strip("[]")):
            raise AccessError(
                f"others may come in by the name {name}, so a token is needed: add --token to have one made, "
                "or leave --allow-host out"
            )


def is_loopback(address: str) -> bool:
    """Whether only this machine can reach a server at `address`."""
    if address.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


class Guard:
    """ASGI middleware; wraps the whole application, so no route can be forgotten."""

    def __init__(self, app: ASGIApp, access: Access) -> None:
        self.app = app
        self._access = access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        refusal = self.refusal(scope)
        if refusal is None:
            await self.app(scope, receive, _with_headers(send))
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008, "reason": refusal[1]})
        else:
            status, reason = refusal
            await PlainTextResponse(reason + "\n", status)(scope, receive, _with_headers(send))

    def refusal(self, scope: Scope) -> tuple[int, str] | None:
        """(HTTP status, words) when this request may not pass."""
        headers = Headers(scope=scope)
        host = _only(headers, "host")
        if host is None or not self._is_own(host, scope):
            return 421, "this server does not go by that name; start it with --allow-host NAME to add one"
        has_token = self._has_token(headers)
        origin = _only(headers, "origin")
        if origin is None:
            is_safe = scope["type"] == "http" and scope["method"] in _SAFE_METHODS
            if "origin" in headers or not (is_safe or self._has_bearer(headers)):
                return 403, "sockets and changes need the Origin of the page, or the token"
        elif origin not in self._origins(host, scope):
            return 403, f"pages from {origin[:100]!r} may not use this server"
        if self._access.token is not None and not has_token and scope["path"] != ENTRANCE:
            return 401, "open the address that was printed when the server started; it holds a key"
        return None

    def _is_own(self, host: str, scope: Scope) -> bool:
        parts = _HOST.fullmatch(host.lower())
        if parts is None or int(parts["port"] or 0) > 65535:
            return False
        bound = (scope.get("server") or ("", None))[0]
        return parts["name"] in self._access.hosts or parts["name"].strip("[]") == bound

    def _origins(self, host: str, scope: Scope) -> set[str]:
        """The page's own origin; names that were added may stand behind a proxy that speaks TLS."""
        name = host.lower()
        own = {f"http://{name}"} if scope["scheme"] in {"http", "ws"} else {f"https://{name}"}
        parts = _HOST.fullmatch(name)
        is_added = parts is not None and parts["name"] in self._access.hosts - LOOPBACK_NAMES
        return own | {f"https://{name}"} if is_added else own

    def _has_token(self, headers: Headers) -> bool:
        if self._access.token is None:
            return False
        # http.cookies gives up at what another program on this host has set; this parser takes each by itself.
        given = cookie_parser(headers.get("cookie", "")).get(self._access.cookie, "")
        return self._has_bearer(headers) or _same(given, self._access.token)

    def _has_bearer(self, headers: Headers) -> bool:
        scheme, _, given = headers.get("authorization", "").partition(" ")
        return self._access.token is not None and scheme == "Bearer" and _same(given, self._access.token)


def _only(headers: Headers, name: str) -> str | None:
    """The value of a header that stands exactly once, else None."""
    values = headers.getlist(name)
    return values[0] if len(values) == 1 else None


def _same(given: str, wanted: str) -> bool:
    return hmac.compare_digest(given.encode(), wanted.encode())


def _with_headers(send: Send) -> Send:
    async def guarded(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message).update(_HEADERS)
        await send(message)

    return guarded
