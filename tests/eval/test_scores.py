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
    settled_at,
    undone,
)
from eval.oracle_nets import Second
from eval.oracles import FILES, Which, load_oracle, load_oracles
from eval.records import Record
from eval.report import judged_figures
from eval.results import Figure
from eval.scores import as_failed, describe, measure
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
def figures_of_truth() -> dict[str, Figure]:
    return figures_of(measured(list(truths())))


def figures_of(scores: list[dict[str, Any]]) -> dict[str, Figure]:
    """As a report makes them."""
    records = (
        Record(drawn_by="", judged_by="", method="", layout=each["layout"], scores=each) for each in scores
    )
    return judged_figures(list(records))


def blank_scores() -> list[dict[str, Any]]:
    return [measure(layout, BLANK, load_oracles()) for layout in sample()[:4]]


def measured(pictures: list[np.ndarray]) -> list[dict[str, Any]]:
    return [
        measure(layout, picture, load_oracles()) for layout, picture in zip(sample(), pictures, strict=True)
    ]


@needs_font
def test_rendered_truth_scores_high_on_every_axis() -> None:
    figures = figures_of_truth()
    assert figures["rca"].value >= 0.95
    assert figures["leak_ext"].value <= 0.05
    assert figures["leak_int"].value <= 0.15
    assert figures["bgf"].value >= 0.9
    assert figures["intr"].value <= 0.04
    assert figures["miou"].value >= 0.5
    assert figures["cov"].value >= 0.45
    assert figures["cont"].value >= 0.8
    assert figures["seam"].value <= 1.3


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
    figures, truth = figures_of(measured(moved)), figures_of_truth()
    assert figures["rca"].value <= 0.05
    assert figures["rca_second"].value <= 0.05
    assert figures["miou"].value <= 0.05
    assert figures["bgf"].value < 0.4
    assert figures["intr"].value > truth["intr"].value + 0.05


def test_a_blank_picture_shows_and_covers_nothing_and_its_ground_is_wrong() -> None:
    """It leaks nothing, either, so leaks are read beside what is there."""
    figures = figures_of(blank_scores())
    for name in ("rca", "rca_second", "top5", "miou", "cov", "cont", "occ"):
        if name in figures:
            assert figures[name].value <= 0.1, name
    assert figures["bgf"].value <= 0.4


def test_a_picture_that_failed_is_worse_than_a_blank_one_on_every_axis() -> None:
    scores = blank_scores()
    blank, failed = figures_of(scores), figures_of([as_failed(each) for each in scores])
    assert failed.keys() == blank.keys() - {"seam", "seam_windows"}
    for name in ("rca", "rca_second", "top5", "miou", "cov", "cont", "occ", "bgf"):
        assert name not in failed or failed[name].value == 0, name
    for name in ("leak_ext", "leak_int", "intr", "other"):
        assert failed[name].value == 1, name
    assert failed["logprob"].value < -13


@needs_font
def test_an_object_outside_its_mask_is_a_leak() -> None:
    layout = load_bench().layouts[0]
    picture = rendered_truth(layout)
    box = layout.regions[0].bounds
    object_alone = replace(layout, regions=(replace(layout.regions[0], mask=corner_mask()),))
    before = measure(object_alone, picture, load_oracles())["regions"][0]
    assert box.width > 60
    assert before["leak_ext"] > 0.5
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


def test_an_oracle_of_other_classes_is_refused(tmp_path: Any) -> None:
    path = tmp_path / "second.safetensors"
    save_file(load_file(FILES["second"]), path, metadata={"classes": "castle,house"})
    with pytest.raises(ValueError, match="train it again"):
        load_oracle(Second(), path)


def test_the_oracles_are_small() -> None:
    assert sum(path.stat().st_size for path in FILES.values()) <= 4_000_000
