"""Claims about counting: arithmetic is that of shapes, once by the row."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import torch
from torch.utils.flop_counter import FlopCounterMode

from eval.counting import Counting
from semdraw.models.base import Conditioning, DiffusionModel, Rows
from semdraw.models.registry import load_model


def rows(model: DiffusionModel, count: int) -> Rows:
    told = Conditioning.stack([model.encode_prompt("a castle")] * count)
    return Rows(latents=torch.zeros(count, 4, 8, 8), timestep=torch.full((count,), 999), conditioning=told)


def test_a_row_takes_as_much_in_every_batch_and_only_new_shapes_are_counted(model: Path) -> None:
    plain = load_model(str(model), device="cpu")
    counting = Counting(plain)
    model_like = cast(DiffusionModel, counting)
    first = rows(plain, 3)
    with FlopCounterMode(display=False) as counter:
        plain.predict(first)
    assert torch.equal(model_like.predict(first), plain.predict(first))
    assert (counting.rows, counting.flops) == (3, counter.get_total_flops())
    assert not counting.is_timed, "counting slows a call down"
    counting.reset()
    model_like.predict(rows(plain, 2))
    assert (counting.rows, counting.flops, counting.is_timed) == (2, counter.get_total_flops() * 2 // 3, True)
    model_like.decode(torch.zeros(4, 8, 8))
    assert counting.decodes == 1
    assert counting.flops > counter.get_total_flops()
