"""Train the text encoder alone, to tell which concepts a caption names: it saves the image network that work.

python -m train.text --seconds 90
"""

from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from transformers import CLIPTextModel

from train.captions import PLAIN_GROUNDS, choose, describe
from train.concepts import backgrounds, objects
from train.networks import TEXT_WIDTH, build_text_encoder
from train.runs import Meter, Run, parser, prepare
from train.vocabulary import build_tokenizer, encode


class Reader(nn.Module):
    """The text encoder and a throwaway head: what is named, read off the last token and off the mean of all."""

    def __init__(self, vocab_size: int) -> None:
        super().__init__()
        self.encoder = build_text_encoder(vocab_size)
        num_concepts = len(objects()) + len(backgrounds()) + len(PLAIN_GROUNDS)
        self.last = nn.Linear(TEXT_WIDTH, num_concepts)
        self.mean = nn.Linear(TEXT_WIDTH, num_concepts)

    def forward(self, tokens: Tensor) -> tuple[Tensor, Tensor]:
        """tokens (n l) -> logits (n concepts), twice."""
        read = self.encoder(tokens)
        return self.last(read.pooler_output), self.mean(read.last_hidden_state.mean(1))


def draw_captions(random: np.random.Generator, count: int) -> tuple[list[str], Tensor]:
    """Captions and what they are about: (n concepts) of 0 and 1."""
    colours = tuple(PLAIN_GROUNDS)
    captions, labels = [], torch.zeros(count, len(objects()) + len(backgrounds()) + len(colours))
    for row in range(count):
        shown = random.choice(len(objects()), int(random.integers(0, 4)), replace=False).tolist()
        ground = int(random.integers(len(backgrounds()))) if random.random() < 0.5 or not shown else None
        caption = describe(random, shown, ground=ground, plain=(plain := choose(random, colours)))
        labels[row, shown] = 1
        if ground is not None and any(name in caption for name in backgrounds()[ground].names):
            labels[row, len(objects()) + ground] = 1
        if ground is None and plain in caption:
            labels[row, len(objects()) + len(backgrounds()) + colours.index(plain)] = 1
        captions.append(caption)
    return captions, labels


def load_text_encoder(state: Path, vocab_size: int) -> CLIPTextModel:
    reader = Reader(vocab_size)
    reader.load_state_dict(torch.load(state / "text.pt", map_location="cpu", weights_only=True)["module"])
    return reader.encoder


def main() -> None:
    options = parser(__doc__, seconds=90)
    options.add_argument("--batch", type=int, default=64)
    options.add_argument("--lr", type=float, default=1e-3)
    args = options.parse_args()
    device = prepare(args)
    tokenizer = build_tokenizer()
    reader = Reader(len(tokenizer)).to(device)
    run = Run(
        path=args.state / "text.pt",
        module=reader,
        optimizer=torch.optim.AdamW(reader.parameters(), lr=args.lr, betas=(0.9, 0.98)),
        seconds=args.seconds,
        total_s=args.total,
        lr=args.lr,
        decay_from=0.5,
    ).resume()
    meter = Meter()
    for _ in run.steps():
        captions, labels = draw_captions(np.random.default_rng([args.seed, run.step]), args.batch)
        tokens, labels = encode(tokenizer, captions).to(device), labels.to(device)
        logits = reader(tokens)
        losses = [F.binary_cross_entropy_with_logits(each, labels) for each in logits]
        run.descend(torch.stack(losses).sum())
        run.samples += args.batch
        for name, each in zip(("last", "mean"), logits, strict=True):
            meter.add(f"wrong by {name}", ((each > 0).float() != labels).any(1).float().mean().item())
        meter.report(run)


if __name__ == "__main__":
    main()
