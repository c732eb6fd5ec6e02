"""From numbers to figures: intervals, ends, distances of sets of pictures. No oracle is needed."""

from __future__ import annotations

import numpy as np
import pytest

from eval.bench import EXTENT, Layout, PlacedRegion
from eval.distribution import (
    density_and_coverage,
    diversity,
    frechet,
    frechet_at_infinity,
    inception_score,
    kid,
    kid_with_interval,
)
from eval.seams import find_seam
from eval.shapes import grow, largest_part, reached, shrink
from eval.summary import AXES, calibrated, estimate, summarise, total_score
from semdraw.geometry import Bounds

RANDOM = np.random.default_rng(0)


def test_an_interval_holds_the_mean_and_narrows_with_more_layouts() -> None:
    few = estimate([[float(v)] for v in RANDOM.integers(0, 2, 20)])
    many = estimate([[float(v)] for v in RANDOM.integers(0, 2, 500)])
    assert few.low <= few.mean <= few.high
    assert many.high - many.low < 0.5 * (few.high - few.low)
    assert (few.n, many.n) == (20, 500)


def test_small_regions_count_apart_and_missing_numbers_not_at_all() -> None:
    region = {"rca": 1.0, "small": False, "miou": 0.5}
    regions = [region | numbers_of_a_region(), region | numbers_of_a_region() | {"rca": 0.0, "small": True}]
    record = {"tier": "hard", "mask_kind": "silhouette", "regions": regions, "occ": [], "bgf": None}
    figures = summarise([record | {"intr": None, "bg_other": None, "seam": 2.0}])
    assert figures["rca"].mean == 1.0
    assert figures["rca_small"].mean == 0.0
    assert "bgf" not in figures
    assert "rca_drawn" not in figures
    assert figures["seam"].mean == pytest.approx(2.0)


def numbers_of_a_region() -> dict[str, float]:
    names = ("rca_second", "top5", "logprob", "other", "cov", "cont", "leak_ext", "stray", "leak_int")
    return dict.fromkeys(names, 0.0)


def test_ends_calibrate_figures_that_rise_and_figures_that_fall() -> None:
    assert calibrated(0.5, 0.0, 1.0) == 0.5
    assert calibrated(0.2, 0.4, 0.0) == pytest.approx(0.5)
    assert calibrated(2.0, 0.0, 1.0) == 1.0


def test_no_axis_of_the_score_can_be_given_up() -> None:
    ends = dict.fromkeys(AXES, 0.0), dict.fromkeys(AXES, 1.0)
    perfect = total_score(dict.fromkeys(AXES, 1.0), *ends, diversity=1.0, kid=0.0, kid_low=1.0)
    assert perfect == pytest.approx(1.0)
    for name in AXES:
        lame = {**dict.fromkeys(AXES, 1.0), name: 0.0}
        assert total_score(lame, *ends, diversity=1.0, kid=0.0, kid_low=1.0) == 0.0


def test_distances_of_sets_are_small_for_the_same_and_large_for_others() -> None:
    first, again = RANDOM.normal(size=(2, 400, 12))
    other = RANDOM.normal(1.0, 1.0, (400, 12))
    assert abs(kid(first, again)) < 0.1 < kid(first, other)
    assert kid_with_interval(first, other).low > 0
    assert frechet(first, again) < 1.0 < frechet(first, other)
    assert abs(frechet_at_infinity(first, again)) < frechet(first, again)
    assert density_and_coverage(again, first)[1] > 0.9
    assert density_and_coverage(other + 5, first)[1] < 0.1


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
    assert whole is not None
    assert pasted is not None
    assert whole.ratio == pytest.approx(1.0, abs=0.15)
    assert whole.p > 0.05
    assert pasted.ratio > 1.5
    assert pasted.p < 0.05


def test_edges_of_windows_are_seams_too_but_outlines_of_objects_are_none() -> None:
    layout = disc_layout()
    ground = RANDOM.normal(120, 3, (*EXTENT.shape, 1)).repeat(3, -1)
    ground[:, 128:] += 40
    picture = ground.clip(0, 255).astype(np.uint8)
    window = Bounds(128, 0, 128, 256)
    seam = find_seam(layout, picture, grow(layout.regions[0].mask), [window])
    assert seam is not None
    assert seam.ratio > 1.5
    assert find_seam(layout, picture, np.ones(EXTENT.shape, bool), [window]) is None
