"""Claims about what a model is told: choices are made by seeds, styles go around every prompt."""

from __future__ import annotations

from collections import Counter

import pytest
from msgspec.structs import replace

from semdraw.commands import SetStyles, apply
from semdraw.files import project_bytes, scene_from_project
from semdraw.regions import compile_regions
from semdraw.scene import ColorBackground, ImageBackground, PromptBackground, Scene, Style
from semdraw.wildcards import LISTS, has_chance, resolved
from semdraw.wording import behind_negative, behind_words, brush_negative, brush_words, own_words
from tests.scenes import two_regions
from tests.toy import ToyModel


def castle(scene: Scene) -> str:
    return brush_words(scene, scene.brush("castle"))


def test_choices_are_one_of_those_and_all_come_up_evenly() -> None:
    found = Counter(resolved("a {red|green|blue} cat", seed, "b") for seed in range(600))
    assert set(found) == {"a red cat", "a green cat", "a blue cat"}
    assert min(found.values()) > 150
    nested = {resolved("{a|{b|c}}", seed, "") for seed in range(60)}
    assert nested == {"a", "b", "c"}
    pairs = {resolved("{a|b} {a|b}", seed, "") for seed in range(60)}
    assert pairs == {"a a", "a b", "b a", "b b"}, "each place chooses by itself"


def test_lists_give_their_words_and_what_is_no_choice_stays() -> None:
    assert {resolved("__fruit__", seed, "") for seed in range(200)} == set(LISTS["fruit"])
    for text in ("{background}", "{prompt}, ink", "(cat:1.2)", "__nothing__", "a | b", "{", "}{", "", "__"):
        assert resolved(text, 1, "b") == text
        assert not has_chance(text)
    assert has_chance("{a|b}")
    assert has_chance("__animal__")


def test_the_same_scene_always_has_the_same_words_and_regions_choose_apart() -> None:
    chance = "{" + "|".join(str(number) for number in range(1000)) + "}"
    scene = two_regions()
    for brush in scene.brushes:
        scene = scene.with_brush(replace(brush, prompt=chance))
    assert castle(scene) == castle(scene)
    assert castle(scene) != brush_words(scene, scene.brush("moon"))
    assert castle(scene) != castle(replace(scene, seed=8))
    owned = scene.with_brush(replace(scene.brush("castle"), seed=5))
    assert castle(owned) == castle(replace(owned, seed=8)), "its own seed chooses"


def test_styles_go_around_all_prompts_the_first_one_innermost() -> None:
    styles = (
        Style(name="ink", prompt="ink drawing of {prompt}", negative="photo"),
        Style(name="fine", prompt="finely detailed"),
    )
    scene = apply(two_regions(), SetStyles(styles=styles))
    assert castle(scene) == "ink drawing of castle, finely detailed"
    assert own_words(scene, scene.brush("castle")) == "castle"
    assert behind_words(scene) == "ink drawing of night sky, finely detailed"
    assert brush_negative(scene, replace(scene.brush("moon"), negative="dark")) == "dark, photo"
    assert behind_negative(scene) == "photo"
    assert scene_from_project(project_bytes(scene)) == scene


def test_where_nothing_is_said_a_style_says_nothing() -> None:
    scene = apply(two_regions(), SetStyles(styles=(Style(prompt="ink"),)))
    blank = scene.with_brush(replace(scene.brush("castle"), prompt="  "))
    assert not castle(blank).strip()
    for background in (PromptBackground(), ColorBackground()):
        assert behind_words(scene.with_canvas(background=background)) == ""
    picture = two_regions()
    assert behind_negative(picture.with_canvas(background=ColorBackground())) == ""


def test_a_style_chooses_once_for_the_whole_scene() -> None:
    style = Style(prompt="{" + "|".join(f"s{number}" for number in range(300)) + "}")
    scene = apply(two_regions(), SetStyles(styles=(style,)))
    told = {castle(scene).split(", ")[1], behind_words(scene).split(", ")[1]}
    assert len(told) == 1


@pytest.mark.parametrize("prompt", ["{red|red}", "red"])
def test_the_model_hears_the_words_and_hints_are_about_them(prompt: str) -> None:
    model = ToyModel()
    scene = two_regions().with_brush(replace(two_regions().brush("castle"), prompt=prompt))
    regions = compile_regions(scene, model)
    region = next(region for region in regions.regions if region.brush_id == "castle")
    assert (
        region.conditioning.embeds.flatten().tolist() == model.encode_prompt("red").embeds.flatten().tolist()
    )
    told = {hint.problem: hint.words for hint in regions.hints if hint.brush_id == "castle"}
    assert told == ({} if prompt == "red" else {"chosen": ("red",)})


def test_a_style_reaches_a_scene_that_was_compiled_before() -> None:
    model = ToyModel()
    scene = two_regions().with_canvas(background=PromptBackground(prompt="re"))
    before = compile_regions(scene, model)
    after = compile_regions(apply(scene, SetStyles(styles=(Style(prompt="{prompt}d"),))), model, before)
    assert (
        after.ground.words.embeds.flatten().tolist() == model.encode_prompt("red").embeds.flatten().tolist()
    )


def test_a_picture_behind_is_styled_where_it_has_words() -> None:
    from semdraw.rasters import Picture

    picture = Picture(two_regions().canvas.extent, bytes(3 * 64 * 64))
    scene = apply(two_regions(), SetStyles(styles=(Style(prompt="ink"),)))
    assert behind_words(scene.with_canvas(background=ImageBackground(picture=picture))) == ""
    told = ImageBackground(picture=picture, prompt="sea")
    assert behind_words(scene.with_canvas(background=told)) == "sea, ink"


def test_a_style_may_choose_between_frames_for_the_words() -> None:
    style = Style(name="one of two", prompt="{oil painting of {prompt}|photo of {prompt}}")
    scene = replace(two_regions(), styles=(style,))
    found = {castle(replace(scene, seed=seed)) for seed in range(20)}
    words = scene.brush("castle").prompt
    assert found == {f"oil painting of {words}", f"photo of {words}"}


def test_a_choice_that_comes_out_empty_is_a_brush_without_words_and_says_so() -> None:
    scene = two_regions()
    castle_or_none = replace(scene.brush("castle"), prompt="{|castle}")
    told = [scene.with_brush(replace(castle_or_none, seed=seed)) for seed in range(20)]
    for each in told:
        is_empty = own_words(each, each.brush("castle")) == ""
        regions = compile_regions(each, ToyModel())
        assert ("castle" not in {region.brush_id for region in regions.painted}) is is_empty
        assert (
            ("castle", "no_prompt") in {(hint.brush_id, hint.problem) for hint in regions.hints}
        ) is is_empty
    assert len({own_words(each, each.brush("castle")) for each in told}) == 2


def test_a_background_whose_choice_comes_out_empty_is_white() -> None:
    scene = two_regions()
    canvas = replace(scene.canvas, background=PromptBackground(prompt="{|forest}"))
    grounds = [
        compile_regions(replace(scene, canvas=canvas, seed=seed), ToyModel()).ground for seed in range(12)
    ]
    assert {(ground.is_worded, ground.picture is None) for ground in grounds} == {
        (True, True),
        (False, False),
    }
