"""`semdraw models`: which models and presets there are, and what they know."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING, Any

from semdraw.cli.options import Verbs

if TYPE_CHECKING:
    from semdraw.models.places import Lying
    from semdraw.models.registry import ModelCard, Word
    from semdraw.presets import Preset


def add_to(verbs: Verbs) -> None:
    """Tell the parser of this verb."""
    text = "list the models and presets, or show one of them"
    parser = verbs.add_parser("models", help=text, description=f"{text.capitalize()}.")
    parser.add_argument("--json", action="store_true", help="for programs")
    parser.set_defaults(verb=_list)
    actions = parser.add_subparsers(metavar="ACTION")
    show = actions.add_parser("show", help="what a model is and which words it knows, or what a preset says")
    show.add_argument("name", metavar="NAME|PATH|PRESET")
    show.add_argument("--json", action="store_true", help="for programs")
    show.set_defaults(verb=_show)


def _list(options: argparse.Namespace) -> int:
    from semdraw.models.places import lying_there, model_folders
    from semdraw.models.registry import list_models
    from semdraw.presets import PRESETS

    cards, lying = list_models(), lying_there()
    if options.json:
        told = {
            "models": [described(card) for card in cards],
            "files": [_file(each) for each in lying],
            "presets": [_preset(each) for each in PRESETS],
        }
        print(json.dumps(told, indent=2, ensure_ascii=False))
        return 0
    print("Models")
    _table([_card_row(card) for card in cards])
    print(f"\nFiles in {' and '.join(map(str, model_folders()))}{'' if lying else ': none'}")
    _table([_file_row(each) for each in lying])
    print("\nPresets: how published weights are run (`semdraw models show PRESET` tells more)")
    _table(
        [("NAME", "SAMPLER, STEPS", "GUIDANCE", "WEIGHTS", "LORA", "MEMORY", "LICENCES"), *map(_row, PRESETS)]
    )
    return 0


def _card_row(card: ModelCard) -> tuple[str, ...]:
    known = f"{len(card.objects)} objects, {len(card.backgrounds)} backgrounds" if card.objects else ""
    return card.name, card.family, f"{card.extent} px", known


def _file(lying: Lying) -> dict[str, Any]:
    return {
        "name": lying.name,
        "path": str(lying.path),
        "kind": lying.kind,
        "title": lying.title,
        "bytes": lying.num_bytes,
    }


def _file_row(lying: Lying) -> tuple[str, ...]:
    refused = "not loaded: " if lying.kind == "refused" else ""
    return lying.name, f"{lying.num_bytes / 2**30:.1f} GiB", f"{refused}{lying.title}"


def _row(known: Preset) -> tuple[str, ...]:
    recipe, lora = known.recipe, known.lora
    licences = [known.licence, lora.licence] if lora and lora.licence != known.licence else [known.licence]
    return (
        known.name,
        f"{recipe.sampler}, {recipe.step_count}",
        "none" if recipe.guidance_scale == 1 else f"{recipe.guidance_scale:g}",
        known.weights,
        lora.repository if lora else "none",
        _memory(known),
        "; ".join(licences),
    )


def _table(rows: list[tuple[str, ...]]) -> None:
    """Columns as wide as their widest entry, the last one as it comes."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        print("  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip())


def _preset(known: Preset) -> dict[str, Any]:
    """A preset as json."""
    from msgspec import to_builtins

    return {**to_builtins(known), "weights_mib": known.weights_mib}


def _preset_in_words(known: Preset) -> str:
    """All that a preset says, a line each; of its recipe what is not the usual."""
    from msgspec import to_builtins

    from semdraw.scene import Recipe

    usual = to_builtins(Recipe())
    unusual = {key: value for key, value in to_builtins(known.recipe).items() if value != usual[key]}
    lines = {
        "family": known.family,
        "weights": f"{known.weights} ({known.licence})",
        "LoRA": f"{known.lora.repository}, {known.lora.file} ({known.lora.licence})"
        if known.lora
        else "none",
        "memory": f"{_memory(known)} for the weights",
        "sampler": f"{known.recipe.sampler} in {known.recipe.step_count} steps",
        "recipe": ", ".join(f"{key} {value}" for key, value in unusual.items() if key != "model"),
        "brushes": f"softness {known.softness_px:g} px",
        "paper": f"{known.row} ({known.source})",
        "note": known.note,
    }
    return "\n".join([f"{known.name}, {known.title}", *(f"{key}: {value}" for key, value in lines.items())])


def _memory(known: Preset) -> str:
    return "below 0.1 GiB" if known.weights_mib is None else f"{known.weights_mib / 1024:.1f} GiB"


def _show(options: argparse.Namespace) -> int:
    from semdraw.models.registry import EMBEDDED, find_model
    from semdraw.presets import PRESETS

    for known in PRESETS:
        if known.name == options.name and known.name not in EMBEDDED:
            print(json.dumps(_preset(known), indent=2) if options.json else _preset_in_words(known))
            return 0
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
        f"{'file' if card.folder.is_file() else 'folder'}: {card.folder}",
        f"samplers: {', '.join(card.samplers)}; usually {card.recipe.sampler} in {card.recipe.num_steps} steps",
        *(f"{key.replace('_', ' ')}: {value}" for key, value in card.facts.items()),
    ]
    for kind, words in (("objects", card.objects), ("backgrounds", card.backgrounds)):
        if words:
            lines.append(f"{kind}: {', '.join(word.name for word in words)}")
    return "\n".join(lines)
