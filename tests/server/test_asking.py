"""Claims about what a painter asks of one region: its pixels to keep, and why it shows or does not."""

from __future__ import annotations

import threading
from typing import Any

import msgspec
import numpy as np
import pytest
from msgspec.structs import replace

from semdraw.commands import EditLayer, ReplaceScene, SetSeed, apply
from semdraw.freezing import frozen_layers
from semdraw.geometry import Bounds
from semdraw.inspection import inspect_region
from semdraw.protocol import Edit, from_wire, to_wire
from semdraw.reports import Inspection
from semdraw.scene import Frozen, Layer, Scene
from tests.engine.desks import Desk
from tests.scenes import SMALL, box, two_regions
from tests.server.living import LiveServer, live_server
from tests.toy import ToyModel


def coloured() -> Scene:
    scene = two_regions()
    for brush_id, color in (("castle", "red"), ("moon", "blue")):
        scene = scene.with_brush(replace(scene.brush(brush_id), prompt=color))
    return scene


def asked(server: LiveServer, what: str, scene: Scene, brush: str, kind: Any) -> Any:
    body = msgspec.msgpack.encode(scene, enc_hook=to_wire)
    headers = {"Content-Type": "application/msgpack"}
    status, _, data = server.request("POST", f"/api/regions/{what}?brush={brush}", body=body, headers=headers)
    assert status == 200, data
    return msgspec.msgpack.decode(data, type=kind, dec_hook=from_wire)


def test_a_region_that_was_frozen_over_the_wire_stays_as_it_was_to_the_byte() -> None:
    with live_server() as server:
        scene = coloured()
        with server.painter(scene) as (painter, _):
            painter.settled(0)
            frozen = asked(server, "freeze", scene, "castle", Frozen)
            desk = Desk(server.studio.engine)
            desk.seat.put(scene, 0)
            before = desk.settled(0).pixels
            kept = apply(scene, EditLayer(brush_id="castle", locked=True, frozen=frozen))
            rolled = apply(kept.with_brush(replace(kept.brush("castle"), prompt="green")), SetSeed(seed=1234))
            painter.say(Edit(seq=1, command=ReplaceScene(scene=rolled)))
            painter.settled(1)
            desk.seat.put(rolled, 1)
            after = desk.settled(1).pixels
            desk.seat.close()
    inside = Bounds(0, 0, 32, 64).slices
    assert np.array_equal(before[inside], after[inside])
    assert len(frozen_layers(rolled)) == 1


def test_what_does_not_show_cannot_be_frozen_and_unknown_brushes_are_named() -> None:
    with live_server() as server:
        hidden = coloured().with_layer(Layer(brush_id="moon", mask=box(SMALL, Bounds(0, 0, 64, 64))))
        assert asked(server, "freeze", hidden, "castle", Frozen | None) is None
        body = msgspec.msgpack.encode(coloured(), enc_hook=to_wire)
        headers = {"Content-Type": "application/msgpack"}
        for what in ("freeze", "inspect"):
            status, _, data = server.request(
                "POST", f"/api/regions/{what}?brush=tree", body=body, headers=headers
            )
            assert status == 422
            assert b"tree" in data


def test_an_inspection_tells_the_cover_of_each_step_as_small_masks() -> None:
    with live_server() as server:
        server.studio.engine.render(coloured())
        found = asked(server, "inspect", coloured(), "castle", Inspection)
    assert found == inspect_region(coloured(), "castle", ToyModel())
    assert found.painted == 0.5
    assert [step.mask.extent for step in found.steps] == [(8, 8)] * 4
    covers = [step.cover for step in found.steps]
    assert covers == sorted(covers)
    assert 0.4 < covers[-1] <= 0.6
    noises = [step.noise for step in found.steps]
    assert noises == sorted(noises, reverse=True)
    for step in found.steps:
        assert step.cover == pytest.approx(float(step.mask.array.mean()) / 255, abs=0.01)


def test_an_inspection_uses_the_model_in_the_engine_s_thread_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    threads: list[str] = []

    def noted(*given: Any) -> Inspection:
        threads.append(threading.current_thread().name)
        return inspect_region(*given)

    monkeypatch.setattr("semdraw.inspection.inspect_region", noted)
    with live_server() as server:
        server.studio.engine.render(coloured())
        asked(server, "inspect", coloured(), "castle", Inspection)
    assert threads == ["semdraw-engine"]


def test_an_inspection_says_what_keeps_a_region_from_acting() -> None:
    dot = coloured().with_layer(Layer(brush_id="castle", mask=box(SMALL, Bounds(2, 2, 3, 3))))
    dot = dot.with_brush(replace(dot.brush("castle"), softness_px=60))
    found = inspect_region(dot, "castle", ToyModel())
    assert [hint.problem for hint in found.hints] == ["too_small"]
    covered = coloured().with_layer(Layer(brush_id="moon", mask=coloured().layer("castle").mask))
    assert [hint.problem for hint in inspect_region(covered, "castle", ToyModel()).hints] == ["hidden"]
    faint = coloured().with_brush(replace(coloured().brush("castle"), strength=0.0))
    assert [hint.problem for hint in inspect_region(faint, "castle", ToyModel()).hints] == ["faint"]
    late = coloured().with_brush(replace(coloured().brush("castle"), acts_from=0.6))
    assert [step.acts for step in inspect_region(late, "castle", ToyModel()).steps] == [
        False,
        False,
        True,
        True,
    ]
    silent = coloured().with_brush(replace(coloured().brush("castle"), prompt=""))
    found = inspect_region(silent, "castle", ToyModel())
    assert found.steps == ()
    assert [hint.problem for hint in found.hints] == ["no_prompt"]
