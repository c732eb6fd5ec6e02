"""The examples of the published README and notebooks: their calls, arguments and flow, with words and masks of ours.

Only the imports and the checkpoints differ, and the device: theirs is a card.
"""

from __future__ import annotations

from functools import reduce
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw

from semdraw.compat.ipython_util import dispt
from semdraw.compat.model import (
    StableMultiDiffusion3Pipeline,
    StableMultiDiffusionPipeline,
    StableMultiDiffusionSDXLPipeline,
    StreamMultiDiffusion,
    StreamMultiDiffusion3,
    StreamMultiDiffusionSDXL,
)
from semdraw.compat.prompt_util import preprocess_prompts, print_prompts
from semdraw.compat.util import Streamer, blend, seed_everything

pytestmark = [
    pytest.mark.usefixtures("nothing_is_fetched"),
    pytest.mark.filterwarnings("ignore:no tiny decoder"),
]
UNWANTED = "blurred, cropped, framed"


def to_tensor(picture: Image.Image) -> torch.Tensor:
    """What torchvision's ToTensor does: (c h w) in [0, 1]."""
    return torch.from_numpy(np.array(picture)).permute(2, 0, 1).float() / 255


@pytest.fixture(scope="session")
def drawings(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two PNG files whose opaque parts are painted, as those of the published project."""
    folder = tmp_path_factory.mktemp("drawings")
    paths = folder / "first.png", folder / "second.png"
    for path, spot in zip(paths, ((6, 20, 30, 62), (34, 8, 60, 60)), strict=True):
        picture = Image.new("RGBA", (64, 64))
        ImageDraw.Draw(picture).ellipse(spot, fill=(200, 60, 40, 255))
        picture.save(path)
    return paths


@pytest.fixture
def masks(drawings: tuple[Path, Path]) -> list[torch.Tensor]:
    opened = [Image.open(path).convert("RGBA") for path in drawings]
    return [(to_tensor(mask)[-1:] > 0.5).float() for mask in opened]


def palette(style: bool = False) -> tuple[list[str], list[str]]:
    prompts = ["a harbour at dawn", "a fisherman in a yellow coat", "a woman with a red umbrella"]
    negative_prompts = [f"{UNWANTED}, {unwanted}" for unwanted in ("people", "woman", "man")]
    if style:
        return preprocess_prompts(
            prompts, negative_prompts, style_name="(None)", quality_name="Standard v3.1"
        )
    return prompts, negative_prompts


def with_background(masks: list[torch.Tensor]) -> torch.Tensor:
    """(3 1 H W): first what is painted nowhere."""
    background = reduce(torch.logical_and, [mask == 0 for mask in masks])
    return torch.stack([background, *masks], dim=0).float()


def bytes_of(picture: Any) -> bytes:
    assert isinstance(picture, Image.Image)
    assert (picture.size, picture.mode) == ((64, 64), "RGB")
    return picture.tobytes()


def test_stream(checkpoints: dict[str, Path], masks: list[torch.Tensor]) -> None:
    device = torch.device("cpu")
    height, width = 64, 64
    smd = StreamMultiDiffusion(
        device,
        hf_key=str(checkpoints["sd"]),
        height=height,
        width=width,
        cfg_type="none",
        autoflush=True,
        use_tiny_vae=True,
        mask_type="continuous",
        bootstrap_steps=2,
        bootstrap_mix_steps=1.5,
        seed=2024,
    )
    background = reduce(torch.logical_and, [mask == 0 for mask in masks])
    smd.update_background(Image.new(size=(width, height), mode="RGB", color=(255, 255, 255)))
    for idx, (prompt, mask) in enumerate(zip(palette()[0], [background, *masks], strict=True)):
        smd.update_single_layer(
            idx=idx,
            prompt=prompt,
            negative_prompt=UNWANTED,
            mask=mask,
            mask_strength=1.0,
            mask_std=0.0,
            prompt_strength=1.0,
        )
    frames = [bytes_of(smd()) for _ in range(3)]
    assert len(set(frames)) == 3
    smd.update_single_layer(
        idx=2,
        prompt="a small, sitting owl",
        negative_prompt=UNWANTED,
        mask=masks[1],
        mask_strength=1.0,
        mask_std=0.0,
        prompt_strength=1.0,
    )
    assert bytes_of(smd()) not in frames


def test_regions(checkpoints: dict[str, Path], masks: list[torch.Tensor]) -> None:
    def run() -> bytes:
        seed_everything(2024)
        smd = StableMultiDiffusionPipeline(torch.device("cpu"), hf_key=str(checkpoints["sd"]))
        prompts, negative_prompts = palette()
        palette_masks = with_background(masks)
        height, width = palette_masks.shape[-2:]
        image = smd(
            prompts,
            negative_prompts,
            masks=palette_masks,
            mask_strengths=1,
            mask_stds=0,
            height=height,
            width=width,
            bootstrap_steps=2,
        )
        return bytes_of(image)

    assert run() == run()


@pytest.mark.parametrize(
    ("family", "kind"), [("sdxl", StableMultiDiffusionSDXLPipeline), ("sd3", StableMultiDiffusion3Pipeline)]
)
def test_regions_of_other_families(
    checkpoints: dict[str, Path], masks: list[torch.Tensor], family: str, kind: Any, tmp_path: Path
) -> None:
    seed_everything(0)
    smd = kind(torch.device("cpu"), hf_key=str(checkpoints[family]), has_i2t=False)
    prompts, negative_prompts = palette(style=True)
    palette_masks = with_background(masks)
    height, width = palette_masks.shape[-2:]
    image = smd(
        prompts,
        negative_prompts,
        masks=palette_masks,
        mask_strengths=1,
        mask_stds=0,
        height=height,
        width=width,
        bootstrap_steps=2,
        guidance_scale=0,
    )
    image.save(tmp_path / "my_beautiful_creation.png")
    bytes_of(image)


@pytest.mark.parametrize(
    ("family", "kind", "std", "strength"),
    [
        ("sd", StableMultiDiffusionPipeline, 2.0, 1),
        ("sdxl", StableMultiDiffusionSDXLPipeline, 2.0, 1),
        ("sd3", StableMultiDiffusion3Pipeline, 1, 0.9),
    ],
)
def test_inpainting(
    checkpoints: dict[str, Path],
    masks: list[torch.Tensor],
    family: str,
    kind: Any,
    std: float,
    strength: float,
) -> None:
    background_image = Image.new("RGB", (96, 96), (30, 90, 160))
    seed_everything(2)
    smd = kind("cpu", hf_key=str(checkpoints[family]))
    stacked = torch.stack(masks, dim=0)
    dispt(masks, row=1)
    prompts, negative_prompts = (texts[1:] for texts in palette())
    height, width = stacked.shape[-2:]
    image = smd(
        prompts,
        negative_prompts,
        masks=stacked.float(),
        mask_stds=std,
        mask_strengths=strength,
        height=height,
        width=width,
        bootstrap_steps=2,
        bootstrap_leak_sensitivity=0.1,
        background=background_image,
        background_prompt="a harbour at dawn",
        background_negative_prompt=UNWANTED,
    )
    bytes_of(image)
    assert image.getpixel((0, 0)) == image.getpixel((63, 0)) == (30, 90, 160), "the picture is kept"
    blend(image, background_image.resize((64, 64)), stacked.sum(dim=0).clamp(max=1), std=1.0)


def test_panorama(checkpoints: dict[str, Path]) -> None:
    seed_everything(1)
    smd = StableMultiDiffusionPipeline(
        "cpu", hf_key=str(checkpoints["sd"]), t_index_list=[0, 12, 25, 37], mask_type="semi-continuous"
    )
    image = smd.sample_panorama("a photo of mountains", height=64, width=224)
    assert image.size == (224, 64)


@pytest.mark.parametrize(
    ("family", "kind"), [("sdxl", StreamMultiDiffusionSDXL), ("sd3", StreamMultiDiffusion3)]
)
def test_streams_of_other_families(
    checkpoints: dict[str, Path],
    masks: list[torch.Tensor],
    family: str,
    kind: Any,
    capsys: pytest.CaptureFixture[str],
) -> None:
    prompts, negative_prompts = palette(style=True)
    print_prompts(prompts, negative_prompts, has_background=True)
    assert "Background Negative Prompt" in capsys.readouterr().out
    palette_masks = with_background(masks)
    height, width = palette_masks.shape[-2:]
    streamer = kind(
        "cpu",
        hf_key=str(checkpoints[family]),
        height=height,
        width=width,
        cfg_type="none",
        autoflush=True,
        use_tiny_vae=False,
        mask_type="continuous",
        bootstrap_steps=1,
        bootstrap_mix_steps=1,
        seed=0,
    )
    streamer.update_background(Image.new(size=(width, height), mode="RGB", color=(255, 255, 255)))
    streamer.update_layers(
        prompts=prompts,
        negative_prompts=negative_prompts,
        masks=palette_masks.to("cpu"),
        mask_strengths=1.0,
        mask_stds=0.0,
        prompt_strengths=1.0,
    )
    ahead = Streamer(streamer)
    assert bytes_of(ahead())
    ahead.close()


def test_picturebook_is_one_of_the_models() -> None:
    seed_everything(3)
    smd = StableMultiDiffusionPipeline(-1, hf_key="picturebook")
    left = torch.zeros(1, 1, 128, 128)
    left[..., 16:112, 16:64] = 1
    image = smd("cat", masks=left, height=128, width=128, background_prompt="beach", mask_stds=1.0)
    assert image.size == (128, 128)
