"""A real server on a real port for tests: uvicorn, the engine and the toy model; only the network is missing."""

from __future__ import annotations

import http.client
import io
import socket
import threading
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from time import monotonic, sleep
from typing import Any, TypeVar

import numpy as np
import pytest
import uvicorn
from numpy.typing import NDArray
from PIL import Image
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from semdraw.commands import ReplaceScene
from semdraw.engine import Engine
from semdraw.geometry import Extent
from semdraw.models.registry import ModelCard, Word
from semdraw.protocol import (
    MAX_MESSAGE_BYTES,
    VERSION,
    ClientMessage,
    Edit,
    FrameMessage,
    Hello,
    ServerMessage,
    Shown,
    Status,
    Welcome,
    decode_server,
    encode,
)
from semdraw.scene import PromptBackground, Scene
from semdraw.server.app import create_app
from semdraw.server.guard import Access
from semdraw.server.limits import Limits
from semdraw.server.models import Choice, Models
from semdraw.server.studio import Studio
from tests.scenes import SMALL
from tests.toy import ToyModel

M = TypeVar("M", bound=ServerMessage)

CARD = ModelCard(
    name="toy",
    family="toy",
    folder=Path("toy"),
    extent=Extent(64, 64),
    extent_multiple=8,
    objects=(Word(name="red"), Word(name="blue", synonyms=("azure",))),
    backgrounds=(Word(name="green"),),
    facts={"weights_hash": "f00d"},
)


@dataclass
class Painter:
    """One client: says things, and takes frames as a page does."""

    socket: ClientConnection
    last_status: Status | None = None

    def say(self, message: ClientMessage) -> None:
        self.socket.send(encode(message))

    def hear(self, timeout_s: float = 30) -> ServerMessage:
        data = self.socket.recv(timeout_s)
        assert isinstance(data, bytes)
        message = decode_server(data)
        if isinstance(message, Status):
            self.last_status = message
        return message

    def hear_a(self, kind: type[M], timeout_s: float = 30) -> M:
        """The next message of this kind; frames on the way are taken, the rest is passed over."""
        end = monotonic() + timeout_s
        while True:
            message = self.hear(max(0.01, end - monotonic()))
            if isinstance(message, FrameMessage):
                self.say(Shown(number=message.number))
            if isinstance(message, kind):
                return message

    def settled(self, revision: int, timeout_s: float = 30) -> FrameMessage:
        """The settled frame of this revision."""
        end = monotonic() + timeout_s
        while True:
            frame = self.hear_a(FrameMessage, max(0.01, end - monotonic()))
            if frame.settled and frame.revision == revision:
                return frame

    def status(self, state: str, timeout_s: float = 30) -> Status:
        """The newest status, once it is this one."""
        end = monotonic() + timeout_s
        while self.last_status is None or self.last_status.state != state:
            self.hear_a(Status, max(0.01, end - monotonic()))
        return self.last_status


COLORS = {"red": (242, 13, 13), "green": (13, 242, 13), "blue": (13, 13, 242), "white": (255, 255, 255)}


def plain(color: str) -> Scene:
    """Nothing but a background prompt: the toy model paints the whole canvas in that colour."""
    return Scene.blank(SMALL).with_canvas(background=PromptBackground(prompt=color))


def pixels_of(frame: FrameMessage) -> NDArray[np.uint8]:
    return np.asarray(Image.open(io.BytesIO(frame.jpeg)))


def colour_of(frame: FrameMessage) -> str:
    pixel = pixels_of(frame).reshape(-1, 3).mean(axis=0)
    return min(COLORS, key=lambda name: float(np.abs(pixel - COLORS[name]).sum()))


def repaint(color: str, seq: int) -> Edit:
    return Edit(seq=seq, command=ReplaceScene(scene=plain(color)))


def listen_on(painter: Painter) -> None:
    while True:
        painter.socket.recv(30)


def closing_code(painter: Painter) -> int:
    """Listen until the server closes, without taking a frame."""
    with pytest.raises(ConnectionClosed) as closed:
        listen_on(painter)
    return closed.value.rcvd.code if closed.value.rcvd else 1006


@dataclass
class LiveServer:
    """A server, the model behind it, and ways to speak to it."""

    studio: Studio
    access: Access
    model: ToyModel
    port: int

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def dial(self, **options: Any) -> ClientConnection:
        """A socket that has said nothing yet."""
        headers = {"Origin": self.origin}
        return connect(
            f"ws://127.0.0.1:{self.port}/ws",
            additional_headers=headers,
            max_size=MAX_MESSAGE_BYTES,
            compression=None,
            **options,
        )

    @contextmanager
    def painter(self, scene: Scene | None = None) -> Generator[tuple[Painter, Welcome]]:
        """A client that was welcomed."""
        with self.dial() as socket:
            painter = Painter(socket)
            painter.say(Hello(version=VERSION, scene=scene))
            yield painter, painter.hear_a(Welcome)

    def request(
        self, method: str, path: str, *, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> tuple[int, dict[str, str], bytes]:
        """(status, headers, body); sends the page's own Origin unless told otherwise."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request(method, path, body, {"Origin": self.origin, **(headers or {})})
            response = connection.getresponse()
            return response.status, {k.lower(): v for k, v in response.getheaders()}, response.read()
        finally:
            connection.close()


@contextmanager
def live_server(
    *,
    limits: Limits | None = None,
    access: Access | None = None,
    model: ToyModel | None = None,
    card: ModelCard = CARD,
    choices: tuple[Choice, ...] = (),
    starter: Scene | None = None,
) -> Generator[LiveServer]:
    """A server that listens on a free port until the block ends."""
    model = model or ToyModel()
    engine = Engine(lambda: model)
    studio = Studio.of(engine, card, limits=limits, models=Models(engine, card, lambda: choices))
    studio = replace(studio, starter=starter) if starter else studio
    access = access or Access()
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        create_app(studio, access),
        log_config=None,
        ws_max_size=MAX_MESSAGE_BYTES,
        ws_per_message_deflate=False,
        timeout_graceful_shutdown=3,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    until(lambda: server.started)
    try:
        yield LiveServer(studio, access, model, listener.getsockname()[1])
    finally:
        server.should_exit = True
        thread.join(30)
        listener.close()
    assert not thread.is_alive(), "the server ends when asked to"


def until(condition: Callable[[], bool], timeout_s: float = 30) -> None:
    """Wait until the condition is true."""
    end = monotonic() + timeout_s
    while not condition():
        assert monotonic() < end, "waited too long"
        sleep(0.01)
