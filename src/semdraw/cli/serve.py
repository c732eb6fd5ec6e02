"""`semdraw serve`: the page to paint on, and its server."""

from __future__ import annotations

import argparse
import errno
import logging
import os
import secrets
import signal
import socket
import threading
import webbrowser
from dataclasses import replace
from types import FrameType
from typing import TYPE_CHECKING

from semdraw.cli.canvas import add_canvas_options, first_scene, run_as_asked
from semdraw.cli.options import Verbs, add_model_options, additions, placed, whole
from semdraw.errors import UsageError

if TYPE_CHECKING:
    import uvicorn

    from semdraw.server.guard import Access, Keys

DEFAULT_PORT = 8765
TOKEN_VARIABLE = "SEMDRAW_TOKEN"
_SHUTDOWN_S = 5


def add_to(verbs: Verbs) -> None:
    """Tell the parser of this verb."""
    parser = verbs.add_parser(
        "serve",
        help="open the page to paint on",
        description="Start the server and open the page. Serves this machine only, unless --host says otherwise.",
    )
    parser.add_argument(
        "--port", type=whole(0, 65535), default=DEFAULT_PORT, help="default: 8765; 0 takes a free one"
    )
    parser.add_argument(
        "--host", default="127.0.0.1", metavar="ADDRESS", help="default: 127.0.0.1, this machine only"
    )
    parser.add_argument("--no-open", action="store_true", help="do not open a browser")
    parser.add_argument(
        "--allow-host",
        action="append",
        default=[],
        metavar="NAME",
        help="another name that this server goes by, for example behind a proxy: needs --token, and painters "
        "from this machine, which a proxy's are, are no longer limited per address; repeatable",
    )
    parser.add_argument(
        "--token",
        nargs="?",
        const="",
        default=None,
        help=f"ask visitors for this secret, or for a new one where none is given (also: ${TOKEN_VARIABLE})",
    )
    add_model_options(parser)
    add_canvas_options(parser)
    parser.set_defaults(verb=serve)


def serve(options: argparse.Namespace) -> int:
    """Serve until interrupted or terminated; both are a clean end."""
    from semdraw.server.guard import Access

    access = Access.at(options.host, allowed=options.allow_host, token=_token(options.token))
    listener = bind(options.host, options.port)
    print("Loading semdraw …", flush=True)
    server = server_of(options, access, _address(options, listener))
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _ignore)
    server.run(sockets=[listener])
    print("semdraw has ended.")
    return 0 if server.started else 1


def bind(host: str, port: int) -> socket.socket:
    """The listening socket, before anything heavy is loaded; a UsageError says why there is none."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind, protocol)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, os.name == "posix")
        listener.bind(address)
        listener.listen(128)
    except OSError as error:
        raise UsageError(_why_not(error, host, port)) from None
    return listener


def _why_not(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"port {port} is taken, perhaps by another semdraw; add --port {port + 1 if port < 65535 else 0}"
        )
    if error.errno == errno.EACCES:
        return f"port {port} needs more rights than this user has; add --port {DEFAULT_PORT}"
    return f"nothing can be served at {host}: {error.strerror}; leave --host out to serve this machine only"


def _ignore(number: int, frame: FrameType | None) -> None:
    """uvicorn ends in good order and then raises the signal again; by then there is nothing left to do."""


def _token(given: str | None) -> str | None:
    """The token to ask for: given, from the environment, newly made for a bare --token, or none."""
    token = os.environ.get(TOKEN_VARIABLE) if given is None else given
    return secrets.token_urlsafe(32) if token == "" else token


def _address(options: argparse.Namespace, listener: socket.socket) -> str:
    """Where a browser on this machine finds the page."""
    here = {"0.0.0.0": "127.0.0.1", "::": "::1"}
    host = here.get(options.host) or str(options.host)
    return f"http://{f'[{host}]' if ':' in host else host}:{listener.getsockname()[1]}"


def server_of(options: argparse.Namespace, access: Access, address: str) -> uvicorn.Server:
    """The server of a call, not yet running."""
    import uvicorn

    from semdraw.engine import Engine
    from semdraw.models.registry import find_model, load_model
    from semdraw.protocol import MAX_MESSAGE_BYTES
    from semdraw.server.app import create_app
    from semdraw.server.guard import Keys
    from semdraw.server.limits import Limits
    from semdraw.server.models import Models, laid_out
    from semdraw.server.studio import Studio

    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    name = options.model or "picturebook"
    card = find_model(name, **additions(options))
    if options.device:
        from semdraw.models.device import choose_device  # torch, which the page would have to wait for

        choose_device(options.device)  # a wrong one is told here, and not on the page
    told = {**placed(options), **additions(options)}
    engine = Engine(lambda: load_model(name, **told))
    limits = Limits(is_behind_proxy=bool(options.allow_host))
    studio = Studio.of(engine, card, limits=limits, models=Models(engine, card, laid_out(name, **told)))
    studio = replace(studio, starter=first_scene(options, run_as_asked(options, studio.starter, card)))
    keys = Keys()
    config = uvicorn.Config(
        create_app(studio, access, keys),
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        ws_max_size=MAX_MESSAGE_BYTES,
        ws_per_message_deflate=False,
        timeout_graceful_shutdown=_SHUTDOWN_S,
    )

    class Server(uvicorn.Server):
        """Says where the page is as soon as it can be opened."""

        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            _announce(card.name, address, keys if access.token else None, will_open=not options.no_open)

    return Server(config)


def _announce(model: str, address: str, keys: Keys | None, *, will_open: bool) -> None:
    def entrance(path: str) -> None:
        print(f"The next visitor comes in at {address}{path} (good for one use).", flush=True)

    print(f"semdraw paints with {model}.")
    if keys is None:
        url = f"{address}/"
        print(f"Open {url} in your browser. Ctrl+C ends it.", flush=True)
    else:
        url = f"{address}{keys.path}"
        print(f"Open {url} in your browser (good for one use). Ctrl+C ends it.", flush=True)
        keys.announce = entrance
    if will_open:  # beside the server's loop: some browsers return only when they are closed
        threading.Thread(target=webbrowser.open, args=(url,), name="semdraw-browser", daemon=True).start()
