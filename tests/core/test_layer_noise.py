"""Claims about noise that belongs to layers: it goes where its region is moved, and no edit but its own changes it."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from msgspec.structs import replace
from torch import Tensor

from semdraw.commands import EditBrush, EditLayer, MoveLayer, apply
from semdraw.engine import Engine
from semdraw.geometry import Bounds, Extent
from semdraw.models.base import DiffusionModel
from semdraw.models.registry import load_model
from semdraw.regions import compile_regions
from semdraw.rows import noise_field
from semdraw.scene import Recipe, Scene
from semdraw.still import generate
from tests.core.test_stream import EXTENT, LEFT, scene_of
from tests.engine.desks import Desk
from tests.scenes import box, two_regions
from tests.tiny import write_checkpoint
from tests.toy import ToyModel

CELL = 8


def noise_of(scene: Scene, step: int = 1) -> Tensor:
    model = ToyModel()
    return noise_field(compile_regions(scene, model), model)(step)


def moved(scene: Scene, dx: int, dy: int) -> Scene:
    """The left region dragged across the canvas, as the page does it."""
    there = Bounds(LEFT.x + dx, LEFT.y + dy, LEFT.width, LEFT.height)
    layer = replace(scene.layer("left"), mask=box(EXTENT, there))
    return apply(scene.with_layer(layer), EditLayer(brush_id="left", moved_px=(dx, dy)))


def cells(noise: Tensor, bounds: Bounds) -> Tensor:
    x, y, width, height = (px // CELL for px in bounds)
    return noise[:, y : y + height, x : x + width]


@pytest.mark.parametrize("seed", [None, 9])
def test_a_region_that_is_moved_takes_its_noise_along(seed: int | None) -> None:
    scene = scene_of()
    scene = scene.with_brush(replace(scene.brush("left"), seed=seed))
    there = Bounds(LEFT.x + 24, LEFT.y + 16, LEFT.width, LEFT.height)
    before, after = noise_of(scene), noise_of(moved(scene, 24, 16))
    assert torch.equal(cells(after, there), cells(before, LEFT))
    assert not torch.equal(cells(after, there), cells(before, there))


def test_what_it_leaves_and_all_beside_it_takes_the_noise_of_its_own_place() -> None:
    bare = noise_of(scene_of().with_canvas(layers=scene_of().canvas.layers[1:]))
    after = noise_of(moved(scene_of(), 24, 16))
    is_beside = torch.ones(16, 16, dtype=torch.bool)
    is_beside[(LEFT.y + 16) // 8 : (LEFT.y + 80) // 8, (LEFT.x + 24) // 8 : (LEFT.x + 64) // 8] = False
    assert torch.equal(after[:, is_beside], bare[:, is_beside])


def test_a_move_of_less_than_half_a_cell_keeps_the_noise_in_its_place() -> None:
    assert torch.equal(noise_of(moved(scene_of(), 3, -3)), noise_of(scene_of()))


def test_a_layer_that_was_not_moved_has_the_noise_that_scenes_always_had() -> None:
    one_seed = noise_of(scene_of())
    assert torch.equal(one_seed, noise_of(scene_of().with_canvas(layers=())))


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> DiffusionModel:
    return load_model(str(write_checkpoint(tmp_path_factory.mktemp("tiny"))), device="cpu")


@pytest.mark.parametrize("method", ["exact", "joint"])
def test_undo_brings_back_every_byte_of_a_network_s_picture(network: DiffusionModel, method: str) -> None:
    scene = replace(two_regions(Extent(64, 64)), recipe=Recipe(method=method, num_steps=3))  # type: ignore[arg-type]
    wanted = generate(network, scene).array
    edits = [
        EditBrush(brush_id="moon", prompt="a lake"),
        EditLayer(brush_id="castle", moved_px=(16, 8)),
        EditLayer(brush_id="castle", visible=False),
        MoveLayer(brush_id="castle", index=1),
    ]
    engine = Engine(lambda: network)
    engine.start()
    desk = Desk(engine)
    for number, edit in enumerate([None, *edits]):
        if edit is not None:
            desk.seat.put(apply(scene, edit), 2 * number)
            assert (desk.settled(2 * number).pixels != wanted).any() or isinstance(edit, MoveLayer)
        desk.seat.put(scene, 2 * number + 1)
        assert (desk.settled(2 * number + 1).pixels == wanted).all(), edit
    engine.stop()


def test_moves_are_kept_in_files_and_scaled_with_the_canvas(tmp_path: Path) -> None:
    from semdraw.enlarging import enlarged
    from semdraw.files import open_project, save_project

    scene = moved(scene_of(), 24, -16)
    save_project(tmp_path / "moved.semdraw", scene)
    assert open_project(tmp_path / "moved.semdraw") == scene
    assert enlarged(scene, 2.0, multiple=8).layer("left").moved_px == (48, -32)
