"""Render scenes in worker processes and keep their latents and captions.

python -m train.latents --small 24000 --large 7000
"""

import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import AutoencoderTiny
from torch import Tensor

from train.networks import DOWNSCALE
from train.runs import on_device, parser, prepare, save_atomically
from train.scenes import render
from train.vae import load_vae

CHUNK = 64


@cache
def worker_vae(state: Path, device: str) -> AutoencoderTiny:
    """One autoencoder per worker process, on one thread."""
    torch.set_num_threads(1)
    return on_device(load_vae(state), torch.device(device))


@torch.no_grad()
def encode_chunk(seeds: range, *, size_px: int, state: Path, device: str) -> tuple[Tensor, list[str]]:
    """Latents (n 4 h w) float16 and captions of the scenes with these seeds."""
    vae = worker_vae(state, device)
    scenes = [render(seed, size_px) for seed in seeds]
    images = torch.from_numpy(np.stack([scene.image for scene in scenes])).to(device)
    pixels = images.permute(0, 3, 1, 2).float() / 127.5 - 1
    latents = []
    for part in pixels.split(16):
        with torch.autocast(device, torch.bfloat16):
            latents.append(
                vae.encoder(part.contiguous(memory_format=torch.channels_last)).half().contiguous().cpu()
            )
    return torch.cat(latents), [scene.caption for scene in scenes]


def encode_scenes(count: int, size_px: int, state: Path, device: str, *, workers: int) -> dict[str, Any]:
    """{"latents": (n 4 h w) float16, "captions": unique strings, "index": (n,) which caption}."""
    seeds = [range(first, min(first + CHUNK, count)) for first in range(0, count, CHUNK)]
    work = partial(encode_chunk, size_px=size_px, state=state, device=device)
    latents: list[Tensor] = []
    numbers: dict[str, int] = {}
    index: list[int] = []
    with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn")) as pool:
        for cells, captions in pool.map(work, seeds):
            latents.append(cells)
            index += [numbers.setdefault(caption, len(numbers)) for caption in captions]
            if len(latents) % 25 == 0:
                print(f"{size_px} px: {len(index)} of {count}", flush=True)
    return {"latents": torch.cat(latents), "captions": list(numbers), "index": torch.tensor(index)}


def cache_path(state: Path, size_px: int) -> Path:
    return state / f"latents{size_px // DOWNSCALE}.pt"


def main() -> None:
    options = parser(__doc__, seconds=600)
    options.add_argument("--small", type=int, default=24_000, help="scenes of 128 px")
    options.add_argument("--large", type=int, default=7_000, help="scenes of 256 px")
    args = options.parse_args()
    prepare(args)
    for size_px, count in ((128, args.small), (256, args.large)):
        kept = encode_scenes(count, size_px, args.state, args.device, workers=args.threads)
        deviation = kept["latents"].float().std((0, 2, 3)).tolist()
        print(f"{size_px} px: {len(kept['captions'])} captions, deviation {deviation}", flush=True)
        save_atomically(kept, cache_path(args.state, size_px))


if __name__ == "__main__":
    main()
