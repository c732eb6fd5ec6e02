"""Train the autoencoder: crops of scenes in, the same crops out, through latents of mean 0 and deviation 1.

    python -m train.vae --seconds 1200
    python -m train.vae --seconds 720 --decoder-only --crop 96 --sharpen 0.5

The second makes pictures sharper and leaves latents what they are.
"""

from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from diffusers import AutoencoderTiny
from torch import Tensor, nn

from train.critic import Critic, Game
from train.networks import LATENT_CHANNELS, build_vae
from train.runs import Meter, Run, on_device, parser, prepare, random_for, rank, world_size
from train.scenes import render

CROP_PX = 64
LATENT_NOISE = 0.05
SHARPEN_FROM = 0.25  # of the way; before that the critic would only disturb
SEEDS_FROM = 10_000_000  # training pictures of the autoencoder, apart from those of the base


class Codec(nn.Module):
    """The autoencoder with a normalisation between its halves, folded away once it is trained."""

    def __init__(self) -> None:
        super().__init__()
        self.vae = build_vae()
        self.norm = nn.BatchNorm2d(LATENT_CHANNELS, affine=False)

    def encode(self, pixels: Tensor) -> Tensor:
        return self.norm(self.vae.encoder(pixels).float())

    def folded(self) -> AutoencoderTiny:
        """The plain autoencoder: latents leave its last convolution already normalised."""
        vae = build_vae()
        vae.load_state_dict(self.vae.state_dict())
        last: Any = vae.encoder.layers[-1]
        mean, variance = self.norm.running_mean, self.norm.running_var
        assert mean is not None
        assert variance is not None
        deviation = (variance + self.norm.eps).sqrt().cpu()
        with torch.no_grad():
            last.weight /= deviation[:, None, None, None]
            last.bias.copy_((last.bias - mean.cpu()) / deviation)
        return vae.eval()


def render_many(seeds: range, size_px: int, *, workers: int = 2, coloured: float = 0.0) -> Tensor:
    """(n 3 H W) uint8."""
    with ProcessPoolExecutor(workers) as pool:
        images = list(pool.map(partial(picture, size_px=size_px, coloured=coloured), seeds, chunksize=64))
    return torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2).contiguous()


def picture(seed: int, *, size_px: int, coloured: float = 0.0) -> np.ndarray:
    return render(seed, size_px, coloured=coloured).image


def crop(images: Tensor, random: torch.Generator, count: int, size_px: int) -> Tensor:
    """(count 3 h w) in [-1, 1]; of each two random crops the busier, since empty ground is learned soon."""
    side = images.shape[-1] - size_px + 1
    index = torch.randint(len(images), (2 * count,), generator=random).tolist()
    corners = torch.randint(side, (2 * count, 2), generator=random).tolist()
    crops = [images[i, :, y : y + size_px, x : x + size_px] for i, (y, x) in zip(index, corners, strict=True)]
    pixels = torch.stack(crops).float() / 127.5 - 1
    busy = pixels.std((1, 2, 3)).view(2, count).argmax(0)
    return pixels.view(2, count, *pixels.shape[1:])[busy, torch.arange(count)]


def pyramid_loss(clean: Tensor, wanted: Tensor, *, levels: int = 3) -> Tensor:
    """L1, and half of L1 over a Laplacian pyramid: edges count at every scale."""
    error = clean - wanted
    loss = error.abs().mean()
    for _ in range(levels):
        low = F.avg_pool2d(error, 2)
        loss = loss + 0.5 * (error - F.interpolate(low, scale_factor=2.0, mode="bilinear")).abs().mean()
        error = low
    return loss


def psnr(clean: Tensor, wanted: Tensor) -> float:
    return float(10 * torch.log10(4 / (clean - wanted).square().mean((1, 2, 3))).mean())


def load_codec(path: Path) -> Codec:
    codec = Codec()
    codec.load_state_dict(torch.load(path, map_location="cpu", weights_only=True)["module"])
    return codec


def load_vae(state: Path) -> AutoencoderTiny:
    """The autoencoder with the best decoder that there is."""
    refined = state / "decoder.pt"
    return load_codec(refined if refined.exists() else state / "vae.pt").folded()


def start(state: Path, *, decoder_only: bool) -> tuple[Codec, Path]:
    """A new codec, or the trained one with its first half fixed; and where this run keeps itself."""
    if not decoder_only:
        return Codec(), state / "vae.pt"
    codec = load_codec(state / "vae.pt")
    codec.vae.encoder.requires_grad_(False)
    return codec, state / "decoder.pt"


def main() -> None:
    options = parser(__doc__, seconds=1200)
    options.add_argument("--batch", type=int, default=24)
    options.add_argument("--pictures", type=int, default=6000)
    options.add_argument("--lr", type=float, default=1e-3)
    options.add_argument(
        "--decoder-only", action="store_true", help="keep the latents, refine their pictures"
    )
    options.add_argument("--crop", type=int, default=CROP_PX)
    options.add_argument(
        "--size", type=int, choices=(128, 256), default=128, help="of the pictures, in pixels"
    )
    options.add_argument("--coloured", type=float, default=0.0, help="share of objects in another colour")
    options.add_argument("--sharpen", type=float, default=0.0, help="how much the critic counts, 0 for none")
    args = options.parse_args()
    device = prepare(args)
    first = SEEDS_FROM + args.pictures * rank()
    images = render_many(
        range(first, first + args.pictures),
        args.size,
        workers=max(1, 2 // world_size()),
        coloured=args.coloured,
    )
    held_out = render_many(range(32), 128).float().to(device) / 127.5 - 1
    codec, path = start(args.state, decoder_only=args.decoder_only)
    on_device(codec, device).train()
    codec.norm.train(not args.decoder_only)
    run = Run(
        path=path,
        module=codec,
        optimizer=torch.optim.AdamW(
            codec.parameters(), lr=args.lr, betas=(0.9, 0.95), weight_decay=0.0, fused=True
        ),
        seconds=args.seconds,
        total_s=args.total,
        lr=args.lr,
        warmup_steps=50,
        decay_from=0.5,
    ).resume()
    meter = Meter()
    game = Game(on_device(Critic(), device), args.sharpen)
    for progress in run.steps():
        pixels = crop(
            images,
            random_for(args.seed, run.step, torch.device("cpu")),
            args.batch // world_size(),
            args.crop,
        )
        pixels = pixels.to(device, memory_format=torch.channels_last)
        with torch.autocast(args.device, torch.bfloat16):
            latents = codec.encode(pixels)
            clean = codec.vae.decoder(latents + LATENT_NOISE * torch.randn_like(latents))
        clean = clean.float()
        loss = pyramid_loss(clean, pixels)
        if args.sharpen and progress > SHARPEN_FROM:
            meter.add("critic", game.learn(pixels, clean))
            loss = loss + game.please(clean, loss)
        run.descend(loss)
        run.samples += args.batch
        meter.add("loss", loss.item())
        if run.step % 250 == 0:
            meter.add("psnr", measure(codec, held_out))
        meter.report(run)
    print(f"held-out psnr {measure(codec, held_out):.2f} dB", flush=True)


@torch.no_grad()
def measure(codec: Codec, pixels: Tensor) -> float:
    is_open = codec.norm.training
    codec.eval()
    clean = codec.vae.decoder(codec.encode(pixels)).clamp(-1, 1)
    codec.train()
    codec.norm.train(is_open)
    return psnr(clean, pixels)


if __name__ == "__main__":
    main()
