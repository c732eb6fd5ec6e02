"""Claims about stills over JSON, and about what the server tells of its addresses."""

from __future__ import annotations

import base64
import io
import json
from typing import Any

import numpy as np
import pytest
from PIL import Image

from semdraw.exports import MEDIA_TYPES, scene_from_file
from semdraw.geometry import Extent
from semdraw.scene import ColorBackground, ImageBackground, PromptBackground
from tests.server.living import LiveServer

JSON = {"Content-Type": "application/json"}
BOX = {"prompt": "red", "box": [0, 0, 32, 64]}


def asked(server: LiveServer, **body: Any) -> tuple[int, str, bytes]:
    status, headers, data = server.request(
        "POST", "/api/stills", body=json.dumps(body).encode(), headers=JSON
    )
    return status, headers["content-type"], data


def image_text(size: tuple[int, int], color: Any, mode: str = "RGB") -> str:
    out = io.BytesIO()
    Image.new(mode, size, color).save(out, "PNG")
    return base64.b64encode(out.getvalue()).decode()


def test_words_and_boxes_are_enough_for_a_picture_that_shows_them(server: LiveServer) -> None:
    regions = [BOX, {"prompt": "blue", "ellipse": [32, 0, 32, 64]}]
    status, kind, data = asked(server, width=64, height=64, background="green", regions=regions, seed=3)
    assert (status, kind) == (200, "image/png")
    pixels = np.asarray(Image.open(io.BytesIO(data)))
    assert pixels[32, 10].argmax() == 0
    assert pixels[32, 48].argmax() == 2
    assert pixels[1, 34].argmax() == 1, "a corner beside the ellipse"
    scene = scene_from_file(data)
    assert (scene.seed, scene.canvas.extent) == (3, Extent(64, 64))
    assert [brush.prompt for brush in scene.brushes] == ["red", "blue"]


def test_a_still_is_the_picture_of_the_scene_it_carries(server: LiveServer) -> None:
    mask = image_text((64, 64), 255, "L")
    _, _, data = asked(server, width=64, height=64, regions=[{"prompt": "red", "mask": mask}])
    again = server.studio.engine.render(scene_from_file(data))
    assert (np.asarray(Image.open(io.BytesIO(data))) == again.array).all()


@pytest.mark.parametrize(
    ("background", "kind"),
    [
        ("night", PromptBackground),
        ({"prompt": "night", "negative": "day"}, PromptBackground),
        ({"color": "#102030"}, ColorBackground),
        ({"picture": image_text((8, 8), "red")}, ImageBackground),
    ],
)
def test_a_background_is_words_or_a_colour_or_a_picture(
    server: LiveServer, background: Any, kind: type
) -> None:
    status, _, data = asked(server, width=64, height=64, background=background)
    assert status == 200
    assert isinstance(scene_from_file(data).canvas.background, kind)


@pytest.mark.parametrize("ending", ["webp", "jpg", "ora", "psd", "semdraw"])
def test_every_format_comes_with_its_media_type(server: LiveServer, ending: str) -> None:
    status, kind, data = asked(server, width=64, height=64, regions=[BOX], format=ending)
    assert (status, kind) == (200, MEDIA_TYPES[ending])
    assert len(data) > 100


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"regions": [{"prompt": "red"}]}, "exactly one of mask, box and ellipse"),
        ({"regions": [{**BOX, "mask": "AAAA"}]}, "exactly one of mask, box and ellipse"),
        ({"regions": [{"prompt": "red", "box": [0, 0, 0, 5]}]}, "no area"),
        ({"regions": [{"prompt": "red", "mask": "%%"}]}, "mask of region 1 is not base64"),
        ({"regions": [{"prompt": "red", "mask": "AAAA"}]}, "not a readable"),
        ({"regions": [{"prompt": "red", "mask": "ä"}]}, "mask of region 1 is not base64"),
        ({"regions": [{"prompt": "red", "ellipse": [0, 0, 10**8, 10**8]}]}, "regions.0.ellipse.2: "),
        ({"regions": [{"prompt": "red", "box": [-(10**9), 0, 9, 9]}]}, "regions.0.box.0: "),
        ({"width": 4096, "height": 4096, "regions": [{"prompt": "red"}]}, "a canvas has sides"),
        ({"width": 2048, "height": 2048, "regions": [{"prompt": "red"}] * 33}, "at most 30 brushes, got 33"),
        ({"prompt": "red"}, "prompt: Extra inputs"),
        ({"seed": -1}, "seed: "),
        ({"recipe": {"num_steps": 0}}, "recipe: "),
        ({"recipe": {"steps": 4}}, "recipe: "),
        ({"format": "gif"}, "format: "),
    ],
)
def test_a_wrong_request_is_told_what_is_wrong(server: LiveServer, body: Any, words: str) -> None:
    status, _, data = asked(server, **body)
    assert status == 422
    assert words in json.loads(data)["detail"]


def test_a_body_that_is_no_json_or_no_object_is_refused(server: LiveServer) -> None:
    for body in (b"{", b"[]", b"\xff", b""):
        status, _, data = server.request("POST", "/api/stills", body=body, headers=JSON)
        assert status == 422
        assert "/api/openapi.json" in json.loads(data)["detail"]


def test_the_server_describes_every_address_and_every_message(server: LiveServer) -> None:
    _, _, data = server.request("GET", "/api/openapi.json")
    document = json.loads(data)
    for path in (
        "/healthz",
        "/api/models",
        "/api/models/load",
        "/api/stills",
        "/api/render.{ending}",
        "/api/project/open",
    ):
        assert document["paths"][path]
    still = document["paths"]["/api/stills"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert {"regions", "background", "recipe", "format"} <= set(still["properties"])
    assert "$ref" not in json.dumps(still)
    assert "/enter" not in document["paths"]
    _, _, schema = server.request("GET", "/api/wire.json")
    assert {"Hello", "Edit", "FrameMessage"} <= set(json.loads(schema)["$defs"])
