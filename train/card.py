"""Measure a model folder with the independent judge, and draw its contact sheet.

python -m train.card --model src/semdraw/weights/picturebook --sheet docs/picturebook/contact-sheet.png
"""

import argparse
import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import StableDiffusionPipeline
from PIL import Image, ImageDraw
from torch import Tensor

from train.colours import COLOURS
from train.concepts import backgrounds, objects
from train.oracle import Judge, judge_views, load_judge, square, to_pixels, view
from train.scenes import render_single

Pipeline = Any  # of diffusers, whose calls are untyped
MODEL = Path("src/semdraw/weights/picturebook")
ROWS = 16  # pictures a network call
COLOURED = ("car", "castle", "fish", "balloon", "butterfly", "house")
MIDDLE_PX = 160  # of a canvas with one object in its middle, the judge sees so much


def load_pipeline(folder: Path) -> Pipeline:
    pipeline = StableDiffusionPipeline.from_pretrained(folder, local_files_only=True).to(torch.float32)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def draw(
    pipeline: Pipeline,
    prompts: Sequence[str],
    seeds: Sequence[int],
    size_px: int,
    *,
    steps: int = 4,
    guidance_scale: float = 1.0,
) -> list[Image.Image]:
    """One picture per prompt and seed, by plain diffusers."""
    pictures = []
    for first in range(0, len(prompts), ROWS):
        rows = slice(first, first + ROWS)
        pictures += pipeline(
            list(prompts[rows]),
            num_inference_steps=steps,
            guidance_scale=guidance_scale,
            height=size_px,
            width=size_px,
            generator=[torch.Generator().manual_seed(seed) for seed in seeds[rows]],
        ).images
    return pictures


def to_views(pictures: Sequence[Image.Image]) -> Tensor:
    """(n 3 128 128) uint8."""
    return torch.from_numpy(np.stack([view(picture) for picture in pictures])).permute(0, 3, 1, 2)


def share_right(
    judge: Judge, pictures: Sequence[Image.Image], wanted: Sequence[int]
) -> tuple[float, list[int]]:
    """Top-1 share, and the classes that were missed, each as often as it was."""
    said = judge_views(judge, to_views(pictures)).tolist()
    missed = [label for label, answer in zip(wanted, said, strict=True) if label != answer]
    return 1 - len(missed) / len(wanted), missed


def single_objects(
    pipeline: Pipeline, judge: Judge, size_px: int, seeds: int, **how: Any
) -> tuple[float, list[int]]:
    wanted = [index for index in range(len(objects())) for _ in range(seeds)]
    prompts = [f"a {objects()[index].name} on a white background" for index in wanted]
    numbers = [1000 * seed + index for index in range(len(objects())) for seed in range(seeds)]
    pictures = draw(pipeline, prompts, numbers, size_px, **how)
    centre = np.array([size_px, size_px]) / 2
    return share_right(judge, [square(each, centre, MIDDLE_PX) for each in pictures], wanted)


def bare_backgrounds(
    pipeline: Pipeline, judge: Judge, size_px: int, seeds: int, **how: Any
) -> tuple[float, list[int]]:
    indices = [index for index in range(len(backgrounds())) for _ in range(seeds)]
    prompts = [backgrounds()[index].name for index in indices]
    numbers = [1000 * seed + index for index in range(len(backgrounds())) for seed in range(seeds)]
    return share_right(
        judge, draw(pipeline, prompts, numbers, size_px, **how), [len(objects()) + i for i in indices]
    )


@torch.no_grad()
def spread(judge: Judge, pictures: Sequence[Image.Image]) -> float:
    """Mean distance between the judge's features of all pairs."""
    features = judge.body(to_pixels(to_views(pictures))).mean((2, 3))
    return torch.pdist(features).mean().item()


def diversity(pipeline: Pipeline, judge: Judge, *, seeds: int = 8, every: int = 4) -> float:
    """DIV: how far apart the pictures of one prompt lie, against renders of the same object on white."""
    ratios = []
    for index in range(0, len(objects()), every):
        prompt = f"a {objects()[index].name} on a white background"
        drawn = draw(pipeline, [prompt] * seeds, [7000 + seed for seed in range(seeds)], 128)
        real = [render_single(40_000_000 + seed, index, 128) for seed in range(seeds)]
        ratios.append(spread(judge, drawn) / spread(judge, real))
    return float(np.mean(ratios))


def region_scenes(count: int) -> list[dict[str, Any]]:
    """Two or three round regions of 88-130 px apart from each other on a 256 px canvas, over a named background."""
    scenes: list[dict[str, Any]] = []
    for seed in range(count):
        random = np.random.default_rng([50_000_000, seed])
        num_regions = 2 + seed % 2
        discs: list[tuple[float, float, float]] = []
        while len(discs) < num_regions:
            radius = random.uniform(44, 65 if num_regions == 2 else 55)
            x, y = random.uniform(radius, 256 - radius, 2)
            if all(np.hypot(x - a, y - b) > radius + r for a, b, r in discs):
                discs.append((x, y, radius))
            elif random.random() < 0.05:
                discs.clear()
        shown = random.choice(len(objects()), num_regions, replace=False).tolist()
        ground = backgrounds()[int(random.integers(len(backgrounds())))].name
        scenes.append({"discs": discs, "objects": shown, "background": ground, "seed": seed})
    return scenes


def regions_right(folder: Path, judge: Judge, count: int) -> tuple[float, list[Image.Image]]:
    """The share of regions that show their object, painted by semdraw itself; and the pictures."""
    from semdraw.geometry import Extent
    from semdraw.models.registry import load_model
    from semdraw.rasters import Mask
    from semdraw.scene import Brush, Canvas, Layer, PromptBackground, Scene, checked
    from semdraw.still import generate

    model = load_model(str(folder), device="cpu")
    y, x = np.mgrid[:256, :256]
    pictures, windows, wanted = [], [], []
    for plan in region_scenes(count):
        brushes, layers = [], []
        for number, ((cx, cy, radius), index) in enumerate(zip(plan["discs"], plan["objects"], strict=True)):
            disc = (np.hypot(x - cx, y - cy) <= radius).astype(np.uint8) * 255
            brushes.append(Brush(id=f"b{number}", prompt=objects()[index].name))
            layers.append(Layer(brush_id=f"b{number}", mask=Mask.from_array(disc)))
        canvas = Canvas(
            extent=Extent(256, 256),
            layers=tuple(layers),
            background=PromptBackground(prompt=plan["background"]),
        )
        scene = checked(Scene(canvas=canvas, brushes=tuple(brushes), seed=plan["seed"]))
        picture = Image.fromarray(generate(model, scene).array)
        pictures.append(picture)
        for (cx, cy, radius), index in zip(plan["discs"], plan["objects"], strict=True):
            windows.append(square(picture, np.array([cx, cy]), 2.2 * radius))
            wanted.append(index)
    return share_right(judge, windows, wanted)[0], pictures


def grid(pictures: Sequence[Image.Image], columns: int, labels: Sequence[str] = ()) -> Image.Image:
    side, strip = pictures[0].width, 14 if labels else 0
    rows = -(-len(pictures) // columns)
    page = Image.new("RGB", (columns * (side + 4), rows * (side + strip + 4)), "white")
    pen = ImageDraw.Draw(page)
    for number, picture in enumerate(pictures):
        corner = (number % columns * (side + 4) + 2, number // columns * (side + strip + 4) + 2)
        page.paste(picture, corner)
        if labels:
            pen.text((corner[0] + 2, corner[1] + side), labels[number], fill="#444444")
    return page


def contact_sheet(pipeline: Pipeline) -> Image.Image:
    """Every concept, 4 steps, seed = its number in the table; none picked."""
    names = [concept.name for concept in (*objects(), *backgrounds())]
    prompts = [f"a {concept.name} on a white background" for concept in objects()]
    prompts += [concept.name for concept in backgrounds()]
    return grid(draw(pipeline, prompts, range(len(prompts)), 128), 12, names)


def colour_sheet(pipeline: Pipeline) -> Image.Image:
    """Some things in every colour that has a name, 128 px, 4 steps, seeds from 0; none picked."""
    names = [f"{colour} {thing}" for thing in COLOURED for colour in COLOURS]
    prompts = [f"a {name} on a white background" for name in names]
    return grid(draw(pipeline, prompts, range(len(prompts)), 128), len(COLOURS), names)


def names_of(missed: Sequence[int]) -> str:
    names = [concept.name for concept in (*objects(), *backgrounds())]
    return ", ".join(names[label] for label in missed)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--model", type=Path, default=MODEL)
    options.add_argument("--seeds", type=int, default=2, help="pictures per object and size")
    options.add_argument("--scenes", type=int, default=40, help="scenes with regions; 0 leaves them out")
    options.add_argument("--sheet", type=Path, help="write the contact sheet here")
    options.add_argument("--colour-sheet", type=Path, help="write things in named colours here")
    options.add_argument("--scene-sheet", type=Path, help="write the scenes with regions here")
    options.add_argument("--steps", type=int, default=4)
    options.add_argument("--guidance", type=float, default=1.0)
    options.add_argument("--quick", action="store_true", help="one size, one seed")
    args = options.parse_args()
    started = time.monotonic()
    pipeline, judge = load_pipeline(args.model), load_judge()
    how = {"steps": args.steps, "guidance_scale": args.guidance}
    figures: dict[str, float] = {}

    def note(name: str, value: float, missed: Sequence[int] = ()) -> None:
        figures[name] = round(value, 3)
        print(
            f"{name}: {value:.3f}  ({time.monotonic() - started:.0f} s)  missed: {names_of(missed)}",
            flush=True,
        )

    if args.sheet:
        contact_sheet(pipeline).quantize(200).save(args.sheet, optimize=True)
    if args.colour_sheet:
        colour_sheet(pipeline).save(args.colour_sheet, quality=85, method=6)
    for size_px in (128,) if args.quick else (128, 256):
        seeds = 1 if args.quick or size_px == 256 else args.seeds
        note(f"objects at {size_px} px", *single_objects(pipeline, judge, size_px, seeds, **how))
        note(
            f"backgrounds at {size_px} px",
            *bare_backgrounds(pipeline, judge, size_px, 2 if args.quick else 4, **how),
        )
    if not args.quick:
        note("diversity", diversity(pipeline, judge))
    if args.scenes:
        share, pictures = regions_right(args.model, judge, args.scenes)
        note("regions on a background at 256 px", share)
        if args.scene_sheet:
            grid(pictures[:24], 6).quantize(200).save(args.scene_sheet, optimize=True)
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
