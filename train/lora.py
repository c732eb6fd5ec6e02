"""Write the way from the shipped network to another stage of training as a LoRA: what few numbers tell of it best.

    python -m train.lora --stage base.pt --to src/semdraw/weights/picturebook/loras/base.safetensors
    python -m train.lora --stage euler.pt --to src/semdraw/weights/picturebook/loras/euler.safetensors

The difference of each matrix is cut to its largest singular values, as many in each as pay best for their bytes.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from diffusers import UNet2DConditionModel
from safetensors.torch import save_file
from torch import Tensor

from train.base import Painter, load_painter
from train.batches import Batch, load_cache
from train.diffusion import NUM_TIMESTEPS, add_noise, predict, stable_diffusion_levels
from train.latents import cache_path
from train.runs import parser, prepare
from train.vocabulary import build_tokenizer

MODEL = Path("src/semdraw/weights/picturebook")
BYTES = 2  # of a number in the file

Matrices = dict[str, Tensor]  # by the path of their layer, as (out in), or (out in k k) of a convolution
Pair = tuple[Tensor, Tensor]  # up (o r) and down (r i)


def matrices(unet: UNet2DConditionModel) -> Matrices:
    return {
        name.removesuffix(".weight"): value.detach().float()
        for name, value in unet.named_parameters()
        if name.endswith(".weight") and value.ndim >= 2
    }


def changes(before: UNet2DConditionModel, after: UNet2DConditionModel) -> Matrices:
    """What must be added to each matrix; a stage that also differs elsewhere cannot be told by a LoRA."""
    own, wanted = matrices(before), matrices(after)
    return {name: wanted[name] - value for name, value in own.items() if not torch.equal(wanted[name], value)}


def cut(change: Tensor, rank: int) -> Pair:
    """The nearest product of that rank; both factors share the singular values, so that halves hold them well."""
    up, values, down = torch.linalg.svd(change.flatten(1), full_matrices=False)
    root = values[:rank].sqrt()
    return up[:, :rank] * root, root[:, None] * down[:rank]


def choose_ranks(wanted: Matrices, max_bytes: float) -> dict[str, int]:
    """The rank of each layer, so that all factors fit: first the singular values that tell most per byte."""
    offers: list[tuple[float, int, str]] = []
    for name, change in wanted.items():
        cost = BYTES * sum(change.flatten(1).shape)
        values = torch.linalg.svdvals(change.flatten(1))
        offers += [(float(value) ** 2 / cost, cost, name) for value in values]
    ranks, spent = dict.fromkeys(wanted, 0), 0
    for _, cost, name in sorted(offers, reverse=True):
        if spent + cost > max_bytes:
            break
        ranks[name] += 1
        spent += cost
    return {name: rank for name, rank in ranks.items() if rank}


def factors(wanted: Matrices, ranks: Mapping[str, int]) -> dict[str, Pair]:
    return {name: cut(wanted[name], rank) for name, rank in ranks.items()}


def as_peft(pairs: Mapping[str, Pair], wanted: Matrices) -> dict[str, Tensor]:
    """The names and shapes of PEFT and diffusers; without an alpha a LoRA acts as it stands."""
    tensors: dict[str, Tensor] = {}
    for name, (up, down) in pairs.items():
        kernel = wanted[name].shape[2:]
        tensors[f"unet.{name}.lora_A.weight"] = down.view(*down.shape[:1], -1, *kernel)
        tensors[f"unet.{name}.lora_B.weight"] = up.view(*up.shape, *(1 for _ in kernel))
    return {name: value.half().contiguous() for name, value in tensors.items()}


@torch.no_grad()
def add(unet: UNet2DConditionModel, pairs: Mapping[str, Pair]) -> UNet2DConditionModel:
    """In place, with the factors as the file will hold them."""
    for name, (up, down) in pairs.items():
        weight = unet.get_parameter(f"{name}.weight")
        weight += (up.half().float() @ down.half().float()).view_as(weight)
    return unet


@torch.no_grad()
def disagreement(one: UNet2DConditionModel, other: UNet2DConditionModel, text: Any, batch: Batch) -> float:
    """Mean squared difference of their predictions, against the mean square of what is to be predicted."""
    random = torch.Generator().manual_seed(0)
    timesteps = torch.randint(0, NUM_TIMESTEPS, (len(batch.clean),), generator=random)
    noise = torch.randn(batch.clean.shape, generator=random)
    noisy, v = add_noise(stable_diffusion_levels(), batch.clean, noise, timesteps)
    embeds = text(batch.tokens).last_hidden_state[batch.which]
    apart = predict(one, noisy, timesteps, embeds) - predict(other, noisy, timesteps, embeds)
    return float(apart.square().mean() / v.square().mean())


def shipped(model: Path) -> UNet2DConditionModel:
    return UNet2DConditionModel.from_pretrained(
        model / "unet", local_files_only=True, torch_dtype=torch.float32
    )


def main() -> None:
    options = parser(__doc__, seconds=0)
    options.add_argument("--stage", required=True, help="the state to lead to, as base.pt or euler.pt")
    options.add_argument("--model", type=Path, default=MODEL, help="the folder whose network it is added to")
    options.add_argument("--megabytes", type=float, default=5.0)
    options.add_argument("--to", type=Path, required=True)
    args = options.parse_args()
    device = prepare(args)
    tokenizer = build_tokenizer()
    painter: Painter = load_painter(args.state / args.stage, len(tokenizer)).eval()
    before = shipped(args.model)
    wanted = changes(before, painter.unet)
    pairs = factors(wanted, choose_ranks(wanted, args.megabytes * 1e6))
    args.to.parent.mkdir(parents=True, exist_ok=True)
    save_file(as_peft(pairs, wanted), args.to)
    batch = load_cache(cache_path(args.state, 256), tokenizer, device).draw(
        torch.Generator().manual_seed(1), 48
    )
    apart = disagreement(before, painter.unet, painter.text_encoder, batch)
    left = disagreement(add(before, pairs), painter.unet, painter.text_encoder, batch)
    print(
        f"{args.to}: {args.to.stat().st_size / 1e6:.2f} MB, ranks up to {max(p[0].shape[1] for p in pairs.values())}"
    )
    print(f"predictions differ by {apart:.5f} of their mean square without it, by {left:.5f} with it")


if __name__ == "__main__":
    main()
