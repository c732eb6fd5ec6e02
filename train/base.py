"""Train the denoising network and the text encoder together on cached latents.

python -m train.base --seconds 3600
"""

from pathlib import Path

import torch
from torch import Tensor, nn
from transformers import CLIPTextModel

from train.batches import Batch, Shares, choose_kind, load_data
from train.diffusion import (
    Levels,
    add_noise,
    bucket_names,
    draw_timesteps,
    predict,
    stable_diffusion_levels,
)
from train.muon import muon_and_adamw
from train.networks import build_text_encoder, build_unet, train_faster_on_cpu
from train.runs import Ema, Meter, Run, on_device, parser, prepare, random_for, world_size
from train.text import load_text_encoder
from train.vocabulary import build_tokenizer

NEAR_SHARE = 0.6
# Until this progress: the shares of batches of small tiles, of large canvases, and of canvases with regions.
KIND_SHARES: tuple[tuple[float, Shares], ...] = ((0.4, (0.9, 0.1, 0.0)), (1.01, (0.45, 0.2, 0.35)))


class Painter(nn.Module):
    """What base training learns: the denoiser and the encoder of its prompts."""

    def __init__(self, text_encoder: CLIPTextModel) -> None:
        super().__init__()
        self.unet = build_unet()
        self.text_encoder = text_encoder

    def read(self, batch: Batch) -> Tensor:
        """(n l d), or (n p l d) of several prompts a picture: each unique caption is encoded once."""
        with torch.autocast(batch.clean.device.type, torch.bfloat16):
            embeds = self.text_encoder(batch.tokens).last_hidden_state
        return embeds.float()[batch.which]


def base_loss(
    painter: Painter, levels: Levels, batch: Batch, random: torch.Generator, *, lowest: int = 0
) -> tuple[Tensor, Tensor]:
    """Squared error of v per sample (n,), and the timesteps (n,)."""
    timesteps = draw_timesteps(random, len(batch.clean), near=NEAR_SHARE, lowest=lowest)
    noise = torch.randn(batch.clean.shape, generator=random, device=batch.clean.device)
    noisy, wanted = add_noise(levels, batch.clean, noise, timesteps)
    v = predict(painter.unet, noisy, timesteps, painter.read(batch), batch.shown)
    return (v - wanted).square().mean((1, 2, 3)), timesteps


def load_painter(path: Path, vocab_size: int, *, ema: bool = True) -> Painter:
    painter = Painter(build_text_encoder(vocab_size))
    state = torch.load(path, map_location="cpu", weights_only=True)
    painter.load_state_dict(state["ema" if ema else "module"])
    return painter


def begin(state: Path, vocab_size: int) -> Painter:
    """The network before its first step, reading with the trained text encoder; or any, where a run is resumed."""
    if (state / "base.pt").exists():
        return Painter(build_text_encoder(vocab_size))
    return Painter(load_text_encoder(state, vocab_size))


def kind_shares(progress: float) -> Shares:
    return next(shares for until, shares in KIND_SHARES if progress < until)


def main() -> None:
    options = parser(__doc__, seconds=3600)
    options.add_argument("--batch", type=int, default=64)
    options.add_argument("--lr", type=float, default=7e-4)
    options.add_argument(
        "--lowest", type=int, default=0, help="train at timesteps from here; few steps never ask below 200"
    )
    args = options.parse_args()
    device = prepare(args)
    tokenizer = build_tokenizer()
    data = load_data(args.state, tokenizer, device, args.batch // world_size())
    painter = on_device(begin(args.state, len(tokenizer)), device)
    if args.device == "cpu":
        train_faster_on_cpu(painter.unet)
    levels = stable_diffusion_levels(device)
    run = Run(
        path=args.state / "base.pt",
        module=painter,
        optimizer=muon_and_adamw(painter.unet, painter.text_encoder.parameters(), args.lr),
        seconds=args.seconds,
        total_s=args.total,
        ema=Ema(module=painter, limit=0.998),
        lr=args.lr,
        decay_from=0.7,
    ).resume()
    meter = Meter()
    for progress in run.steps():
        shared = random_for(args.seed, run.step, torch.device("cpu"), shared=True)
        kind = choose_kind(shared, kind_shares(progress))
        random = random_for(args.seed, run.step, device)
        batch = data.draw(random, kind)
        losses, timesteps = base_loss(painter, levels, batch, random, lowest=args.lowest)
        run.descend(losses.mean())
        run.samples += len(losses) * world_size()
        meter.add(kind, losses.mean().item(), len(losses))
        for name, loss in zip(bucket_names(timesteps), losses.tolist(), strict=True):
            meter.add(name, loss)
        meter.report(run)


if __name__ == "__main__":
    main()
