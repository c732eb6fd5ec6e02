"""Four Euler steps with trailing spacing: the student lands where the guided teacher's path is at each of them.

    python -m train.euler --seconds 600

Plain regression on the states that the student itself comes to (as in SFD, arXiv:2409.19681): from pure noise or from
a noised picture it walks to a phase, the teacher walks through the phase in smaller steps, and the clean prediction of
the student is compared with the one that would have brought it to the same place.
"""

import itertools
from dataclasses import dataclass

import torch
from diffusers import UNet2DConditionModel
from torch import Tensor

from train.base import Painter, load_painter
from train.batches import Batch, Shares, choose_kind, load_data
from train.diffusion import Levels, predict, stable_diffusion_levels
from train.distil import Words, guided, only_matrices, pseudo_huber
from train.muon import muon_and_adamw
from train.networks import train_faster_on_cpu
from train.runs import Ema, Meter, Run, on_device, parser, prepare, random_for, world_size
from train.vocabulary import build_tokenizer, encode

PHASES = (999, 749, 499, 249)  # the timesteps of four Euler steps; the last leads to the clean picture
SUBSTEPS = 3  # of the teacher in each phase
ON_POLICY = 0.6  # share of batches that start from pure noise, and not from a noised picture
KIND_SHARES: Shares = (0.4, 0.25, 0.35)


@dataclass(frozen=True, slots=True)
class Rung:
    """One level of a walk: where it is asked and how much signal and noise there is. The end is clean."""

    timestep: int
    alpha: float
    sigma: float


END = Rung(-1, 1.0, 0.0)


def rung(levels: Levels, timestep: int) -> Rung:
    return Rung(timestep, float(levels.alpha[timestep]), float(levels.sigma[timestep]))


def ladder(levels: Levels) -> tuple[Rung, ...]:
    """The student's four levels, and the clean end."""
    return (*(rung(levels, timestep) for timestep in PHASES), END)


def phase_of(levels: Levels, number: int) -> tuple[Rung, ...]:
    """The teacher's levels in one of the student's steps, both ends among them."""
    first = PHASES[number]
    last = PHASES[number + 1] if number + 1 < len(PHASES) else 0
    between = [first + (last - first) * step // SUBSTEPS for step in range(SUBSTEPS)]
    end = rung(levels, last) if last else END
    return (*(rung(levels, timestep) for timestep in between), end)


def clean_of(noisy: Tensor, v: Tensor, at: Rung) -> Tensor:
    return at.alpha * noisy - at.sigma * v


def stepped(noisy: Tensor, clean: Tensor, at: Rung, to: Rung) -> Tensor:
    """One Euler step: the noise that the clean prediction implies is kept."""
    return to.alpha * clean + to.sigma * (noisy - at.alpha * clean) / at.sigma


def implied_clean(noisy: Tensor, later: Tensor, at: Rung, to: Rung) -> Tensor:
    """The clean prediction whose Euler step leads from `noisy` to `later`."""
    share = to.sigma / at.sigma
    return (later - share * noisy) / (to.alpha - share * at.alpha)


class Walker:
    """A student that walks in four steps, and the teacher whose path it follows."""

    def __init__(
        self, student: UNet2DConditionModel, painter: Painter, untold: Tensor, levels: Levels, scale: float
    ) -> None:
        self.student, self.levels, self.scale = student, levels, scale
        self.text = painter.text_encoder.eval().requires_grad_(False)
        self.teacher = painter.unet.requires_grad_(False)
        only_matrices(student)
        self.rungs = ladder(levels)
        with torch.no_grad():
            self.untold = self.text(untold).last_hidden_state  # (1 l d)

    def clean(self, noisy: Tensor, at: Rung, words: Words) -> Tensor:
        """What the student thinks lies at the end."""
        v = predict(self.student, noisy, timesteps_of(noisy, at), words.told, words.shown)
        return clean_of(noisy, v, at)

    @torch.no_grad()
    def walked(self, noise: Tensor, number: int, words: Words) -> Tensor:
        """Where the student stands after its first steps from pure noise."""
        noisy = self.rungs[0].sigma * noise
        for at, to in zip(self.rungs[:number], self.rungs[1:], strict=False):
            noisy = stepped(noisy, self.clean(noisy, at, words), at, to)
        return noisy

    @torch.no_grad()
    def led(self, noisy: Tensor, number: int, words: Words) -> Tensor:
        """Where the teacher brings it in that phase."""
        path = phase_of(self.levels, number)
        for at, to in itertools.pairwise(path):
            v = guided(self.teacher, noisy, timesteps_of(noisy, at), words, self.scale)
            noisy = stepped(noisy, clean_of(noisy, v, at), at, to)
        return noisy

    @torch.no_grad()
    def words(self, batch: Batch) -> Words:
        told = self.text(batch.tokens).last_hidden_state[batch.which]
        return Words(told=told, untold=self.untold.expand(len(told), -1, -1), shown=batch.shown)

    def loss(self, batch: Batch, random: torch.Generator, number: int, *, on_policy: bool) -> Tensor:
        """Per sample (n,), in the phase of that number."""
        words, at, to = self.words(batch), self.rungs[number], self.rungs[number + 1]
        noise = torch.randn(batch.clean.shape, generator=random, device=batch.clean.device)
        noisy = self.walked(noise, number, words) if on_policy else at.alpha * batch.clean + at.sigma * noise
        wanted = implied_clean(noisy, self.led(noisy, number, words), at, to)
        return pseudo_huber(self.clean(noisy, at, words) - wanted)


def timesteps_of(noisy: Tensor, at: Rung) -> Tensor:
    return torch.full((len(noisy),), at.timestep, device=noisy.device)


def main() -> None:
    options = parser(__doc__, seconds=600)
    options.add_argument("--batch", type=int, default=32)
    options.add_argument("--lr", type=float, default=2e-4)
    options.add_argument("--guidance", type=float, default=2.5)
    args = options.parse_args()
    device = prepare(args)
    tokenizer = build_tokenizer()
    data = load_data(args.state, tokenizer, device, args.batch // world_size())
    teacher, whole = (
        on_device(load_painter(args.state / name, len(tokenizer)), device)
        for name in ("base.pt", "distil.pt")
    )
    if args.device == "cpu":
        train_faster_on_cpu(teacher.unet)
        train_faster_on_cpu(whole.unet)
    untold = encode(tokenizer, [""]).to(device)
    walker = Walker(whole.unet, teacher, untold, stable_diffusion_levels(device), args.guidance)
    run = Run(
        path=args.state / "euler.pt",
        module=whole,
        optimizer=muon_and_adamw(whole.unet, (), args.lr),
        seconds=args.seconds,
        total_s=args.total,
        ema=Ema(module=whole, limit=0.98),
        lr=args.lr,
        warmup_steps=20,
        decay_from=0.5,
    ).resume()
    meter = Meter()
    for _ in run.steps():
        shared = random_for(args.seed, run.step, torch.device("cpu"), shared=True)
        kind = choose_kind(shared, KIND_SHARES)
        number = int(torch.randint(len(PHASES), (), generator=shared))
        on_policy = bool(torch.rand((), generator=shared) < ON_POLICY)
        random = random_for(args.seed, run.step, device)
        losses = walker.loss(data.draw(random, kind), random, number, on_policy=on_policy)
        run.descend(losses.mean())
        run.samples += len(losses) * world_size()
        meter.add(f"from {PHASES[number]}", losses.mean().item(), len(losses))
        meter.report(run)


if __name__ == "__main__":
    main()
