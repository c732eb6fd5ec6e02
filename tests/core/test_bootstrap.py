from __future__ import annotations

import torch
from hypothesis import given
from hypothesis import strategies as st

from semdraw.bootstrap import isolate, shift, without_leak
from semdraw.geometry import Bounds, Extent


@given(st.integers(-9, 9), st.integers(-9, 9))
def test_shifting_there_and_back_keeps_what_stayed_inside_and_nothing_wraps(dx: int, dy: int) -> None:
    values = torch.arange(1.0, 49.0).view(1, 6, 8)
    there = shift(values, (dx, dy), fill=torch.zeros_like(values))
    back = shift(there, (-dx, -dy), fill=torch.zeros_like(values))
    assert ((back == values) | (back == 0)).all()
    assert (back != 0).sum() == max(0, 8 - abs(dx)) * max(0, 6 - abs(dy))


@given(st.integers(0, 20), st.integers(0, 20), st.integers(1, 12), st.integers(1, 12))
def test_centring_keeps_the_whole_box_on_the_canvas(x: int, y: int, width: int, height: int) -> None:
    extent, box = Extent(32, 32), Bounds(x, y, width, height)
    dx, dy = box.centring_shift(extent)
    moved = Bounds(x + dx, y + dy, width, height)
    assert moved.is_within(extent)
    assert abs((2 * moved.x + width) - 32) <= 1
    assert abs((2 * moved.y + height) - 32) <= 1


def test_a_region_sees_only_its_own_cells() -> None:
    weight = torch.tensor([[[1.0, 0.5, 0.0]]])
    seen = isolate(torch.full((2, 1, 3), 4.0), weight, torch.zeros(2, 1, 3))
    assert seen[0, 0].tolist() == [4.0, 2.0, 0.0]


def test_cells_that_show_nothing_but_ground_are_given_back() -> None:
    ground = torch.zeros(4, 1, 2)
    clean = ground.clone()
    clean[:, 0, 1] = 2.0
    weight = without_leak(torch.ones(1, 1, 2), clean, ground, 0.2)
    assert weight[0, 0, 0].item() == 0.0
    assert weight[0, 0, 1].item() > 0.999
