"""Words that are put around prompts: the published names of qualities and styles, with texts of our own.

A dictionary maps a name to (template, negative); "{prompt}" in the template stands for the prompt.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from semdraw.errors import UsageError

Styles = Mapping[str, tuple[str, str]]

NONE: Final = "(None)"
QUALITIES: Final[Styles] = {
    NONE: ("{prompt}", ""),
    "Standard v3.0": ("{prompt}, high quality, sharp", "low quality, blurred, watermark, text"),
    "Standard v3.1": (
        "{prompt}, best quality, finely detailed, beautiful",
        "low quality, blurred, unfinished, watermark, signature, text, compression artifacts",
    ),
    "Light v3.1": ("{prompt}, best quality, clear", "low quality, watermark"),
    "Heavy v3.1": (
        "{prompt}, best quality, extremely detailed, well composed, beautiful light",
        "low quality, blurred, distorted, bad anatomy, cropped, watermark",
    ),
}
STYLES: Final[Styles] = {
    NONE: ("{prompt}", ""),
    "Cinematic": ("{prompt}, still from a film, wide lens, film grain", "drawing, flat light"),
    "Photographic": ("{prompt}, photograph, 50 mm lens, natural light", "drawing, painting, render"),
    "Anime": ("{prompt}, anime, clean lines, bright colours", "photograph, realistic"),
    "Manga": ("{prompt}, manga panel, ink lines, screentone", "photograph, realistic, soft focus"),
    "Digital Art": ("{prompt}, digital painting, concept art", "photograph"),
    "Pixel art": ("{prompt}, pixel art, few colours, 16 bit game", "photograph, smooth shading"),
    "Fantasy art": ("{prompt}, fantasy painting, magical, epic scenery", "photograph, modern"),
    "Neonpunk": ("{prompt}, neon lights, cyberpunk, glowing outlines", "daylight, pale colours"),
    "3D Model": ("{prompt}, 3d render, studio light, smooth materials", "flat, sketch"),
}


def preprocess_prompt(
    positive: str,
    negative: str = "",
    style_dict: Styles = QUALITIES,
    style_name: str = "Standard v3.1",
    add_style: bool = True,
) -> tuple[str, str]:
    """One prompt and what it shall not show, with the words of a quality or style around them."""
    if style_name not in style_dict:
        raise UsageError(f"no style {style_name!r}; there are {', '.join(style_dict)}")
    template, unwanted = style_dict[style_name]
    styled = template.replace("{prompt}", positive) if add_style and positive.strip() else positive
    return styled, ", ".join(part for part in (unwanted, negative) if part.strip())


def preprocess_prompts(
    positives: Sequence[str],
    negatives: Sequence[str] | None = None,
    style_dict: Styles = STYLES,
    style_name: str = "Manga",
    quality_dict: Styles = QUALITIES,
    quality_name: str = "Standard v3.1",
    add_style: bool = True,
    add_quality_tags: bool = True,
) -> tuple[list[str], list[str]]:
    """Many prompts, each with the words of the quality and then of the style."""
    given = [""] * len(positives) if negatives is None else negatives
    if len(given) != len(positives):
        raise UsageError(f"{len(positives)} prompts need as many negative ones or none, got {len(given)}")
    good = [
        preprocess_prompt(*pair, quality_dict, quality_name, add_quality_tags)
        for pair in zip(positives, given, strict=True)
    ]
    styled = [preprocess_prompt(*pair, style_dict, style_name, add_style) for pair in good]
    return [positive for positive, _ in styled], [negative for _, negative in styled]


def print_prompts(
    positives: str | Sequence[str], negatives: str | Sequence[str], has_background: bool = False
) -> None:
    """Show prompts, numbered; with `has_background` the first one is the background's."""
    for kind, texts in (("Prompt", positives), ("Negative Prompt", negatives)):
        for number, text in enumerate([texts] if isinstance(texts, str) else texts):
            print(f"{_label(kind, number, has_background)}: {text}")  # noqa: T201  (this is its task)


def _label(kind: str, number: int, has_background: bool) -> str:
    if has_background:
        return f"{kind}{number}" if number else f"Background {kind}"
    return f"{kind}{number + 1}"
