"""The arguments of the published calls meet each other in pairs: nothing crashes, sizes hold, seeds repeat."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image

from semdraw.compat import (
    StableMultiDiffusion3Pipeline,
    StableMultiDiffusionPipeline,
    StableMultiDiffusionSDXLPipeline,
    StreamMultiDiffusion,
    StreamMultiDiffusion3,
    StreamMultiDiffusionSDXL,
    seed_everything,
)
from semdraw.scene import MethodName
from tests.compat.pairs import all_pairs
from tests.compat.toys import box, plain

PIPELINES: dict[str, Any] = {
    "sdxl": StableMultiDiffusionSDXLPipeline,
    "sd3": StableMultiDiffusion3Pipeline,
}
STREAMS: dict[str, Any] = {
    "sd": StreamMultiDiffusion,
    "sdxl": StreamMultiDiffusionSDXL,
    "sd3": StreamMultiDiffusion3,
}
SIDES = ((64, 64), (48, 96))  # (height, width)


def ink(left: int) -> Image.Image:
    """A mask as a picture: dark is painted."""
    picture = plain(side=64)
    picture.paste("black", (left, 8, left + 24, 56))
    return picture


MASKS = {
    "tensor": torch.stack([box(4, 8, 30, 60, side=64), box(30, 8, 60, 60, side=64)]),
    "list": [box(4, 8, 30, 60, side=64), box(30, 8, 60, 60, side=64)],
    "pictures": [ink(4), ink(34)],
    "covering": torch.stack([box(0, 0, 64, 64, side=64), box(30, 8, 60, 60, side=64)]),
}
CALL: dict[str, list[Any]] = {
    "prompts": ["a boat", ["a boat", "a lamp"]],
    "negative_prompts": ["", "fog", ["fog", "rain"]],
    "suffix": [None, ", behind it "],
    "background": [None, "picture", "tensor"],
    "background_prompt": [None, "the sea"],
    "background_negative_prompt": ["", "snow"],
    "size": list(SIDES),
    "num_inference_steps": [None, 2],
    "guidance_scale": [None, 0, 1.5],
    "prompt_strengths": [None, 0.8, [0.9, 1.0]],
    "masks": list(MASKS),
    "mask_strengths": [None, 0.99, torch.tensor([1.0, 0.98])],
    "mask_stds": [None, 0, [1.0, 2.0]],
    "use_boolean_mask": [True, False],
    "do_blend": [True, False],
    "tile_size": [None, 32],
    "bootstrap_steps": [None, 0, 2],
    "boostrap_mix_steps": [None, 0.5],
    "bootstrap_leak_sensitivity": [None, 0.1],
    "preprocess_mask_cover_alpha": [None, 0, 0.5],
}
MADE: dict[str, list[Any]] = {
    "family": list(STREAMS),
    "steps": [(None, 50), (None, 3), ([0, 4, 12, 25, 37], 40), ([5, 20], 50)],
    "size": list(SIDES),
    "cfg": [("none", 1.2), ("full", 1.0), ("full", 1.5), ("self", 1.5), ("initialize", 1.5)],
    "delta": [1.0, 0.5],
    "autoflush": [True, False],
    "default_mask_std": [8.0, 0.0],
    "default_prompt_strength": [0.95, 1.0],
    "bootstrap": [(1, 1.0), (2, 1.5), (0, 0)],
    "preprocess_mask_cover_alpha": [None, 0.3],
    "mask_type": ["discrete", "semi-continuous", "continuous"],
    "masks": ["tensor", "pictures", "covering"],
    "suffix": [None, ", behind it "],
    "edit": ["prompt", "mask", "append", "background", "queue"],
}


def _named(row: dict[str, Any]) -> str:
    return "-".join(str(value)[:12].replace("\n", "") for value in row.values())


@pytest.mark.parametrize("table", [CALL, MADE], ids=["call", "made"])
def test_every_pair_of_values_is_in_a_row(table: dict[str, list[Any]]) -> None:
    numbered = {name: range(len(values)) for name, values in table.items()}
    rows = all_pairs(numbered)
    for a, b in combinations(table, 2):
        assert {(row[a], row[b]) for row in rows} == {(i, j) for i in numbered[a] for j in numbered[b]}
    assert len(rows) < 40


@pytest.mark.usefixtures("loaded_once")
@pytest.mark.parametrize("method", ["exact", "published"])
@pytest.mark.parametrize("part", range(3))
def test_a_call_takes_every_pair_of_arguments(
    checkpoints: dict[str, Path], method: MethodName, part: int
) -> None:
    smd = StableMultiDiffusionPipeline("cpu", hf_key=str(checkpoints["sd"]), method=method)
    for number, row in enumerate(all_pairs(CALL)[part::3]):
        picture = _drawn(smd, row)
        assert picture.size == (row["size"][1], row["size"][0]), _named(row)
        assert number % 3 or _drawn(smd, row).tobytes() == picture.tobytes(), _named(row)


@pytest.mark.usefixtures("loaded_once")
@pytest.mark.parametrize("family", ["sdxl", "sd3"])
def test_other_families_take_a_share_of_them(checkpoints: dict[str, Path], family: str) -> None:
    smd = PIPELINES[family]("cpu", hf_key=str(checkpoints[family]))
    for row in all_pairs(CALL)[:2]:
        assert _drawn(smd, row).tobytes() == _drawn(smd, row).tobytes(), _named(row)


def _drawn(smd: Any, row: dict[str, Any]) -> Image.Image:
    settings = {name: value for name, value in row.items() if name not in ("size", "masks", "background")}
    height, width = row["size"]
    behind = {None: None, "picture": plain("navy", 80), "tensor": torch.full((1, 3, 40, 40), 0.3)}
    seed_everything(11)
    return smd(
        **settings,
        height=height,
        width=width,
        masks=MASKS[row["masks"]],
        background=behind[row["background"]],
    )


@pytest.mark.usefixtures("loaded_once")
@pytest.mark.parametrize("part", range(4))
def test_a_stream_takes_every_pair_of_arguments(checkpoints: dict[str, Path], part: int) -> None:
    for number, row in enumerate(all_pairs(MADE)[part::4]):
        frames = _frames(row, checkpoints)
        assert number or frames == _frames(row, checkpoints), _named(row)


def _frames(row: dict[str, Any], checkpoints: dict[str, Path]) -> list[bytes]:
    """The first picture of a stream, and the one after an edit."""
    (height, width), (cfg_type, guidance_scale) = row["size"], row["cfg"]
    stream = STREAMS[row["family"]](
        "cpu",
        hf_key=str(checkpoints[row["family"]]),
        use_tiny_vae=False,
        height=height,
        width=width,
        cfg_type=cfg_type,
        guidance_scale=guidance_scale,
        t_index_list=row["steps"][0],
        num_inference_steps=row["steps"][1],
        bootstrap_steps=row["bootstrap"][0],
        bootstrap_mix_steps=row["bootstrap"][1],
        **{
            name: row[name]
            for name in (
                "delta",
                "autoflush",
                "default_mask_std",
                "default_prompt_strength",
                "preprocess_mask_cover_alpha",
                "mask_type",
            )
        },
    )
    stream.update_background(plain("navy", 80), prompt="the sea")
    stream.update_layers(["a boat", "a lamp"], "fog", suffix=row["suffix"], masks=MASKS[row["masks"]])
    pictures = [stream()]
    _edit(stream, row["edit"])
    pictures.append(stream())
    assert all(picture.size == (width, height) for picture in pictures)
    return [picture.tobytes() for picture in pictures]


def _edit(stream: Any, kind: str) -> None:
    match kind:
        case "prompt":
            stream.update_single_layer(0, prompt="a kite", mask_std=2.0)
        case "mask":
            stream.update_masks(MASKS["list"], mask_strengths=0.99)
        case "append":
            stream.update_single_layer(prompt="a bell", mask=box(20, 20, 40, 40, side=64))
        case "background":
            stream.update_background(prompt="a lake", negative_prompt="ice")
        case _:
            stream.update(idx=1, prompt="a kite", mask=ink(10))
