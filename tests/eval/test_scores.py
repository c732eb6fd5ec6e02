"""The harness itself: what is right scores high, what is wrong scores low on every axis, and edits have to show."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
from safetensors.torch import load_file, save_file

from eval.bench import EXTENT, Layout, load_bench
from eval.edits_scores import (
    collateral,
    edit_shows,
    edited_area,
    flicker,
    likeness,
    settled_at,
    undone,
)
from eval.oracle_nets import Second
from eval.oracles import FILES, Which, load_oracle, load_oracles
from eval.scores import describe, measure
from eval.summary import Estimate, summarise
from eval.truth import rendered_truth, varied_truth
from train.sprites import FONT

needs_font = pytest.mark.skipif(
    not FONT.exists(), reason="needs the Debian package fonts-noto-color-emoji, as training does"
)
BLANK = np.full((*EXTENT.shape, 3), 128, np.uint8)
EVERY = 45  # of the layouts, of all tiers and kinds of masks


@cache
def sample() -> tuple[Layout, ...]:
    return load_bench().layouts[7::EVERY]


@cache
def truths() -> tuple[np.ndarray, ...]:
    return tuple(rendered_truth(layout) for layout in sample())


@cache
def figures_of_truth() -> dict[str, Estimate]:
    return summarise(measured(list(truths())))


def measured(pictures: list[np.ndarray]) -> list[dict[str, Any]]:
    return [
        measure(layout, picture, load_oracles()) for layout, picture in zip(sample(), pictures, strict=True)
    ]


@needs_font
def test_rendered_truth_scores_high_on_every_axis() -> None:
    figures = figures_of_truth()
    assert figures["rca"].mean >= 0.95
    assert figures["leak_ext"].mean <= 0.05
    assert figures["leak_int"].mean <= 0.15
    assert figures["bgf"].mean >= 0.9
    assert figures["intr"].mean <= 0.04
    assert figures["miou"].mean >= 0.5
    assert figures["cov"].mean >= 0.45
    assert figures["cont"].mean >= 0.8
    assert figures["seam"].mean <= 1.3


@needs_font
def test_the_oracles_agree_about_true_outlines_and_nearly_about_strokes() -> None:
    outlines = [layout for layout in load_bench().layouts[:450:9] if layout.mask_kind == "silhouette"]
    strokes = [layout for layout in load_bench().layouts[:450:9] if layout.mask_kind == "stroke"]
    assert abs(share_right("first", outlines) - share_right("second", outlines)) <= 0.03
    assert abs(share_right("first", strokes) - share_right("second", strokes)) <= 0.12


def share_right(which: Which, layouts: list[Layout]) -> float:
    right: list[bool] = []
    for layout in layouts:
        found = load_oracles().classify(which, rendered_truth(layout), layout.visible).argmax(1)
        right += [int(a) == region.object for a, region in zip(found, layout.regions, strict=True)]
    return float(np.mean(right))


@needs_font
def test_pictures_of_other_layouts_score_chance() -> None:
    moved = list(truths()[1:] + truths()[:1])
    figures, truth = summarise(measured(moved)), figures_of_truth()
    assert figures["rca"].mean <= 0.05
    assert figures["rca_second"].mean <= 0.05
    assert figures["miou"].mean <= 0.05
    assert figures["bgf"].mean < 0.4
    assert figures["intr"].mean > truth["intr"].mean + 0.05


def test_a_blank_picture_is_bad_on_every_axis() -> None:
    figures = summarise([measure(layout, BLANK, load_oracles()) for layout in sample()[:4]])
    for name in ("rca", "rca_second", "top5", "miou", "cov", "cont", "occ"):
        if name in figures:
            assert figures[name].mean <= 0.1, name
    assert figures["bgf"].mean <= 0.4


@needs_font
def test_an_object_outside_its_mask_is_a_leak() -> None:
    layout = load_bench().layouts[0]
    picture = rendered_truth(layout)
    box = layout.regions[0].bounds
    object_alone = replace(layout, regions=(replace(layout.regions[0], mask=corner_mask()),))
    before = measure(object_alone, picture, load_oracles())["regions"][0]
    assert box.width > 60
    assert before["leak_ext"] > 0.5
    assert before["stray"] == 1.0
    assert before["rca"] == 0.0


def corner_mask() -> np.ndarray:
    mask = np.zeros(EXTENT.shape, bool)
    mask[4:60, 4:60] = True
    return mask


@needs_font
def test_an_edit_shows_in_the_truth_and_never_in_a_picture_that_stays() -> None:
    bench, oracles = load_bench(), load_oracles()
    shown: list[bool] = []
    for script in bench.scripts[1:4]:
        states = bench.states(script)
        for number, edit in enumerate(script.edits):
            layouts = states[number], states[number + 1]
            pictures = rendered_truth(layouts[0]), rendered_truth(layouts[1])
            shown.append(edit_shows(edit, layouts, pictures, oracles))
            assert not edit_shows(edit, layouts, (pictures[0], pictures[0]), oracles)
            assert not edit_shows(edit, layouts, (BLANK, BLANK), oracles)
    assert np.mean(shown) >= 0.75


@needs_font
def test_the_rest_stays_to_the_byte_in_the_truth() -> None:
    bench = load_bench()
    before, after = bench.states(bench.scripts[0])[:2]
    area = edited_area(before, after)
    first, second = rendered_truth(before), rendered_truth(after)
    assert collateral(first, second, area) == 0
    assert collateral(first, np.roll(second, 1, 0), area) > 0.5
    assert undone(first, first) == 0 < undone(first, second)
    assert flicker([first, first, first]) == 0 < flicker([first, second])
    assert settled_at([first, second, second], [10.0, 20.0, 30.0]) == (1, 20.0)


@needs_font
def test_takes_of_a_layout_differ_and_each_comes_again() -> None:
    layout = load_bench().layouts[0]
    first, again, other = varied_truth(layout, 1), varied_truth(layout, 1), varied_truth(layout, 2)
    assert (first == again).all()
    assert (first != other).any()
    features = describe(layout, first, load_oracles())
    assert features.regions.shape == (len(layout.regions), Second.feature_width)
    assert likeness(features.picture, features.picture) == pytest.approx(1.0)


def test_an_oracle_of_other_classes_is_refused(tmp_path: Any) -> None:
    path = tmp_path / "second.safetensors"
    save_file(load_file(FILES["second"]), path, metadata={"classes": "castle,house"})
    with pytest.raises(ValueError, match="train it again"):
        load_oracle(Second(), path)


def test_the_oracles_are_small() -> None:
    assert sum(path.stat().st_size for path in FILES.values()) <= 4_000_000
