"""`semdraw models`: which models there are and what they know."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING, Any

from semdraw.cli.options import Verbs

if TYPE_CHECKING:
    from semdraw.models.registry import ModelCard, Word


def add_to(verbs: Verbs) -> None:
    """Tell the parser of this verb."""
    text = "list the models, or show one of them"
    parser = verbs.add_parser("models", help=text, description=f"{text.capitalize()}.")
    parser.set_defaults(verb=_list)
    actions = parser.add_subparsers(metavar="ACTION")
    show = actions.add_parser("show", help="what a model is and which words it knows")
    show.add_argument("name", metavar="NAME|PATH")
    show.add_argument("--json", action="store_true", help="for programs")
    show.set_defaults(verb=_show)


def _list(_: argparse.Namespace) -> int:
    from semdraw.models.registry import list_models

    for card in list_models():
        known = f"{len(card.objects)} objects, {len(card.backgrounds)} backgrounds"
        print(f"{card.name}  {card.family}  {card.extent} px  {known}")
    return 0


def _show(options: argparse.Namespace) -> int:
    from semdraw.models.registry import find_model

    card = find_model(options.name)
    print(json.dumps(described(card), indent=2, ensure_ascii=False) if options.json else _in_words(card))
    return 0


def described(card: ModelCard) -> dict[str, Any]:
    """A card as json; `codepoint` stands only where a concept was drawn from a glyph."""
    return {
        "name": card.name,
        "family": card.family,
        "extent": list(card.extent),
        "extent_multiple": card.extent_multiple,
        "objects": [_word(word) for word in card.objects],
        "backgrounds": [_word(word) for word in card.backgrounds],
        "sampler": card.recipe.sampler,
        "num_steps": card.recipe.num_steps,
        "samplers": card.samplers,
        "facts": card.facts,
    }


def _word(word: Word) -> dict[str, Any]:
    entry: dict[str, Any] = {"name": word.name, "synonyms": list(word.synonyms)}
    return entry if word.codepoint is None else {**entry, "codepoint": word.codepoint}


def _in_words(card: ModelCard) -> str:
    lines = [
        f"{card.name}, {card.family}, draws best at {card.extent} px (sides in steps of {card.extent_multiple} px)",
        f"folder: {card.folder}",
        f"samplers: {', '.join(card.samplers)}; usually {card.recipe.sampler} in {card.recipe.num_steps} steps",
        *(f"{key.replace('_', ' ')}: {value}" for key, value in card.facts.items()),
    ]
    for kind, words in (("objects", card.objects), ("backgrounds", card.backgrounds)):
        if words:
            lines.append(f"{kind}: {', '.join(word.name for word in words)}")
    return "\n".join(lines)
