"""A client of the wire protocol: paints on a running server and saves what it gets.

semdraw serve --no-open
python examples/client.py http://127.0.0.1:8765
"""

from __future__ import annotations

import sys
from pathlib import Path

from websockets.sync.client import ClientConnection, connect

from semdraw.commands import EditBrush
from semdraw.geometry import Bounds, Extent
from semdraw.protocol import VERSION, Edit, FrameMessage, Hello, Refused, Shown, decode_server, encode
from semdraw.rasters import Mask
from semdraw.scene import Brush, Canvas, Layer, PromptBackground, Scene


def paint(address: str, folder: Path, prompts: list[str]) -> None:
    """Give one brush each prompt in turn, and save the settled picture of each as a JPEG."""
    url = address.replace("http", "ws", 1) + "/ws"
    with connect(url, additional_headers={"Origin": address}, compression=None, max_size=None) as socket:
        socket.send(encode(Hello(version=VERSION, scene=first_scene(prompts[0]))))
        for revision, prompt in enumerate(prompts):  # every edit makes one revision
            if revision > 0:
                socket.send(encode(Edit(seq=revision, command=EditBrush(brush_id="brush", prompt=prompt))))
            (folder / f"{prompt}.jpg").write_bytes(settled(socket, revision))


def settled(socket: ClientConnection, revision: int) -> bytes:
    """The finished picture of a revision; the rough ones before it are taken and passed over."""
    while True:
        match decode_server(bytes(socket.recv(decode=False))):
            case FrameMessage() as frame:
                socket.send(encode(Shown(number=frame.number)))  # the next one, please
                if frame.settled and frame.revision == revision:
                    return frame.jpeg
            case Refused(reason=reason):
                raise SystemExit(f"the server refused: {reason}")
            case _:  # welcome, applied, status
                pass


def first_scene(prompt: str) -> Scene:
    """A box in the middle of the night sky."""
    extent = Extent(256, 256)
    mask = Mask.blank(extent).painted(Bounds(64, 64, 128, 128), b"\xff" * 128 * 128)
    layer = Layer(brush_id="brush", mask=mask)
    canvas = Canvas(extent=extent, layers=(layer,), background=PromptBackground(prompt="night sky"))
    return Scene(canvas=canvas, brushes=(Brush(id="brush", prompt=prompt),))


if __name__ == "__main__":
    paint(sys.argv[1].rstrip("/"), Path(), ["castle", "rocket"])
