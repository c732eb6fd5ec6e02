"""The published classes around the toy model, which paints a prompt that is a colour in that colour."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from semdraw.scene import Recipe
from tests.toy import ToyModel

SIDE = 128
WHITE = "white"


@pytest.fixture
def toy(monkeypatch: pytest.MonkeyPatch) -> ToyModel:
    """All classes of semdraw.compat now load this model, whatever they are asked for."""
    model = ToyModel()

    def opened(_: Any) -> tuple[ToyModel, Recipe]:
        return model, Recipe()

    monkeypatch.setattr("semdraw.compat.pipeline.opened", opened)
    monkeypatch.setattr("semdraw.compat.streams.opened", opened)
    return model


def box(left: int, top: int, right: int, bottom: int, side: int = SIDE) -> Tensor:
    """(1 H W): 1 inside."""
    mask = torch.zeros(1, side, side)
    mask[:, top:bottom, left:right] = 1
    return mask


def left_half() -> Tensor:
    return box(0, 0, SIDE // 2, SIDE)


def right_half() -> Tensor:
    return box(SIDE // 2, 0, SIDE, SIDE)


def color_at(picture: Image.Image, x: int, y: int) -> str:
    """The name of the strongest channel, or white, grey and black."""
    red, green, blue = (int(value) for value in np.asarray(picture.convert("RGB"))[y, x])
    strongest = max(red, green, blue)
    if strongest - min(red, green, blue) < 60:
        return "white" if strongest > 200 else "black" if strongest < 60 else "grey"
    return {red: "red", green: "green", blue: "blue"}[strongest]


def plain(color: str = WHITE, side: int = SIDE) -> Image.Image:
    return Image.new("RGB", (side, side), color)
