"""How strongly each part of a prompt is meant: `(word)`, `(word:1.3)`, `[word]`.

Round brackets strengthen by a tenth, square ones weaken as much, a number says how much; brackets nest and multiply.
A backslash makes a bracket an ordinary letter: `\\(`. Brackets without a partner are ordinary text.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Final

STRONGER: Final = 1.1
LEAST, MOST = 0.0, 3.0  # weights beyond are taken as these

_TOKEN: Final = re.compile(r"\\[()\[\]\\]|[()\[\]]|[^()\[\]\\]+|\\")
_NUMBER: Final = re.compile(r"(.*):\s*([+-]?(?:[0-9]{1,4}\.?[0-9]{0,9}|\.[0-9]{1,9}))\s*", re.DOTALL)
_PARTNERS: Final = {")": "(", "]": "["}


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of a prompt as the network reads it, and its weight: 1 is as it stands, within LEAST and MOST."""

    text: str
    weight: float = 1.0


def parse_prompt(prompt: str) -> tuple[Span, ...]:
    """The pieces of a prompt in order; neighbours of one weight are one piece. A plain prompt is one piece."""
    tokens: list[str] = _TOKEN.findall(prompt)
    partners = _pairs(tokens)
    tokens, factors = _told_factors(tokens, partners)
    spans: list[Span] = []
    open_: list[float] = []
    for index, token in enumerate(tokens):
        if index in factors:
            open_.append(factors[index])
        elif index in partners:
            open_.pop()
        else:
            text = token[1:] if len(token) == 2 and token[0] == "\\" else token
            spans.append(Span(text, _bounded(math.prod(open_))))
    return tuple(_joined(spans))


def plain_text(prompt: str) -> str:
    """The words of a prompt without brackets and numbers."""
    return "".join(span.text for span in parse_prompt(prompt))


def _pairs(tokens: list[str]) -> dict[int, int]:
    """Where each bracket's partner stands; those without one are left out."""
    partners: dict[int, int] = {}
    waiting: list[int] = []
    for index, token in enumerate(tokens):
        if token in ("(", "["):
            waiting.append(index)
        elif token in _PARTNERS:
            mine = next((at for at in reversed(waiting) if tokens[at] == _PARTNERS[token]), None)
            if mine is not None:
                partners |= {mine: index, index: mine}
                del waiting[waiting.index(mine) :]  # what was opened since has no partner
    return partners


def _told_factors(tokens: list[str], partners: dict[int, int]) -> tuple[list[str], dict[int, float]]:
    """The tokens without the numbers, and by how much each opening bracket multiplies."""
    told, factors = list(tokens), dict[int, float]()
    for start, end in partners.items():
        if start > end:
            continue
        factors[start] = STRONGER if tokens[start] == "(" else 1 / STRONGER
        found = _NUMBER.fullmatch(tokens[end - 1]) if tokens[start] == "(" else None
        if found and (end - 1) not in partners and (found[1] or end - 1 > start + 1):
            told[end - 1], factors[start] = found[1], float(found[2])
    return told, factors


def _bounded(weight: float) -> float:
    return min(max(weight, LEAST), MOST)


def _joined(spans: list[Span]) -> Iterator[Span]:
    for weight, together in groupby((span for span in spans if span.text), lambda span: span.weight):
        yield Span("".join(span.text for span in together), weight)
