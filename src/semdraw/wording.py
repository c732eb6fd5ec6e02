"""What a model is told of a scene: prompts with all choices made, and the styles of the scene around them."""

from __future__ import annotations

from semdraw.scene import Background, Brush, ColorBackground, Scene
from semdraw.wildcards import resolved

_HERE = "\0"  # where a style takes the words in
BEHIND = ""  # the name of the background, where choices are made


def own_words(scene: Scene, brush: Brush) -> str:
    """The prompt of a brush with its choices made, by its own seed where it has one."""
    return resolved(brush.prompt, scene.seed if brush.seed is None else brush.seed, brush.id)


def brush_words(scene: Scene, brush: Brush) -> str:
    return _styled(own_words(scene, brush), scene)


def brush_negative(scene: Scene, brush: Brush) -> str:
    return _avoided(brush.negative, scene)


def behind_words(scene: Scene) -> str:
    """What is said of the background; nothing of a colour, nor where nothing is said."""
    return _styled(own_words_behind(scene), scene)


def own_words_behind(scene: Scene) -> str:
    """The prompt of the background with its choices made."""
    return resolved(_prompt(scene.canvas.background).strip(), scene.seed, BEHIND)


def behind_negative(scene: Scene) -> str:
    """What the background avoids; nothing of a colour."""
    background = scene.canvas.background
    return "" if isinstance(background, ColorBackground) else _avoided(background.negative, scene)


def _prompt(background: Background) -> str:
    return "" if isinstance(background, ColorBackground) else background.prompt


def _styled(words: str, scene: Scene) -> str:
    """Words within all styles, the first one innermost; no words stay none."""
    if not words.strip():
        return words
    for number, style in enumerate(scene.styles):
        template = style.prompt.strip().replace("{prompt}", _HERE)  # braces that choose nothing
        around = resolved(template, scene.seed, f"style {number}")
        if _HERE in around:
            words = around.replace(_HERE, words)
        elif around:
            words = f"{words}, {around}"
    return words


def _avoided(words: str, scene: Scene) -> str:
    parts = [words.strip(), *(style.negative.replace("{prompt}", "").strip(" ,") for style in scene.styles)]
    return ", ".join(part for part in parts if part)
