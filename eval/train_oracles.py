"""Train the oracles, on renders alone. Their data differ in seed and in how badly they are treated.

torchrun --standalone --nproc-per-node 2 -m eval.train_oracles first --threads 1 --seconds 900
torchrun --standalone --nproc-per-node 2 -m eval.train_oracles second --threads 1 --seconds 900
"""

from collections.abc import Callable
from dataclasses import dataclass
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
from eval.oracles import FILES, Which, save_oracle
from eval.views import to_pixels
from train.concepts import objects
from train.oracle import load_judge
from train.runs import Ema, Meter, Run, on_device, parser, prepare, rank

VAE = Path(__file__).parents[1] / "src/semdraw/weights/picturebook/vae"
POOL = 300  # pictures of each process that went through the autoencoder
FROM_POOL = 0.4
MIRRORED = 0.3
PART_PX = 192  # of a picture, in training
SEEDS = {"first": 61_000_000, "second": 62_000_000}
STRENGTH = {"first": 1.0, "second": 1.3}


def soft_pool(random: Generator) -> list[Labelled]:
    return through_vae([compose(random) for _ in range(POOL)], random)


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


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class School:
    """What one oracle is shown in a step."""

    which: Which
    pool: list[Labelled]
    num_scenes: int
    num_views: int

    def scenes(self, random: Generator) -> list[Labelled]:
        return [
            self.pool[int(random.integers(len(self.pool)))]
            if random.random() < FROM_POOL
            else compose(random)
            for _ in range(self.num_scenes)
        ]

    def views(self, random: Generator, scenes: list[Labelled]) -> tuple[Tensor, Tensor]:
        """Views (n 3 side side), made worse and now and then mirrored, and their classes (n,)."""
        each = -(-self.num_views // len(scenes))
        seen = [view for scene in scenes for view in views(random, scene, each, VIEW_PX[self.which])]
        seen = seen[: self.num_views]
        pixels = self.worsened(random, np.stack([view for view, _ in seen]))
        mirrored = torch.from_numpy(random.random(len(pixels)) < MIRRORED)
        pixels[mirrored] = pixels[mirrored].flip(-1)
        return pixels, torch.tensor([label for _, label in seen])

    def cells(self, random: Generator, scenes: list[Labelled]) -> tuple[Tensor, Tensor]:
        """A part of each picture (n 3 192 192) and the class in the middle of each of its cells (n 48 48)."""
        corners = random.integers(0, EXTENT.width - PART_PX + 1, (len(scenes), 2)).tolist()
        parts = [(slice(y, y + PART_PX), slice(x, x + PART_PX)) for y, x in corners]
        images = np.stack([scene.image[part] for scene, part in zip(scenes, parts, strict=True)])
        labels = np.stack([scene.labels[part] for scene, part in zip(scenes, parts, strict=True)])
        pixels = self.worsened(random, images)
        half = CELL_PX // 2
        wanted = torch.from_numpy(labels[:, half::CELL_PX, half::CELL_PX].astype(np.int64))
        mirrored = torch.from_numpy(random.random(len(pixels)) < MIRRORED)
        pixels[mirrored], wanted[mirrored] = pixels[mirrored].flip(-1), wanted[mirrored].flip(-1)
        return pixels, wanted

    def worsened(self, random: Generator, pictures: np.ndarray) -> Tensor:
        return degraded(to_pixels(pictures), random, strength=STRENGTH[self.which])


def lesson(
    oracle: Segmenter | Second, school: School, random: Generator, meter: Meter, *, emphasis: float
) -> Tensor:
    """The loss of one step: what views show, and for the first oracle what every cell shows."""
    device = next(oracle.parameters()).device
    scenes = school.scenes(random)
    pixels, wanted = (each.to(device) for each in school.views(random, scenes))
    logits = answers(oracle, pixels)
    meter.add("views right", (logits.argmax(1) == wanted).float().mean().item())
    loss = F.cross_entropy(logits, wanted, label_smoothing=0.05)
    if isinstance(oracle, Segmenter):
        pixels, wanted = (each.to(device) for each in school.cells(random, scenes))
        loss = loss + cell_loss(answers(oracle.cells, pixels), wanted, emphasis=emphasis, meter=meter)
    return loss


def answers(ask: Callable[[Tensor], Tensor], pixels: Tensor) -> Tensor:
    with torch.autocast(pixels.device.type, torch.bfloat16):
        return ask(pixels.contiguous(memory_format=torch.channels_last)).float()


def cell_loss(logits: Tensor, wanted: Tensor, *, emphasis: float, meter: Meter) -> Tensor:
    """Mean over all cells (n h w), `emphasis` of it over those of objects alone: at first ground drowns them."""
    losses, is_object = F.cross_entropy(logits, wanted, reduction="none"), wanted < len(objects())
    right = logits.argmax(1) == wanted
    meter.add("cells right", right.float().mean().item())
    meter.add("object cells right", (right & is_object).sum().item() / max(1, int(is_object.sum())))
    of_objects = (losses * is_object).sum() / is_object.sum().clamp(min=1)
    return (1 - emphasis) * losses.mean() + emphasis * of_objects


def begin(which: Which) -> Segmenter | Second:
    """A new network; the first knows from the start what the judge of training has learned, from renders as well."""
    if which == "second":
        return Second()
    oracle, judge = Segmenter(), load_judge()
    for down, stage in zip(oracle.down, judge.body, strict=True):
        down.load_state_dict(stage.state_dict())
    oracle.view_head.load_state_dict(judge.head.state_dict())
    return oracle


def main() -> None:
    options = parser(__doc__, seconds=900)
    options.add_argument("which", choices=sorted(SEEDS))
    options.add_argument("--scenes", type=int, default=10, help="pictures of one process in a step")
    options.add_argument("--views", type=int, default=32)
    options.add_argument("--lr", type=float, default=2e-3)
    args = options.parse_args()
    device = prepare(args)
    school = School(
        which=args.which,
        pool=soft_pool(np.random.default_rng([SEEDS[args.which], rank()])),
        num_scenes=args.scenes,
        num_views=args.views,
    )
    oracle = on_device(begin(args.which), device)
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
    for progress in run.steps():
        random = np.random.default_rng([SEEDS[args.which], rank(), run.step])
        run.descend(lesson(oracle, school, random, meter, emphasis=max(0.0, 0.5 - progress)))
        run.samples += args.scenes
        meter.report(run)
    if rank() == 0 and run.ema is not None:
        save_oracle(run.ema.weights, FILES[args.which])


if __name__ == "__main__":
    main()
