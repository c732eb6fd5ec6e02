"""Prompts as tokens in chunks that a text encoder takes, and what weights do to its states."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import torch
from torch import Tensor

from semdraw.prompts import Span, parse_prompt

_FACTORS: Final = (0.5, 2.0)  # by how much states are scaled at most to keep their mean
_NO_MEAN: Final = 0.01  # a mean below this share of the root mean square says nothing


@dataclass(frozen=True, slots=True, eq=False)
class Chunks:
    """A prompt in k chunks of n tokens, each with its own start and end: ids (k n) int64, weights (k n)."""

    ids: Tensor
    weights: Tensor

    def __len__(self) -> int:
        return len(self.ids)

    def padded(self, num_chunks: int, blank: Chunks) -> Chunks:
        """With chunks of the empty prompt behind."""
        more = [blank] * (num_chunks - len(self))
        return Chunks(
            torch.cat([self.ids, *(chunk.ids for chunk in more)]),
            torch.cat([self.weights, *(chunk.weights for chunk in more)]),
        )


def chunked(prompt: str, tokenizer: Any) -> Chunks:
    """A prompt for a CLIP encoder: what is too long for one chunk goes on in the next, at the end of a word."""
    room = tokenizer.model_max_length - 2
    chunks = list(_cut(list(_weighed_ids(parse_prompt(prompt), tokenizer)), room, tokenizer)) or [[]]
    first, last = (tokenizer.bos_token_id, 1.0), (tokenizer.eos_token_id, 1.0)
    pad = (tokenizer.pad_token_id, 1.0)
    return _stacked([[first, *chunk, last] + [pad] * (room - len(chunk)) for chunk in chunks])


def cut_off(prompt: str, tokenizer: Any, length: int) -> Chunks:
    """A prompt for T5: one chunk of `length` tokens; what is longer is not read."""
    tokens = [*_weighed_ids(parse_prompt(prompt), tokenizer)][: length - 1]
    tokens.append((tokenizer.eos_token_id, 1.0))
    return _stacked([tokens + [(tokenizer.pad_token_id, 1.0)] * (length - len(tokens))])


def weigh(states: Tensor, weights: Tensor) -> Tensor:
    """States (k n d) scaled by weights (k n), then each chunk brought back to the mean that it had.

    The factor for that stays within bounds, and is 1 where the states have no mean to speak of.
    """
    if bool((weights == 1).all()):
        return states
    scaled = states * weights.to(states)[:, :, None]
    before, after = (each.mean(dim=(1, 2), keepdim=True) for each in (states, scaled))
    size = states.square().mean(dim=(1, 2), keepdim=True).sqrt()
    is_told = (before.abs() > _NO_MEAN * size) & (before * after > 0)
    factor = torch.where(is_told, before / torch.where(is_told, after, 1.0), 1.0)
    return scaled * factor.clamp(*_FACTORS)


def _weighed_ids(spans: Iterable[Span], tokenizer: Any) -> Iterator[tuple[int, float]]:
    for span in spans:
        ids = tokenizer(span.text, add_special_tokens=False, truncation=False, verbose=False).input_ids
        yield from ((number, span.weight) for number in ids)


def _cut(tokens: list[tuple[int, float]], room: int, tokenizer: Any) -> Iterator[list[tuple[int, float]]]:
    """Pieces of at most `room` tokens. Words stay whole, unless one is longer than a chunk."""
    while len(tokens) > room:
        names = tokenizer.convert_ids_to_tokens([number for number, _ in tokens[:room]])
        end = next((at + 1 for at in reversed(range(room)) if names[at].endswith("</w>")), room)
        yield tokens[:end]
        tokens = tokens[end:]
    if tokens:
        yield tokens


def _stacked(rows: list[list[tuple[int, float]]]) -> Chunks:
    ids = torch.tensor([[number for number, _ in row] for row in rows])
    return Chunks(ids, torch.tensor([[weight for _, weight in row] for row in rows]))
