"""Guided latent consistency distillation: four steps without guidance do what many steps with it did.

    python -m train.distil --seconds 1080

The student's clean prediction at t must equal its own running mean's prediction a little later on the path that the
guided teacher takes (Latent Consistency Models, arXiv:2310.04378).
"""

import copy
from dataclasses import dataclass

import torch
from diffusers import UNet2DConditionModel
from torch import Tensor, nn

from train.base import Painter, load_painter
from train.batches import Batch, Shares, choose_kind, load_data
from train.diffusion import (
    INFERENCE_TIMESTEPS,
    Levels,
    Shown,
    add_noise,
    clean_from,
    noise_from,
    predict,
    stable_diffusion_levels,
)
from train.muon import muon_and_adamw
from train.networks import train_faster_on_cpu
from train.runs import Ema, Meter, Run, move_towards, on_device, parser, prepare, random_for, world_size
from train.vocabulary import build_tokenizer, encode

GRID = 20  # timesteps 999, 979 ... 259, as LCMScheduler counts them
LAST = INFERENCE_TIMESTEPS[-1]  # from here the teacher's own clean prediction is the end of the path
HUBER = 1e-3
AT_INFERENCE = 0.6
KIND_SHARES: Shares = (0.35, 0.25, 0.4)  # of batches; without those of regions their control would be lost


def draw_grid_timesteps(random: torch.Generator, count: int) -> Tensor:
    device = random.device
    anywhere = LAST + GRID * torch.randint(
        (999 - LAST) // GRID + 1, (count,), generator=random, device=device
    )
    centres = torch.tensor(INFERENCE_TIMESTEPS, device=device)
    asked = centres[torch.randint(len(centres), (count,), generator=random, device=device)]
    use = torch.rand(count, generator=random, device=device) < AT_INFERENCE
    return torch.where(use, asked, anywhere)


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """The prompts of a batch (n l d), or (n p l d) with where they are visible; and no words at all (n l d)."""

    told: Tensor
    untold: Tensor
    shown: Shown | None


@torch.no_grad()
def guided(
    teacher: UNet2DConditionModel, noisy: Tensor, timesteps: Tensor, words: Words, scale: float
) -> Tensor:
    """v of the teacher with classifier-free guidance."""
    if words.shown is None:
        both = torch.cat([words.told, words.untold])
        told, untold = predict(teacher, noisy.repeat(2, 1, 1, 1), timesteps.repeat(2), both).chunk(2)
    else:
        told = predict(teacher, noisy, timesteps, words.told, words.shown)
        untold = predict(teacher, noisy, timesteps, words.untold)
    return untold + scale * (told - untold)


@torch.no_grad()
def later(
    levels: Levels, noisy: Tensor, v: Tensor, timesteps: Tensor, skip: int
) -> tuple[Tensor, Tensor, Tensor]:
    """One DDIM step down the path: noisy latents, their timestep, and the clean prediction used."""
    clean = clean_from(levels, noisy, v, timesteps)
    after = (timesteps - skip).clamp(min=0)
    alpha, sigma = levels.at(after)
    return alpha * clean + sigma * noise_from(levels, noisy, v, timesteps), after, clean


def pseudo_huber(error: Tensor) -> Tensor:
    """Per sample (n,)."""
    return ((error.square() + HUBER**2).sqrt() - HUBER).mean((1, 2, 3))


class Distiller:
    """Teacher, student and the student's running mean; the text encoder stays as it is.

    Of the student only matrices learn, so that a LoRA can lead from it back to its teacher.
    """

    def __init__(
        self, painter: Painter, untold: Tensor, levels: Levels, *, guidance_scale: float, skip: int
    ) -> None:
        self.text = painter.text_encoder.eval().requires_grad_(False)
        self.teacher = painter.unet.requires_grad_(False)
        self.student = copy.deepcopy(painter.unet)
        only_matrices(self.student)
        self.target = copy.deepcopy(self.teacher)
        self.levels, self.guidance_scale, self.skip = levels, guidance_scale, skip
        with torch.no_grad():
            self.untold = self.text(untold).last_hidden_state  # (1 l d)

    @torch.no_grad()
    def words(self, batch: Batch) -> Words:
        told = self.text(batch.tokens).last_hidden_state[batch.which]
        return Words(told=told, untold=self.untold.expand(len(told), -1, -1), shown=batch.shown)

    def loss(self, batch: Batch, random: torch.Generator) -> Tensor:
        with torch.no_grad():
            words = self.words(batch)
            timesteps = draw_grid_timesteps(random, len(batch.clean))
            noise = torch.randn(batch.clean.shape, generator=random, device=batch.clean.device)
            noisy, _ = add_noise(self.levels, batch.clean, noise, timesteps)
            v = guided(self.teacher, noisy, timesteps, words, self.guidance_scale)
            next_noisy, next_timesteps, teacher_clean = later(self.levels, noisy, v, timesteps, self.skip)
            next_v = predict(self.target, next_noisy, next_timesteps, words.told, words.shown)
            wanted = clean_from(self.levels, next_noisy, next_v, next_timesteps)
            wanted = torch.where((timesteps <= LAST).view(-1, 1, 1, 1), teacher_clean, wanted)
        v = predict(self.student, noisy, timesteps, words.told, words.shown)
        return pseudo_huber(clean_from(self.levels, noisy, v, timesteps) - wanted)

    @torch.no_grad()
    def follow(self, decay: float = 0.95) -> None:
        move_towards(list(self.target.parameters()), list(self.student.parameters()), 1 - decay)


def only_matrices(unet: UNet2DConditionModel) -> list[nn.Parameter]:
    """Leave gains and biases as they are: a LoRA could not tell of them."""
    for value in unet.parameters():
        value.requires_grad_(value.ndim >= 2)
    return [value for value in unet.parameters() if value.requires_grad]


def main() -> None:
    options = parser(__doc__, seconds=1080)
    options.add_argument("--batch", type=int, default=64)
    options.add_argument("--lr", type=float, default=2e-4)
    options.add_argument("--guidance", type=float, default=2.5)
    options.add_argument("--skip", type=int, default=2 * GRID, help="timesteps between student and target")
    args = options.parse_args()
    device = prepare(args)
    tokenizer = build_tokenizer()
    data = load_data(args.state, tokenizer, device, args.batch // world_size())
    painter = on_device(load_painter(args.state / "base.pt", len(tokenizer)), device)
    if args.device == "cpu":
        train_faster_on_cpu(painter.unet)
    distiller = Distiller(
        painter,
        encode(tokenizer, [""]).to(device),
        stable_diffusion_levels(device),
        guidance_scale=args.guidance,
        skip=args.skip,
    )
    whole = Painter(distiller.text)
    whole.unet = distiller.student
    run = Run(
        path=args.state / "distil.pt",
        module=whole,
        optimizer=muon_and_adamw(distiller.student, (), args.lr),
        seconds=args.seconds,
        total_s=args.total,
        ema=Ema(module=whole, limit=0.99),
        lr=args.lr,
        warmup_steps=30,
        decay_from=0.6,
    ).resume()
    distiller.target.load_state_dict(distiller.student.state_dict())
    meter = Meter()
    for _ in run.steps():
        shared = random_for(args.seed, run.step, torch.device("cpu"), shared=True)
        kind = choose_kind(shared, KIND_SHARES)
        random = random_for(args.seed, run.step, device)
        batch = data.draw(random, kind)
        losses = distiller.loss(batch, random)
        run.descend(losses.mean())
        distiller.follow()
        run.samples += len(losses) * world_size()
        meter.add(kind, losses.mean().item(), len(losses))
        meter.report(run)


if __name__ == "__main__":
    main()
