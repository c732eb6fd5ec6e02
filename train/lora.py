"""Write the way from the shipped model to another stage of training as a LoRA: what few numbers tell of it best.

    python -m train.lora --stage base.pt --to src/semdraw/weights/picturebook/loras/base.safetensors
    python -m train.lora --stage euler.pt --to src/semdraw/weights/picturebook/loras/euler.safetensors

The difference of each matrix is cut to its largest singular values, as many in each as pay best for their bytes. They
are those of what it does to the inputs that the layer really gets: directions that never come cost nothing.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from torch import Tensor, nn

from train.adopt import adopted_painter
from train.base import Painter, load_painter
from train.batches import Batch, load_cache
from train.diffusion import NUM_TIMESTEPS, add_noise, predict, stable_diffusion_levels
from train.latents import cache_path
from train.runs import M, parser, prepare
from train.vocabulary import build_tokenizer

MODEL = Path("src/semdraw/weights/picturebook")
BYTES = 2  # of a number in the file
TEXT_SHARE = 0.12  # of the bytes, where the text encoder differs, too
ROWS = 64  # noised canvases on which inputs are seen and agreement is measured

Matrices = dict[str, Tensor]  # by the path of their layer, as (out in), or (out in k k) of a convolution
Pair = tuple[Tensor, Tensor]  # up (o r) and down (r i)


def matrices(module: nn.Module) -> Matrices:
    return {
        name.removesuffix(".weight"): value.detach().float()
        for name, value in module.named_parameters()
        if name.endswith(".weight") and value.ndim >= 2
    }


def changes(before: nn.Module, after: nn.Module) -> Matrices:
    """What must be added to each matrix; of gains and biases a LoRA cannot tell."""
    own, wanted = matrices(before), matrices(after)
    return {name: wanted[name] - value for name, value in own.items() if not torch.equal(wanted[name], value)}


def flat_inputs(layer: Any, value: Tensor) -> Tensor:
    """All that a layer's matrix is multiplied with in one call, (i many)."""
    if isinstance(layer, nn.Conv2d):
        how: Any = (layer.kernel_size, layer.dilation, layer.padding, layer.stride)
        return F.unfold(value.float(), *how).transpose(0, 1).flatten(1)
    return value.float().flatten(0, -2).T


@torch.no_grad()
def input_roots(painter: Painter, names: Iterable[str], batch: Batch) -> Matrices:
    """For each layer a triangular matrix L (i i): L L^T is the mean of x x^T over the inputs x that it gets."""
    moments: Matrices = {}

    def watch(name: str) -> Any:
        def keep(layer: nn.Module, inputs: tuple[Tensor, ...]) -> None:
            with torch.autocast(inputs[0].device.type, enabled=False):
                flat = flat_inputs(layer, inputs[0])
                moments[name] = moments.get(name, 0) + flat @ flat.T / flat.shape[1]

        return keep

    hooks = [painter.get_submodule(name).register_forward_pre_hook(watch(name)) for name in names]
    for rows in torch.arange(len(batch.clean)).split(8):
        ask(painter, batch, rows)
    for hook in hooks:
        hook.remove()
    return {name: root_of(moment) for name, moment in moments.items()}


def root_of(moment: Tensor) -> Tensor:
    """The Cholesky factor, with a floor under what hardly ever comes, so that it can be undone."""
    floor = 1e-3 * moment.diagonal().mean() + 1e-12
    return torch.linalg.cholesky(moment.double() + floor * torch.eye(len(moment))).float()


def cut(change: Tensor, rank: int, root: Tensor | None = None) -> Pair:
    """The nearest product of that rank, seen through `root`; both factors are of one size, for halves."""
    flat = change.flatten(1) if root is None else change.flatten(1) @ root
    up, values, down = torch.linalg.svd(flat, full_matrices=False)
    up, down = up[:, :rank] * values[:rank], down[:rank]
    if root is not None:
        down = torch.linalg.solve_triangular(root, down, upper=False, left=False)
    balance = (up.norm() / down.norm().clamp(min=1e-12)).sqrt()
    return up / balance, down * balance


def choose_ranks(wanted: Matrices, max_bytes: float, roots: Matrices | None = None) -> dict[str, int]:
    """The rank of each layer, so that all factors fit: first the singular values that tell most per byte."""
    offers: list[tuple[float, int, str]] = []
    for name, change in wanted.items():
        flat = change.flatten(1)
        cost = BYTES * sum(flat.shape)
        values = torch.linalg.svdvals(flat @ roots[name] if roots else flat)
        offers += [(float(value) ** 2 / cost, cost, name) for value in values]
    ranks, spent = dict.fromkeys(wanted, 0), 0
    for _, cost, name in sorted(offers, reverse=True):
        if spent + cost > max_bytes:
            break
        ranks[name] += 1
        spent += cost
    return {name: rank for name, rank in ranks.items() if rank}


def factors(wanted: Matrices, ranks: Mapping[str, int], roots: Matrices | None = None) -> dict[str, Pair]:
    return {name: cut(wanted[name], rank, roots[name] if roots else None) for name, rank in ranks.items()}


def as_peft(pairs: Mapping[str, Pair], wanted: Matrices) -> dict[str, Tensor]:
    """The names and shapes of PEFT and diffusers; without an alpha a LoRA acts as it stands."""
    tensors: dict[str, Tensor] = {}
    for name, (up, down) in pairs.items():
        kernel = wanted[name].shape[2:]
        tensors[f"{name}.lora_A.weight"] = down.view(*down.shape[:1], -1, *kernel)
        tensors[f"{name}.lora_B.weight"] = up.view(*up.shape, *(1 for _ in kernel))
    return {name: value.half().contiguous() for name, value in tensors.items()}


@torch.no_grad()
def add(module: M, pairs: Mapping[str, Pair]) -> M:
    """In place, with the factors as the file will hold them."""
    for name, (up, down) in pairs.items():
        weight = module.get_parameter(f"{name}.weight")
        weight += (up.half().float() @ down.half().float()).view_as(weight)
    return module


@torch.no_grad()
def ask(painter: Painter, batch: Batch, rows: Tensor) -> tuple[Tensor, Tensor]:
    """What a painter predicts for some rows of a batch, each at its own level; and what was to be predicted."""
    random = torch.Generator().manual_seed(int(rows[0]))
    clean = batch.clean[rows]
    timesteps = torch.randint(0, NUM_TIMESTEPS, (len(rows),), generator=random)
    noise = torch.randn(clean.shape, generator=random)
    noisy, v = add_noise(stable_diffusion_levels(), clean, noise, timesteps)
    embeds = painter.text_encoder(batch.tokens).last_hidden_state[batch.which[rows]]
    return predict(painter.unet, noisy, timesteps, embeds), v


def disagreement(one: Painter, other: Painter, batch: Batch) -> float:
    """Mean squared difference of their predictions, against the mean square of what is to be predicted."""
    apart, whole = 0.0, 0.0
    for rows in torch.arange(len(batch.clean)).split(8):
        (first, v), (second, _) = (ask(painter, batch, rows) for painter in (one, other))
        apart += float((first - second).square().sum())
        whole += float(v.square().sum())
    return apart / whole


def shortened(before: Painter, wanted: Matrices, max_bytes: float, batch: Batch) -> dict[str, Pair]:
    """Both parts within `max_bytes`: the denoiser as its inputs see it, the text encoder by its plain matrices."""
    network = {name: change for name, change in wanted.items() if name.startswith("unet.")}
    reader = {name: change for name, change in wanted.items() if name not in network}
    roots = input_roots(before, network, batch)
    for_reader = TEXT_SHARE * max_bytes if reader else 0.0
    return factors(network, choose_ranks(network, max_bytes - for_reader, roots), roots) | factors(
        reader, choose_ranks(reader, for_reader)
    )


def drawn(state: Path, tokenizer: Any, device: torch.device, seed: int) -> Batch:
    cells = load_cache(cache_path(state, 256), tokenizer, device)
    return cells.draw(torch.Generator().manual_seed(seed), ROWS)


def main() -> None:
    options = parser(__doc__, seconds=0)
    options.add_argument("--stage", required=True, help="the state to lead to, as base.pt or euler.pt")
    options.add_argument("--model", type=Path, default=MODEL, help="the folder whose network it is added to")
    options.add_argument("--megabytes", type=float, default=5.0)
    options.add_argument("--to", type=Path, required=True)
    args = options.parse_args()
    device = prepare(args)
    tokenizer = build_tokenizer()
    painter = load_painter(args.state / args.stage, len(tokenizer)).eval()
    before = adopted_painter(args.model).eval()
    wanted = changes(before, painter)
    seen, unseen = (drawn(args.state, tokenizer, device, seed) for seed in (1, 2))
    pairs = shortened(before, wanted, args.megabytes * 1e6, seen)
    args.to.parent.mkdir(parents=True, exist_ok=True)
    save_file(as_peft(pairs, wanted), args.to)
    apart = disagreement(before, painter, unseen)
    left = disagreement(add(before, pairs), painter, unseen)
    print(
        f"{args.to}: {args.to.stat().st_size / 1e6:.2f} MB, ranks up to {max(p[0].shape[1] for p in pairs.values())}"
    )
    print(f"predictions differ by {apart:.5f} of their mean square without it, by {left:.5f} with it")


if __name__ == "__main__":
    main()
