"""From numbers to figures: intervals, ends, distances of sets of pictures. No oracle is needed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from eval.bench import EXTENT, Layout, PlacedRegion
from eval.distribution import (
    coverage_of,
    diversity,
    frechet,
    frechet_at_infinity,
    inception_score,
    kid,
    kid_with_interval,
)
from eval.seams import find_seam
from eval.shapes import grow, largest_part, reached, shrink
from eval.summary import AXES, FEWEST, Estimate, calibrated, estimate, figure_of, total_score
from semdraw.geometry import Bounds

RANDOM = np.random.default_rng(0)


def test_an_interval_holds_the_mean_and_narrows_with_more_layouts() -> None:
    few = estimate([[float(v)] for v in RANDOM.integers(0, 2, 20)])
    many = estimate([[float(v)] for v in RANDOM.integers(0, 2, 500)])
    assert few.low <= few.mean <= few.high
    assert many.high - many.low < 0.5 * (few.high - few.low)
    assert (few.n, many.n) == (20, 500)


def test_too_few_layouts_have_no_interval() -> None:
    few, enough = (figure_of(estimate([[0.0], [1.0]] * (n // 2))) for n in (FEWEST - 2, FEWEST))
    assert (few.value, few.low, few.high) == (0.5, None, None)
    assert enough.low is not None


def end(mean: float, half: float = 0.02, n: int = 100) -> Estimate:
    return Estimate(mean, mean - half, mean + half, n)


def test_ends_calibrate_figures_that_rise_and_figures_that_fall() -> None:
    assert calibrated(0.5, end(0.0), end(1.0), "up") == 0.5
    assert calibrated(0.2, end(0.4), end(0.0), "down") == pytest.approx(0.5)
    assert calibrated(2.0, end(0.0), end(1.0), "up") == 1.0


@pytest.mark.parametrize("value", [0.0, 0.5])
def test_ends_that_are_reversed_or_close_or_of_few_layouts_calibrate_nothing(value: float) -> None:
    assert calibrated(value, end(0.1), end(0.2), "down") is None, "what leaks less would be worse"
    assert calibrated(value, end(0.10), end(0.11), "up") is None, "noise would become 0 or 1"
    assert calibrated(value, end(0.0, n=3), end(1.0, n=3), "up") is None
    assert calibrated(value, end(1.0), end(0.0), "one") is None


def test_no_axis_of_the_score_can_be_given_up() -> None:
    ones = [1.0] * len(AXES)
    assert total_score(ones, diversity=1.0, kid=0.0, kid_low=1.0) == pytest.approx(1.0)
    for place in range(len(AXES)):
        lame = [*ones[:place], 0.0, *ones[place + 1 :]]
        assert total_score(lame, diversity=1.0, kid=0.0, kid_low=1.0) == 0.0


@pytest.mark.parametrize("kid_low", [0.0, -0.1, float("nan")])
def test_there_is_no_score_where_an_end_or_an_axis_is_not_known(kid_low: float) -> None:
    ones = [1.0] * len(AXES)
    assert total_score(ones, diversity=1.0, kid=0.1, kid_low=kid_low) is None
    assert total_score([None, *ones[1:]], diversity=1.0, kid=0.0, kid_low=1.0) is None
    assert total_score(ones, diversity=float("nan"), kid=0.0, kid_low=1.0) is None


def test_distances_of_sets_are_small_for_the_same_and_large_for_others() -> None:
    first, again = RANDOM.normal(size=(2, 400, 12))
    other = RANDOM.normal(1.0, 1.0, (400, 12))
    assert abs(kid(first, again)) < 0.1 < kid(first, other)
    assert kid_with_interval(first, other).low > 0
    same = kid_with_interval(first, again)
    assert same.low < 0 < same.high
    assert frechet(first, again) < 1.0 < frechet(first, other)
    assert abs(frechet_at_infinity(first, again)) < frechet(first, again)
    assert coverage_of(again, first) > 0.9
    assert coverage_of(other + 5, first) < 0.1


def test_inception_score_is_one_for_one_class_and_their_number_for_all() -> None:
    assert inception_score(np.eye(8)) == pytest.approx(8.0)
    assert inception_score(np.tile(np.eye(8)[0], (20, 1))) == pytest.approx(1.0)


def test_diversity_compares_takes_with_renders() -> None:
    renders = [RANDOM.normal(size=(8, 5)) for _ in range(20)]
    assert diversity(renders, renders) == pytest.approx(1.0)
    assert diversity([0.1 * each for each in renders], renders) == pytest.approx(0.1)


def test_areas_grow_shrink_and_are_counted() -> None:
    area = np.zeros((20, 20), bool)
    area[5:10, 5:10] = True
    area[15:17, 15:17] = True
    assert largest_part(area) == 25
    assert (shrink(grow(area, 2), 2) & area == area).all()
    assert reached(seed_at(6, 6), area).sum() == 25


def seed_at(row: int, column: int) -> np.ndarray:
    seed = np.zeros((20, 20), bool)
    seed[row, column] = True
    return seed


def disc_layout() -> Layout:
    y, x = np.mgrid[: EXTENT.height, : EXTENT.width]
    mask = np.hypot(x - 120, y - 130) < 60
    region = PlacedRegion(key="r1", object=0, prompt="castle", mask=mask)
    return Layout(id=3, split="dev", tier="easy", mask_kind="blob", background=0, regions=(region,))


@pytest.mark.parametrize("texture", [2.0, 12.0])
def test_a_pasted_seam_is_seen_and_a_whole_ground_shows_none(texture: float) -> None:
    layout, nothing = disc_layout(), np.zeros(EXTENT.shape, bool)
    ground = RANDOM.normal(120, texture, (*EXTENT.shape, 1)).repeat(3, -1)
    whole = find_seam(layout, ground.clip(0, 255).astype(np.uint8), nothing)
    ground[layout.regions[0].mask] += 6 * texture
    pasted = find_seam(layout, ground.clip(0, 255).astype(np.uint8), nothing)
    assert whole == pytest.approx(1.0, abs=0.15)
    assert pasted is not None
    assert pasted > 1.5


def test_edges_of_windows_are_seams_of_their_own_and_change_nothing_about_outlines() -> None:
    layout = disc_layout()
    ground = RANDOM.normal(120, 3, (*EXTENT.shape, 1)).repeat(3, -1)
    ground[:, 128:] += 40
    picture = ground.clip(0, 255).astype(np.uint8)
    window = Bounds(128, 0, 128, 256)
    seam = find_seam(layout, picture, grow(layout.regions[0].mask), [window])
    assert seam is not None
    assert seam > 1.5
    assert find_seam(layout, picture, np.zeros(EXTENT.shape, bool), []) is None, (
        "no windows, no figure of windows"
    )
    silhouette = replace(layout, mask_kind="silhouette")
    assert find_seam(silhouette, picture, np.zeros(EXTENT.shape, bool)) is None, (
        "at a true outline an edge belongs"
    )
    assert find_seam(layout, picture, np.ones(EXTENT.shape, bool), [window]) is None
