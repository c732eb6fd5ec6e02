"""Prompts that leave something to chance: `{castle|tower}` is one of these, `__animal__` a word of a list.

Braces nest, and only those with a `|` choose. What is chosen depends on seeds and names alone, so that a scene stays a
value: the same scene always has the same words.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Final

LISTS: Final[Mapping[str, tuple[str, ...]]] = {
    "animal": (
        "cat",
        "dog",
        "fox",
        "bear",
        "rabbit",
        "horse",
        "elephant",
        "giraffe",
        "owl",
        "penguin",
        "turtle",
    ),
    "color": (
        "red",
        "orange",
        "yellow",
        "green",
        "turquoise",
        "blue",
        "violet",
        "pink",
        "white",
        "black",
        "golden",
    ),
    "fruit": ("apple", "banana", "grapes", "strawberry", "orange", "lemon", "pineapple", "watermelon"),
    "ground": (
        "night sky",
        "blue sky",
        "sunset",
        "sea",
        "beach",
        "desert",
        "forest",
        "snowy mountains",
        "space",
    ),
    "light": (
        "at dawn",
        "at noon",
        "at sunset",
        "by moonlight",
        "in fog",
        "by candlelight",
        "after the rain",
    ),
    "material": ("wood", "stone", "glass", "paper", "porcelain", "bronze", "wool", "ice", "gold"),
    "mood": ("calm", "cheerful", "gloomy", "dreamy", "mysterious", "solemn", "wild"),
    "plant": ("tree", "pine tree", "palm tree", "cactus", "mushroom", "flower", "sunflower", "rose", "tulip"),
    "season": ("in spring", "in summer", "in autumn", "in winter"),
    "vehicle": ("rocket", "airplane", "helicopter", "car", "train", "tractor", "sailboat", "balloon"),
}

_CHOICE: Final = re.compile(r"\{([^{}]*\|[^{}]*)\}")
_LIST: Final = re.compile(r"__([a-z]+)__")


def choice(count: int, *what: object) -> int:
    """One of `count`, by a hash of what is asked for."""
    digest = hashlib.blake2b(repr(what).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") % count


def has_chance(prompt: str) -> bool:
    """Whether anything in a prompt is left to chance."""
    return resolved(prompt, 0, "") != prompt


def resolved(prompt: str, seed: int, name: str) -> str:
    """The prompt with all choices made, by a seed and the name of what it belongs to; unknown lists stay as text."""
    count = 0

    def one_of(options: tuple[str, ...] | list[str]) -> str:
        nonlocal count
        count += 1
        return options[choice(len(options), seed, name, count)]

    while _CHOICE.search(prompt):
        prompt = _CHOICE.sub(lambda found: one_of(found[1].split("|")), prompt)
    return _LIST.sub(lambda found: one_of(LISTS[found[1]]) if found[1] in LISTS else found[0], prompt)
