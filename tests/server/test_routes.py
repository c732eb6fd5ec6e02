"""Claims about what the server answers over HTTP."""

from __future__ import annotations

import io
import json

import msgspec
import numpy as np
import pytest
from msgspec.structs import replace
from PIL import Image

from semdraw.files import project_bytes, scene_from_project
from semdraw.metadata import scene_from_picture
from semdraw.protocol import from_wire, to_wire
from semdraw.rasters import Picture
from semdraw.scene import ImageBackground, Recipe, Scene
from semdraw.server.limits import MAX_BODY_BYTES
from tests.scenes import two_regions
from tests.server.living import CARD, LiveServer, until

MSGPACK = {"Content-Type": "application/msgpack"}
BYTES = {"Content-Type": "application/octet-stream"}


def packed(scene: Scene) -> bytes:
    return msgspec.msgpack.encode(scene, enc_hook=to_wire)


def unpacked(data: bytes) -> Scene:
    return msgspec.msgpack.decode(data, type=Scene, dec_hook=from_wire)


def with_picture() -> Scene:
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    return two_regions().with_canvas(background=ImageBackground(picture=Picture.from_array(noise)))


@pytest.mark.parametrize("scene", [two_regions(), with_picture()], ids=["prompt", "picture"])
def test_a_saved_project_opens_as_it_was(server: LiveServer, scene: Scene) -> None:
    status, headers, project = server.request(
        "POST", "/api/project/save", body=packed(scene), headers=MSGPACK
    )
    assert (status, headers["content-type"]) == (200, "application/octet-stream")
    status, headers, body = server.request("POST", "/api/project/open", body=project, headers=BYTES)
    assert (status, headers["content-type"]) == (200, "application/msgpack")
    assert unpacked(body) == server.studio.signed(scene)


def test_a_saved_project_names_the_model_that_painted_it(server: LiveServer) -> None:
    _, _, project = server.request("POST", "/api/project/save", body=packed(two_regions()), headers=MSGPACK)
    recipe = scene_from_project(project).recipe
    assert (recipe.model, recipe.weights_hash) == ("toy", "f00d")


def test_a_rendered_picture_is_the_settled_one_and_carries_its_scene(server: LiveServer) -> None:
    scene = two_regions()
    status, headers, data = server.request("POST", "/api/render.png", body=packed(scene), headers=MSGPACK)
    assert (status, headers["content-type"]) == (200, "image/png")
    expected = server.studio.engine.render(scene)
    assert (np.asarray(Image.open(io.BytesIO(data))) == expected.array).all()
    assert scene_from_picture(data) == server.studio.signed(scene)
    status, _, body = server.request("POST", "/api/project/open", body=data, headers=BYTES)
    assert (status, unpacked(body)) == (200, server.studio.signed(scene))


@pytest.mark.parametrize("path", ["/api/project/save", "/api/render.png"])
@pytest.mark.parametrize(
    "body",
    [b"", b"\xc1", msgspec.msgpack.encode({"canvas": 1}), packed(two_regions().with_canvas(layers=()))],
)
def test_what_is_no_scene_is_refused_in_words(server: LiveServer, path: str, body: bytes) -> None:
    status, _, answer = server.request("POST", path, body=body, headers=MSGPACK)
    assert status == 422
    assert json.loads(answer)["detail"]


@pytest.mark.parametrize("body", [b"", b"PK\x03\x04", b"\x89PNG", project_bytes(two_regions())[:200]])
def test_what_is_no_project_is_refused_in_words(server: LiveServer, body: bytes) -> None:
    status, _, answer = server.request("POST", "/api/project/open", body=body, headers=BYTES)
    assert status == 422
    assert "Traceback" not in json.loads(answer)["detail"]


@pytest.mark.parametrize("path", ["/api/project/save", "/api/project/open", "/api/render.png"])
@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""]
)
def test_forms_of_foreign_pages_have_no_type_that_is_taken(server: LiveServer, path: str, kind: str) -> None:
    assert server.request("POST", path, body=b"x", headers={"Content-Type": kind})[0] == 415


def test_a_body_beyond_the_limit_is_not_read_to_its_end(server: LiveServer) -> None:
    body = bytes(MAX_BODY_BYTES + 1)
    status, _, answer = server.request("POST", "/api/project/open", body=body, headers=BYTES)
    assert status == 413
    assert "64 MiB" in json.loads(answer)["detail"]


def test_a_scene_that_does_not_suit_the_model_is_told_in_words(server: LiveServer) -> None:
    body = packed(replace(two_regions(), recipe=Recipe(guidance="residual_self", guidance_scale=2.0)))
    status, _, answer = server.request("POST", "/api/render.png", body=body, headers=MSGPACK)
    assert status in {422, 503}
    assert "give the scene one" in json.loads(answer)["detail"]


def test_the_models_are_told_with_their_words(server: LiveServer) -> None:
    status, _, body = server.request("GET", "/api/models")
    assert status == 200
    (model,) = json.loads(body)
    assert model["name"] == "toy"
    assert model["extent"] == [64, 64]
    assert model["objects"][1] == {"name": "blue", "synonyms": ["azure"]}
    assert model["backgrounds"][0]["name"] == "green"


def test_a_starter_scene_has_the_size_and_the_recipe_of_the_model_that_paints(server: LiveServer) -> None:
    status, _, body = server.request("GET", "/api/starters/reef")
    assert status == 200
    scene = unpacked(body)
    assert scene.canvas.extent == CARD.extent
    assert [brush.prompt for brush in scene.brushes] == ["fish", "crab", "turtle"]
    assert scene.recipe.sampler == CARD.recipe.sampler
    status, _, answer = server.request("GET", "/api/starters/none")
    assert 400 <= status < 500
    assert b"there are: house" in answer


def test_health_is_told(server: LiveServer) -> None:
    until(lambda: server.request("GET", "/healthz")[0] == 200)
    body = json.loads(server.request("GET", "/healthz")[2])
    assert body["state"] == "live"
    assert {kind: type(body[kind]) for kind in ("painters", "rows", "decodes")} == dict.fromkeys(
        ("painters", "rows", "decodes"), int
    )


def test_nothing_changes_by_looking(server: LiveServer) -> None:
    for path in ("/api/project/save", "/api/project/open", "/api/render.png"):
        assert server.request("GET", path)[0] in {404, 405}


@pytest.mark.parametrize(
    "path",
    [
        "/../../../../etc/passwd",
        "/..%2f..%2f..%2fpyproject.toml",
        "/%2e%2e/app.py",
        "/assets/../../app.py",
        "//etc/passwd",
    ],
)
def test_the_page_s_folder_is_not_left(server: LiveServer, path: str) -> None:
    status, _, body = server.request("GET", path)
    assert status == 404
    assert b"root:" not in body
    assert b"semdraw" not in body


def test_the_page_is_asked_for_again_but_its_hashed_parts_are_kept(server: LiveServer) -> None:
    status, headers, page = server.request("GET", "/")
    assert (status, headers["cache-control"]) == (200, "no-cache")
    start = page.index(b"assets/")
    asset = page[start : page.index(b'"', start)].decode()
    status, headers, _ = server.request("GET", f"/{asset}")
    assert status == 200
    assert "immutable" in headers["cache-control"]
    assert server.request("GET", "/assets/none.js")[0] == 404
