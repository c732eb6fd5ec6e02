"""Claims about what a painter can do."""

from __future__ import annotations

import contextlib
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from semdraw.commands import (
    AddBrush,
    Command,
    EditBrush,
    EditLayer,
    MoveLayer,
    PaintMask,
    RemoveBrush,
    ReplaceScene,
    SetBackground,
    SetRecipe,
    SetSeed,
    apply,
    inflate,
)
from semdraw.errors import SceneError
from semdraw.geometry import Bounds
from semdraw.scene import Brush, ColorBackground, PromptBackground, Recipe, Scene
from tests.scenes import two_regions


def order(scene: Scene) -> list[str]:
    return [layer.brush_id for layer in scene.canvas.layers]


def paint(bounds: Bounds, alpha: bytes, brush_id: str = "castle") -> PaintMask:
    x, y, width, height = bounds
    return PaintMask(brush_id=brush_id, x=x, y=y, width=width, height=height, alpha=zlib.compress(alpha))


def test_a_new_brush_lies_on_top_and_is_bare() -> None:
    scene = apply(two_regions(), AddBrush(brush=Brush(id="tree", prompt="tree")))
    assert order(scene) == ["castle", "moon", "tree"]
    assert scene.layer("tree").mask.is_blank


def test_a_new_brush_can_be_put_below() -> None:
    assert order(apply(two_regions(), AddBrush(brush=Brush(id="tree"), index=0))) == [
        "tree",
        "castle",
        "moon",
    ]


def test_editing_a_brush_changes_only_what_is_given() -> None:
    before = two_regions()
    after = apply(before, EditBrush(brush_id="moon", prompt="sun"))
    assert after.brush("moon").prompt == "sun"
    assert after.brush("moon").color == before.brush("moon").color
    assert after.canvas == before.canvas


def test_negative_prompts_are_edited_like_prompts() -> None:
    before = two_regions()
    after = apply(before, EditBrush(brush_id="moon", negative="blurry"))
    assert (after.brush("moon").negative, after.brush("moon").prompt) == ("blurry", "full moon")
    behind = PromptBackground(prompt="sea", negative="people")
    assert apply(before, SetBackground(background=behind)).canvas.background == behind


def test_null_returns_a_brush_to_the_seed_of_the_scene() -> None:
    own = apply(two_regions(), EditBrush(brush_id="moon", seed=3))
    assert own.brush("moon").seed == 3
    assert apply(own, EditBrush(brush_id="moon", prompt="sun")).brush("moon").seed == 3
    assert apply(own, EditBrush(brush_id="moon", seed=None)).brush("moon").seed is None


def test_removing_a_brush_removes_what_it_painted() -> None:
    scene = apply(two_regions(), RemoveBrush(brush_id="castle"))
    assert order(scene) == ["moon"]
    assert [brush.id for brush in scene.brushes] == ["moon"]


def test_moving_a_layer_up_and_down_again_changes_nothing() -> None:
    scene = two_regions()
    up = apply(scene, MoveLayer(brush_id="castle", index=1))
    assert order(up) == ["moon", "castle"]
    assert apply(up, MoveLayer(brush_id="castle", index=0)) == scene


def test_hiding_a_layer_keeps_its_mask() -> None:
    scene = apply(two_regions(), EditLayer(brush_id="moon", visible=False))
    assert not scene.layer("moon").visible
    assert scene.layer("moon").mask == two_regions().layer("moon").mask


def test_background_seed_and_recipe_are_replaced_whole() -> None:
    scene = two_regions()
    assert apply(scene, SetBackground(background=ColorBackground(color="#102030"))).canvas.background == (
        ColorBackground(color="#102030")
    )
    assert apply(scene, SetSeed(seed=99)).seed == 99
    assert apply(scene, SetRecipe(recipe=Recipe(num_steps=8))).recipe.num_steps == 8


def test_painting_a_rectangle_and_painting_it_back_restores_the_scene() -> None:
    scene = two_regions()
    bounds = Bounds(10, 20, 5, 4)
    before = scene.layer("castle").mask.array[bounds.slices].tobytes()
    painted = apply(scene, paint(bounds, bytes(20)))
    assert painted != scene
    assert apply(painted, paint(bounds, before)) == scene


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        (EditBrush(brush_id="x", prompt="a"), "no brush"),
        (RemoveBrush(brush_id="x"), "no brush"),
        (MoveLayer(brush_id="x", index=0), "no layer"),
        (EditLayer(brush_id="x", visible=True), "no layer"),
        (AddBrush(brush=Brush(id="moon")), "must differ"),
        (SetRecipe(recipe=Recipe(step_indices=(0, 12, 4))), r"must rise.*try \[0, 4, 12\]"),
        (SetRecipe(recipe=Recipe(step_indices=(0, 50))), "from 0 to 49"),
        (paint(Bounds(0, 0, 2, 2), bytes(4), brush_id="x"), "no layer"),
        (paint(Bounds(63, 63, 2, 2), bytes(4)), "outside"),
        (paint(Bounds(0, 0, 2, 2), bytes(3)), "expected 4"),
        (paint(Bounds(0, 0, 2, 2), bytes(5)), "expected 4"),
        (PaintMask(brush_id="moon", x=0, y=0, width=2, height=2, alpha=b"no zlib"), "deflated"),
    ],
    ids=lambda value: type(value).__name__ if not isinstance(value, str) else value,
)
def test_an_edit_that_makes_no_sense_is_refused_in_words(command: Command, reason: str) -> None:
    with pytest.raises(SceneError, match=reason):
        apply(two_regions(), command)


def test_a_replaced_scene_is_checked() -> None:
    broken = two_regions().with_canvas(layers=())
    with pytest.raises(SceneError, match="one layer"):
        apply(two_regions(), ReplaceScene(scene=broken))


def test_a_deflate_bomb_is_not_inflated() -> None:
    bomb = zlib.compress(bytes(50_000_000))
    with pytest.raises(SceneError, match="expected 16"):
        inflate(bomb, size=16)


def test_bytes_after_the_end_are_refused() -> None:
    with pytest.raises(SceneError, match="expected 4"):
        inflate(zlib.compress(bytes(4)) + b"tail", size=4)


@given(st.binary(min_size=1, max_size=300))
def test_inflate_gives_back_what_was_deflated(data: bytes) -> None:
    assert inflate(zlib.compress(data), size=len(data)) == data


@given(st.binary(max_size=200))
def test_inflate_never_raises_anything_but_a_scene_error(data: bytes) -> None:
    with contextlib.suppress(SceneError):
        assert len(inflate(data, size=8)) == 8
