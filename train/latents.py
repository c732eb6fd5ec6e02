"""Render scenes in worker processes and keep their latents, captions and painted masks.

python -m train.latents --small 24000 --large 6000 --regions 6000
"""

import multiprocessing
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import AutoencoderTiny
from torch import Tensor

from train.networks import DOWNSCALE
from train.regions import MAX_REGIONS, render_told
from train.runs import on_device, parser, prepare, save_atomically
from train.scenes import render
from train.vae import load_vae

CHUNK = 64
COLOURED = 0.3  # share of objects that are in another colour, where colouring them would tell

Numbers = dict[str, int]  # captions, each once


@cache
def worker_vae(state: Path, device: str) -> AutoencoderTiny:
    """One autoencoder per worker process, on one thread."""
    torch.set_num_threads(1)
    return on_device(load_vae(state), torch.device(device))


@torch.no_grad()
def encoded(images: list[np.ndarray], state: Path, device: str) -> Tensor:
    """Pictures (H W 3) uint8 -> latents (n 4 h w) float16."""
    vae = worker_vae(state, device)
    pixels = torch.from_numpy(np.stack(images)).to(device).permute(0, 3, 1, 2).float() / 127.5 - 1
    latents = []
    for part in pixels.split(16):
        with torch.autocast(device, torch.bfloat16):
            latents.append(
                vae.encoder(part.contiguous(memory_format=torch.channels_last)).half().contiguous().cpu()
            )
    return torch.cat(latents)


def scenes_chunk(seeds: range, *, size_px: int, state: Path, device: str) -> tuple[Tensor, list[str]]:
    """Latents and captions of the scenes with these seeds."""
    scenes = [render(seed, size_px, coloured=COLOURED) for seed in seeds]
    return encoded([scene.image for scene in scenes], state, device), [scene.caption for scene in scenes]


def regions_chunk(
    seeds: range, *, state: Path, device: str
) -> tuple[Tensor, list[tuple[str, ...]], np.ndarray]:
    """Latents, prompts and weights (n MAX_REGIONS h w) uint8."""
    told = [render_told(seed, coloured=COLOURED) for seed in seeds]
    latents = encoded([each.image for each in told], state, device)
    return latents, [each.prompts for each in told], np.stack([each.weights for each in told])


def in_chunks(work: Callable[[range], Any], seeds: range, workers: int) -> Iterator[Any]:
    """What the work makes of each chunk of seeds, in order."""
    chunks = [seeds[first : first + CHUNK] for first in range(0, len(seeds), CHUNK)]
    with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn")) as pool:
        for number, made in enumerate(pool.map(work, chunks), 1):
            yield made
            if number % 25 == 0:
                print(f"{number * CHUNK} of {len(seeds)}", flush=True)


def encode_scenes(seeds: range, size_px: int, state: Path, device: str, *, workers: int) -> dict[str, Any]:
    """{"latents": (n 4 h w) float16, "captions": unique strings, "index": (n,) which caption}."""
    latents: list[Tensor] = []
    numbers: Numbers = {}
    index: list[int] = []
    work = partial(scenes_chunk, size_px=size_px, state=state, device=device)
    for cells, captions in in_chunks(work, seeds, workers):
        latents.append(cells)
        index += [numbers.setdefault(caption, len(numbers)) for caption in captions]
    return {"latents": torch.cat(latents), "captions": list(numbers), "index": torch.tensor(index)}


def encode_regions(seeds: range, state: Path, device: str, *, workers: int) -> dict[str, Any]:
    """As of scenes, but "index" is (n MAX_REGIONS) and there are "weights" (n MAX_REGIONS h w) uint8."""
    latents: list[Tensor] = []
    weights: list[Tensor] = []
    numbers: Numbers = {"": 0}
    index: list[list[int]] = []
    for cells, told, masks in in_chunks(partial(regions_chunk, state=state, device=device), seeds, workers):
        latents.append(cells)
        weights.append(torch.from_numpy(masks))
        for prompts in told:
            row = [numbers.setdefault(prompt, len(numbers)) for prompt in prompts]
            index.append(row + [0] * (MAX_REGIONS - len(row)))
    return {
        "latents": torch.cat(latents),
        "weights": torch.cat(weights),
        "captions": list(numbers),
        "index": torch.tensor(index),
    }


def cache_path(state: Path, size_px: int) -> Path:
    return state / f"latents{size_px // DOWNSCALE}.pt"


def regions_path(state: Path) -> Path:
    return state / "regions.pt"


def main() -> None:
    options = parser(__doc__, seconds=600)
    options.add_argument("--small", type=int, default=24_000, help="scenes of 128 px")
    options.add_argument("--large", type=int, default=6_000, help="scenes of 256 px")
    options.add_argument("--regions", type=int, default=6_000, help="scenes of 256 px with masks and prompts")
    options.add_argument("--first", type=int, default=0, help="the seed of the first of each")
    args = options.parse_args()
    prepare(args)
    how: dict[str, Any] = {"state": args.state, "device": args.device, "workers": args.threads}

    def seeds(count: int) -> range:
        return range(args.first, args.first + count)

    save_atomically(encode_regions(seeds(args.regions), **how), regions_path(args.state))
    for size_px, count in ((256, args.large), (128, args.small)):
        kept = encode_scenes(seeds(count), size_px, **how)
        deviation = kept["latents"].float().std((0, 2, 3)).tolist()
        print(f"{size_px} px: {len(kept['captions'])} captions, deviation {deviation}", flush=True)
        save_atomically(kept, cache_path(args.state, size_px))


if __name__ == "__main__":
    main()
