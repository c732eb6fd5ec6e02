"""A frame as bytes. JPEG while painting; a settled picture keeps full colour resolution."""

from __future__ import annotations

import io

from PIL import Image

from semdraw.frames import Frame
from semdraw.geometry import Extent
from semdraw.protocol import FrameMessage, encode

_PREVIEW = {"quality": 80, "subsampling": "4:2:0"}
_SETTLED = {"quality": 85, "subsampling": "4:4:4"}


def jpeg_bytes(frame: Frame) -> bytes:
    """Same pixels, same bytes."""
    out = io.BytesIO()
    Image.fromarray(frame.pixels).save(out, "JPEG", **(_SETTLED if frame.is_settled else _PREVIEW))
    return out.getvalue()


def frame_message(frame: Frame, number: int) -> bytes:
    """One frame as the page receives it; `number` counts the frames of a connection."""
    height, width, _ = frame.pixels.shape
    message = FrameMessage(
        number=number,
        revision=frame.revision,
        step=frame.step,
        num_steps=frame.num_steps,
        settled=frame.is_settled,
        extent=Extent(width, height),
        timings=frame.timings,
        jpeg=jpeg_bytes(frame),
        hints=frame.hints,
        frame=frame.frame,
    )
    return encode(message)
