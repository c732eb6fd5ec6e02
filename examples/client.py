"""The wire protocol in thirty lines, without semdraw: paint a brush, change its words, save each settled picture.

semdraw serve --no-open
python examples/client.py http://127.0.0.1:8765
"""

import sys
import zlib
from pathlib import Path
from typing import Any

from msgspec.msgpack import decode, encode
from websockets.sync.client import connect


def paint(address: str, folder: Path, prompts: list[str]) -> None:
    """One brush, a box in the middle of the night sky; every edit makes one revision, and frames tell theirs."""
    url = address.replace("http", "ws", 1) + "/ws"
    with connect(url, additional_headers={"Origin": address}, compression=None, max_size=None) as socket:
        mask = bytearray(256 * 256)
        for row in range(64, 192):
            mask[256 * row + 64 : 256 * row + 192] = b"\xff" * 128
        layer = {"brush_id": "b", "mask": {"width": 256, "height": 256, "deflate": zlib.compress(mask)}}
        behind = {"type": "prompt", "prompt": "night sky"}
        canvas = {"extent": [256, 256], "layers": [layer], "background": behind}
        scene = {"canvas": canvas, "brushes": [{"id": "b", "prompt": prompts[0]}]}
        socket.send(encode({"kind": "hello", "version": 1, "scene": scene}))
        for revision, prompt in enumerate(prompts):
            if revision > 0:
                edit = {"kind": "edit_brush", "brush_id": "b", "prompt": prompt}
                socket.send(encode({"kind": "edit", "seq": revision, "command": edit}))
            frame: dict[str, Any] = {"settled": False, "revision": -1}
            while not (frame["settled"] and frame["revision"] == revision):
                message = decode(bytes(socket.recv(decode=False)))
                if message["kind"] == "refused":
                    raise SystemExit(message["reason"])
                if message["kind"] == "frame":
                    frame = message
                    socket.send(encode({"kind": "shown", "number": frame["number"]}))  # the next one, please
            (folder / f"{prompt}.jpg").write_bytes(frame["jpeg"])


if __name__ == "__main__":
    paint(sys.argv[1].rstrip("/"), Path(), ["castle", "rocket"])
