"""Train the oracles, on renders alone. Their data differ in seed and in how badly they are treated.

torchrun --standalone --nproc-per-node 2 -m eval.train_oracles first --threads 1 --seconds 900
torchrun --standalone --nproc-per-node 2 -m eval.train_oracles second --threads 1 --seconds 900
"""

from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from diffusers import AutoencoderTiny
from numpy.random import Generator
from torch import Tensor

from eval.bench import EXTENT
from eval.oracle_data import Labelled, compose, degraded, views
from eval.oracle_nets import CELL_PX, VIEW_PX, Second, Segmenter
from eval.oracles import FILES, save_oracle
from eval.views import to_pixels
from train.runs import Ema, Meter, Run, on_device, parser, prepare, rank

VAE = Path(__file__).parents[1] / "src/semdraw/weights/picturebook/vae"
POOL = 300  # pictures of each process that went through the autoencoder
FROM_POOL = 0.4
PART_PX = 192  # of a picture, in training
SEEDS = {"first": 61_000_000, "second": 62_000_000}
HELD_OUT = 63_000_000
STRENGTH = {"first": 1.0, "second": 1.3}


@torch.no_grad()
def through_vae(scenes: list[Labelled], random: Generator) -> list[Labelled]:
    """The same scenes as the autoencoder gives them back from slightly noisy latents."""
    loaded: Any = AutoencoderTiny.from_pretrained(VAE)
    vae = on_device(loaded.eval(), torch.device("cpu"))
    soft: list[Labelled] = []
    for scene in scenes:
        pixels = to_pixels(scene.image[None]).contiguous(memory_format=torch.channels_last)
        with torch.autocast("cpu", torch.bfloat16):
            latents = vae.encoder(pixels).float()
            latents = latents + random.uniform(0, 0.12) * torch.randn_like(latents)
            pixels = vae.decoder(latents).float()
        image = ((pixels[0].clamp(-1, 1) + 1) * 127.5).round().byte().permute(1, 2, 0).numpy()
        soft.append(Labelled(image=image, labels=scene.labels, things=scene.things))
    return soft


def draw_scenes(random: Generator, pool: list[Labelled], count: int) -> list[Labelled]:
    return [
        pool[int(random.integers(len(pool)))] if random.random() < FROM_POOL else compose(random)
        for _ in range(count)
    ]


def view_batch(random: Generator, scenes: list[Labelled], count: int, which: str) -> tuple[Tensor, Tensor]:
    """At most `count` views (n 3 side side), worse and now and then mirrored, and their classes (n,)."""
    each = -(-count // len(scenes))
    seen = [view for scene in scenes for view in views(random, scene, each, VIEW_PX[which])][:count]
    pixels = degraded(to_pixels(np.stack([view for view, _ in seen])), random, strength=STRENGTH[which])
    mirrored = torch.from_numpy(random.random(len(pixels)) < 0.3)
    pixels[mirrored] = pixels[mirrored].flip(-1)
    return pixels, torch.tensor([label for _, label in seen])


def cell_batch(random: Generator, scenes: list[Labelled], strength: float) -> tuple[Tensor, Tensor]:
    """A part of each picture (n 3 192 192) and the class in the middle of each of its cells (n 48 48)."""
    corners = random.integers(0, EXTENT.width - PART_PX + 1, (len(scenes), 2)).tolist()
    parts = [(slice(y, y + PART_PX), slice(x, x + PART_PX)) for y, x in corners]
    images = np.stack([scene.image[part] for scene, part in zip(scenes, parts, strict=True)])
    labels = np.stack([scene.labels[part] for scene, part in zip(scenes, parts, strict=True)])
    pixels = degraded(to_pixels(images), random, strength=strength)
    cells = torch.from_numpy(labels[:, CELL_PX // 2 :: CELL_PX, CELL_PX // 2 :: CELL_PX].astype(np.int64))
    mirrored = torch.from_numpy(random.random(len(pixels)) < 0.3)
    pixels[mirrored], cells[mirrored] = pixels[mirrored].flip(-1), cells[mirrored].flip(-1)
    return pixels, cells


def loss_of(
    oracle: Segmenter | Second, random: Generator, scenes: list[Labelled], args: Any, meter: Meter
) -> Tensor:
    pixels, wanted = view_batch(random, scenes, args.views, args.which)
    with torch.autocast(args.device, torch.bfloat16):
        logits = oracle(as_laid_out(pixels, args.device))
    wanted = wanted.to(logits.device)
    meter.add("views right", (logits.argmax(1) == wanted).float().mean().item())
    loss = F.cross_entropy(logits.float(), wanted, label_smoothing=0.05)
    if isinstance(oracle, Segmenter):
        whole, cells = cell_batch(random, scenes, STRENGTH[args.which])
        with torch.autocast(args.device, torch.bfloat16):
            named = oracle.cells(as_laid_out(whole, args.device))
        cells = cells.to(named.device)
        meter.add("cells right", (named.argmax(1) == cells).float().mean().item())
        loss = loss + F.cross_entropy(named.float(), cells)
    return loss


def as_laid_out(pixels: Tensor, device: str) -> Tensor:
    return pixels.to(device, memory_format=torch.channels_last)


def main() -> None:
    options = parser(__doc__, seconds=900)
    options.add_argument("which", choices=sorted(SEEDS))
    options.add_argument("--scenes", type=int, default=10, help="pictures of one process in a step")
    options.add_argument("--views", type=int, default=32)
    options.add_argument("--lr", type=float, default=2e-3)
    args = options.parse_args()
    device = prepare(args)
    first = np.random.default_rng([SEEDS[args.which], rank()])
    pool = through_vae([compose(first) for _ in range(POOL)], first)
    oracle = on_device(Segmenter() if args.which == "first" else Second(), device)
    run = Run(
        path=args.state / f"oracle-{args.which}.pt",
        module=oracle,
        optimizer=torch.optim.AdamW(oracle.parameters(), lr=args.lr, betas=(0.9, 0.98), weight_decay=0.05),
        seconds=args.seconds,
        total_s=args.total,
        ema=Ema(module=oracle, limit=0.995),
        lr=args.lr,
        decay_from=0.5,
    ).resume()
    meter = Meter()
    for _ in run.steps():
        random = np.random.default_rng([SEEDS[args.which], rank(), run.step])
        scenes = draw_scenes(random, pool, args.scenes)
        run.descend(loss_of(oracle, random, scenes, args, meter))
        run.samples += args.scenes
        meter.report(run)
    if rank() == 0 and run.ema is not None:
        save_oracle(run.ema.weights, FILES[args.which])


if __name__ == "__main__":
    main()
