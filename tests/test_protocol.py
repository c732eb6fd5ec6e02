"""Claims about the wire."""

from __future__ import annotations

import contextlib
import io
import json
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from semdraw.commands import AddBrush, EditBrush, PaintMask, ReplaceScene, SetBackground, SetFrame
from semdraw.errors import ProtocolError
from semdraw.geometry import Extent
from semdraw.protocol import (
    MAX_MESSAGE_BYTES,
    VERSION,
    ClientMessage,
    Edit,
    FrameMessage,
    Hello,
    SetFlow,
    SetLive,
    Shown,
    Timings,
    decode_client,
    decode_server,
    encode,
    json_schema,
)
from semdraw.rasters import Picture
from semdraw.scene import Brush, ColorBackground, ImageBackground
from tests.scenes import two_regions

PICTURE = Picture.from_array(np.arange(4 * 6 * 3, dtype=np.uint8).reshape(4, 6, 3))

MESSAGES: list[ClientMessage] = [
    Hello(version=VERSION),
    Hello(version=VERSION, scene=two_regions()),
    Edit(seq=1, command=AddBrush(brush=Brush(id="a", prompt="a tree, 日本 🏰"))),
    Edit(seq=2, command=EditBrush(brush_id="a", seed=None)),
    Edit(seq=3, command=SetBackground(background=ColorBackground(color="#001122"))),
    Edit(seq=4, command=SetBackground(background=ImageBackground(picture=PICTURE))),
    Edit(seq=5, command=ReplaceScene(scene=two_regions())),
    SetLive(live=False),
    SetFlow(speed=0.125, per_s=12.0),
    Edit(seq=6, command=SetFrame(frame=12.375)),
    Shown(number=2**53 - 1),
]


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: type(message).__name__)
def test_a_message_arrives_as_it_was_sent(message: ClientMessage) -> None:
    assert decode_client(encode(message)) == message


def test_a_frame_arrives_as_it_was_sent() -> None:
    frame = FrameMessage(
        number=1,
        revision=2,
        step=4,
        num_steps=4,
        settled=True,
        extent=Extent(64, 32),
        timings=Timings(compile_ms=1, denoise_ms=2, decode_ms=3, total_ms=6, rows=8),
        jpeg=b"\xff\xd8",
    )
    assert decode_server(encode(frame)) == frame


def wire(**fields: Any) -> bytes:
    return msgspec.msgpack.encode(fields)


def edit(**command: Any) -> bytes:
    return wire(kind="edit", seq=1, command=command)


def picture_file(format: str, size: tuple[int, int]) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size).save(out, format)
    return out.getvalue()


def backdrop(data: Any) -> bytes:
    return edit(kind="set_background", background={"type": "image", "picture": data})


MALFORMED = {
    "nothing": b"",
    "not msgpack": b"\xc1",
    "text": b"hello",
    "a list": msgspec.msgpack.encode([1, 2]),
    "no kind": wire(version=1),
    "an unknown kind": wire(kind="reboot"),
    "a message of the server": wire(kind="applied", seq=1, revision=1),
    "an unknown field": wire(kind="set_live", live=True, extra=1),
    "a missing field": wire(kind="set_live"),
    "a flow that runs backwards": wire(kind="set_flow", speed=-0.1),
    "a flow at no pace": wire(kind="set_flow", speed=0.1, per_s=0),
    "a flow without end": wire(kind="set_flow", speed=float("inf")),
    "a frame before the first": edit(kind="set_frame", frame=-1),
    "a frame after the last": edit(kind="set_frame", frame=2**20),
    "a frame that is no number": edit(kind="set_frame", frame=float("nan")),
    "a number for a truth": wire(kind="set_live", live=1),
    "a text for a number": wire(kind="shown", number="1"),
    "a negative number": wire(kind="shown", number=-1),
    "a number beyond 2^53": wire(kind="shown", number=2**53),
    "a fraction": wire(kind="shown", number=1.5),
    "an unknown command": edit(kind="format_disk"),
    "an id with a slash": edit(kind="remove_brush", brush_id="../x"),
    "an empty id": edit(kind="remove_brush", brush_id=""),
    "a long id": edit(kind="remove_brush", brush_id="x" * 65),
    "a long prompt": edit(kind="edit_brush", brush_id="a", prompt="x" * 2001),
    "a strength above one": edit(kind="edit_brush", brush_id="a", strength=1.01),
    "a strength that is no number": edit(kind="edit_brush", brush_id="a", strength=float("nan")),
    "an endless strength": edit(kind="edit_brush", brush_id="a", strength=float("inf")),
    "a colour by name": edit(kind="edit_brush", brush_id="a", color="red"),
    "a seed beyond 32 bits": edit(kind="set_seed", seed=2**32),
    "a thousand steps": edit(kind="set_recipe", recipe={"num_steps": 1000}),
    "an unknown sampler": edit(kind="set_recipe", recipe={"sampler": "magic"}),
    "a rectangle without area": edit(kind="paint_mask", brush_id="a", x=0, y=0, width=0, height=1, alpha=b""),
    "a rectangle of a mile": edit(
        kind="paint_mask", brush_id="a", x=0, y=0, width=10**9, height=1, alpha=b""
    ),
    "a picture that is SVG": backdrop({"png": b"<svg xmlns='http://www.w3.org/2000/svg'/>"}),
    "a picture that is GIF": backdrop({"png": picture_file("GIF", (4, 4))}),
    "a picture cut short": backdrop({"png": picture_file("PNG", (400, 400))[:200]}),
    "a picture that is a bomb": backdrop({"png": picture_file("PNG", (20_000, 1_300))}),
    "a picture by path": backdrop({"png": "/etc/passwd"}),
    "a picture with more": backdrop({"png": picture_file("PNG", (4, 4)), "path": "x"}),
    "nested to the sky": b"\x91" * 100_000,
}


@pytest.mark.parametrize("data", MALFORMED.values(), ids=MALFORMED.keys())
def test_a_malformed_message_is_refused_with_words(data: bytes) -> None:
    with pytest.raises(ProtocolError, match="version 1"):
        decode_client(data)


@pytest.mark.parametrize(
    "mask",
    [
        {"width": 0, "height": 64, "deflate": b""},
        {"width": 5000, "height": 1, "deflate": b""},
        {"width": 4096, "height": 4096, "deflate": b""},
        {"width": 64, "height": 64, "deflate": b"x"},
        {"width": 64, "height": 64},
        {"width": 64, "height": 64, "deflate": b"", "more": 1},
        "mask",
    ],
)
def test_a_malformed_mask_is_refused(mask: Any) -> None:
    scene = msgspec.msgpack.decode(encode(Hello(version=1, scene=two_regions())))
    scene["scene"]["canvas"]["layers"][0]["mask"] = mask
    with pytest.raises(ProtocolError):
        decode_client(msgspec.msgpack.encode(scene))


def test_masks_of_a_message_are_bounded_in_all(monkeypatch: pytest.MonkeyPatch) -> None:
    message = encode(Hello(version=VERSION, scene=two_regions()))
    monkeypatch.setattr("semdraw.protocol.MAX_MASKS_PX", 64 * 64 * 2)
    decode_client(message)
    monkeypatch.setattr("semdraw.protocol.MAX_MASKS_PX", 64 * 64 * 2 - 1)
    with pytest.raises(ProtocolError, match="in all"):
        decode_client(message)


def test_an_oversized_message_is_refused_unread() -> None:
    with pytest.raises(ProtocolError, match="got 16777217"):
        decode_client(bytes(MAX_MESSAGE_BYTES + 1))


@settings(max_examples=300)
@given(st.binary(max_size=400))
def test_no_bytes_raise_anything_but_a_protocol_error(data: bytes) -> None:
    with pytest.raises(ProtocolError):
        decode_client(data)


@settings(max_examples=300)
@given(st.data())
def test_no_damaged_message_raises_anything_but_a_protocol_error(data: st.DataObject) -> None:
    whole = bytearray(encode(data.draw(st.sampled_from(MESSAGES))))
    whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(ProtocolError):
        decode_client(bytes(whole[: data.draw(st.integers(0, len(whole)))]))


def test_the_paint_of_an_edit_is_inflated_only_when_applied() -> None:
    command = PaintMask(brush_id="a", x=0, y=0, width=1, height=1, alpha=b"anything")
    assert decode_client(encode(Edit(seq=1, command=command))) == Edit(seq=1, command=command)


def test_the_schema_names_every_message() -> None:
    kinds = {
        entry["properties"]["kind"]["enum"][0]
        for entry in json_schema()["$defs"].values()
        if "kind" in entry.get("properties", {})
    }
    assert {"hello", "edit", "set_live", "shown", "welcome", "applied", "refused", "frame", "status"} <= kinds
    json.dumps(json_schema())
