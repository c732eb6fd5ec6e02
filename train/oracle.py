"""An independent judge: a small classifier trained on renders alone, never part of a loss.

    python -m train.oracle --seconds 300

It says which object a 128 px view shows, or which background if no object is there, or "nothing".
"""

import itertools
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from train.concepts import backgrounds, objects
from train.runs import Meter, Run, on_device, parser, prepare, random_for, rank, save_atomically, world_size
from train.scenes import Scene, render
from train.vae import load_vae

VIEW_PX = 128
NOTHING = len(objects()) + len(backgrounds())
NUM_CLASSES = NOTHING + 1
TRAIN_SEEDS_FROM, HELD_OUT_SEEDS_FROM = 30_000_000, 20_000_000
FORMS, FORM_SHARES = ("tile", "canvas", "window", "ground", "nothing"), (0.3, 0.2, 0.25, 0.15, 0.1)
WEIGHTS = Path(__file__).with_name("oracle.safetensors")


class Judge(nn.Module):
    """1.0 M weights; (n 3 128 128) in [-1, 1] -> logits (n classes)."""

    def __init__(self) -> None:
        super().__init__()
        widths = (3, 24, 48, 96, 128, 192)
        stages = [stage(before, after) for before, after in itertools.pairwise(widths)]
        self.body = nn.Sequential(*stages)
        self.head = nn.Linear(widths[-1], NUM_CLASSES)

    def forward(self, pixels: Tensor) -> Tensor:
        return self.head(self.body(pixels).mean((2, 3)))


def stage(before: int, after: int) -> nn.Sequential:
    """Half the sides, twice the sight."""
    return nn.Sequential(
        nn.Conv2d(before, after, 3, stride=2, padding=1, bias=False),
        nn.BatchNorm2d(after),
        nn.SiLU(),
        nn.Conv2d(after, after, 3, padding=1, bias=False),
        nn.BatchNorm2d(after),
        nn.SiLU(),
    )


def form_of(random: np.random.Generator) -> str:
    return str(random.choice(FORMS, p=FORM_SHARES))


def example(seed: int) -> tuple[np.ndarray, int]:
    """A view (H W 3) uint8 and its class."""
    random = np.random.default_rng([seed, 1])
    form = form_of(random)
    size_px = 128 if form == "tile" or random.random() < 0.5 else 256
    if form == "ground":
        scene = render(seed, size_px, "ground")
        assert scene.background is not None
        return view(Image.fromarray(scene.image)), len(objects()) + scene.background
    if form == "nothing":
        return view(spoil(random, render(seed, 128, "centred"))), NOTHING
    if form == "window":
        scene = render(seed, 256, "several")
        return view(window(random, scene, which := int(random.integers(len(scene.objects))))), scene.objects[
            which
        ]
    kind = "centred" if random.random() < 0.6 else "placed"
    scene = render(seed, 256 if form == "canvas" else 128, kind)
    return view(Image.fromarray(scene.image)), scene.objects[0]


def view(picture: Image.Image) -> np.ndarray:
    return np.asarray(picture.convert("RGB").resize((VIEW_PX, VIEW_PX), Image.Resampling.BILINEAR))


def window(random: np.random.Generator, scene: Scene, which: int) -> Image.Image:
    """A square around one object of a busy scene, up to 1.6 times its size."""
    ys, xs = np.nonzero(scene.masks[which])
    side = max(np.ptp(ys), np.ptp(xs)) * random.uniform(1.0, 1.6)
    centre = np.array([xs.min() + xs.max(), ys.min() + ys.max()]) / 2 + random.uniform(-0.06, 0.06, 2) * side
    return square(Image.fromarray(scene.image), centre, side)


def square(picture: Image.Image, centre: np.ndarray, side: float) -> Image.Image:
    """A square of the picture, moved inward where it would leave it."""
    side = min(side, *picture.size)
    x, y = (
        float(np.clip(c - side / 2, 0, limit - side)) for c, limit in zip(centre, picture.size, strict=True)
    )
    return picture.crop((round(x), round(y), round(x + side), round(y + side)))


def spoil(random: np.random.Generator, scene: Scene) -> Image.Image:
    """What must not be taken for an object: bare plain ground, half a glyph, or shuffled patches."""
    image = scene.image.copy()
    empty = np.median(image[:4].reshape(-1, 3), 0).astype(np.uint8)
    form = random.integers(3)
    if form == 0:
        image[:] = empty
    elif form == 1:
        image = halve(random, image, scene.masks[0], empty)
    else:
        image = shuffle(random, image)
    return Image.fromarray(image)


def halve(random: np.random.Generator, image: np.ndarray, mask: np.ndarray, empty: np.ndarray) -> np.ndarray:
    """Only 35-45 % of the object is left, seen from one of four sides."""
    turns = int(random.integers(4))
    image, mask = np.rot90(image, turns).copy(), np.rot90(mask, turns)
    rows = np.nonzero(mask.any(1))[0]
    image[rows[int(len(rows) * random.uniform(0.35, 0.45))] :] = empty
    return np.rot90(image, -turns)


def shuffle(random: np.random.Generator, image: np.ndarray, patch: int = 32) -> np.ndarray:
    n = image.shape[0] // patch
    patches = image.reshape(n, patch, n, patch, 3).swapaxes(1, 2).reshape(n * n, patch, patch, 3)
    return random.permutation(patches).reshape(n, n, patch, patch, 3).swapaxes(1, 2).reshape(image.shape)


def examples(seeds: range, *, workers: int = 2) -> tuple[Tensor, Tensor]:
    """Views (n 3 128 128) uint8 and classes (n,)."""
    with ProcessPoolExecutor(workers) as pool:
        pairs = list(pool.map(example, seeds, chunksize=64))
    images, labels = zip(*pairs, strict=True)
    return torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2).contiguous(), torch.tensor(labels)


@torch.no_grad()
def through_vae(images: Tensor, state: Path, *, every: int = 3) -> Tensor:
    """Every third view as the autoencoder gives it back: the judge shall not mind its softness."""
    vae = on_device(load_vae(state), torch.device("cpu"))
    for first in range(0, len(images) - 64, 64 * every):
        chunk = images[first : first + 64]
        with torch.autocast("cpu", torch.bfloat16):
            pixels = vae.decoder(vae.encoder(to_pixels(chunk).contiguous(memory_format=torch.channels_last)))
        images[first : first + 64] = to_bytes(pixels.float())
    return images


def kept_examples(state: Path, count: int) -> tuple[Tensor, Tensor]:
    """Training views and classes, rendered once."""
    path = state / f"views{count}.pt"
    if not path.exists():
        views, labels = examples(range(TRAIN_SEEDS_FROM, TRAIN_SEEDS_FROM + count))
        save_atomically((through_vae(views, state), labels), path)
    return torch.load(path, map_location="cpu", weights_only=True)


def to_pixels(images: Tensor) -> Tensor:
    return images.float() / 127.5 - 1


def to_bytes(pixels: Tensor) -> Tensor:
    return ((pixels.clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8)


def augment(pixels: Tensor, random: torch.Generator) -> Tensor:
    """Per sample: blur or not, a little noise, brightness and contrast."""
    count = len(pixels)

    def draw(low: float, high: float) -> Tensor:
        return low + (high - low) * torch.rand(count, 1, 1, 1, generator=random)

    soft = F.avg_pool2d(F.pad(pixels, (1, 1, 1, 1), mode="replicate"), 3, stride=1)
    pixels = torch.lerp(pixels, soft, draw(-0.3, 1).clamp(min=0))
    pixels = pixels * draw(0.85, 1.15) + draw(-0.1, 0.1)
    return pixels + draw(0, 0.08) * torch.randn(pixels.shape, generator=random)


def load_judge(path: Path = WEIGHTS) -> Judge:
    """The file has all but counts of batches, which only training needs."""
    judge = Judge()
    counts = {name: value for name, value in judge.state_dict().items() if "num_batches_tracked" in name}
    judge.load_state_dict(counts | {name: value.float() for name, value in load_file(path).items()})
    return judge.eval()


@torch.no_grad()
def judge_views(judge: Judge, views: Tensor) -> Tensor:
    """Views (n 3 128 128) uint8 -> class (n,)."""
    return torch.cat([judge(to_pixels(chunk)).argmax(1) for chunk in views.split(64)])


def check(judge: Judge, state: Path) -> dict[str, float]:
    """What the judge itself must show before its word counts."""
    seeds = range(HELD_OUT_SEEDS_FROM, HELD_OUT_SEEDS_FROM + 1500)
    views, labels = examples(seeds)
    said = judge_views(judge, views)
    forms = np.array([form_of(np.random.default_rng([seed, 1])) for seed in seeds])
    right = (said == labels).numpy()
    figures = {f"held-out renders, {form}": float(right[forms == form].mean()) for form in FORMS}
    soft = judge_views(judge, through_vae(views.clone(), state, every=1))
    figures["tile, through the autoencoder"] = float((soft == labels).numpy()[forms == "tile"].mean())
    shuffled = labels[torch.randperm(len(labels), generator=torch.Generator().manual_seed(0))]
    return figures | {"permuted labels": (said == shuffled).float().mean().item()}


def main() -> None:
    options = parser(__doc__, seconds=300)
    options.add_argument("--batch", type=int, default=64)
    options.add_argument("--views", type=int, default=9_000)
    options.add_argument("--lr", type=float, default=2e-3)
    args = options.parse_args()
    device = prepare(args)
    views, labels = kept_examples(args.state, args.views)
    judge = on_device(Judge(), device)
    run = Run(
        path=args.state / "oracle.pt",
        module=judge,
        optimizer=torch.optim.AdamW(judge.parameters(), lr=args.lr, weight_decay=0.05, fused=True),
        seconds=args.seconds,
        total_s=args.total,
        lr=args.lr,
        decay_from=0.3,
    ).resume()
    meter = Meter()
    for _ in run.steps():
        random = random_for(args.seed, run.step, torch.device("cpu"))
        rows = torch.randint(len(views), (args.batch // world_size(),), generator=random)
        pixels = augment(to_pixels(views[rows]), random).to(device, memory_format=torch.channels_last)
        with torch.autocast(args.device, torch.bfloat16):
            logits = judge(pixels)
        wanted = labels[rows].to(device)
        run.descend(F.cross_entropy(logits.float(), wanted, label_smoothing=0.05))
        run.samples += args.batch
        meter.add("right", (logits.argmax(1) == wanted).float().mean().item())
        meter.report(run)
    if rank() == 0:
        save_file(
            {
                name: value.half().cpu().contiguous()
                for name, value in judge.state_dict().items()
                if value.is_floating_point()
            },
            WEIGHTS,
        )
        for name, share in check(load_judge(), args.state).items():
            print(f"{name}: {share:.3f}", flush=True)


if __name__ == "__main__":
    main()
