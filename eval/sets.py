"""Figures of all pictures of a method together: do they look like renders, and are they as varied?"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import asdict, replace
from functools import cache
from pathlib import Path

import numpy as np
from tqdm import tqdm

from eval.bench import Layout, load_bench
from eval.distribution import (
    coverage_of,
    diversity,
    frechet_at_infinity,
    inception_score,
    kid,
    kid_with_interval,
)
from eval.oracles import load_oracles
from eval.records import Store
from eval.results import Figure
from eval.scores import describe
from eval.truth import rendered_truth, varied_truth
from semdraw.disk import write_atomically

OTHER_GROUND = (
    10_000  # added to the number of a layout: the same objects in the same places on another ground
)
FEWEST = 50  # pictures without which a distribution says nothing
TAKES = 8


class Reference:
    """Features of renders: all layouts on other grounds; made once and kept in a file."""

    def __init__(self, folder: Path, judged_by: str) -> None:
        self._path = folder / f"reference-{judged_by}.npz"

    @cache  # noqa: B019  one reference a run
    def features(self) -> dict[str, np.ndarray]:
        if not self._path.exists():
            self._path.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(self._path, _packed(_described(load_bench().layouts)))
        with np.load(self._path) as kept:
            return {name: kept[name] for name in kept.files}


def _described(layouts: Sequence[Layout]) -> dict[str, np.ndarray]:
    found: dict[str, list[np.ndarray]] = {"picture": [], "ground": []}
    for layout in tqdm(layouts, desc="renders to compare with", leave=False):
        features = asdict(describe(layout, rendered_truth(_elsewhere(layout, 1)), load_oracles()))
        found["picture"].append(features["picture"][None])
        found["ground"].append(features["ground"])
    return {name: np.concatenate(values) for name, values in found.items()}


def _elsewhere(layout: Layout, number: int) -> Layout:
    return replace(layout, id=layout.id + number * OTHER_GROUND)


def _packed(features: dict[str, np.ndarray]) -> bytes:
    out = io.BytesIO()
    np.savez(out, allow_pickle=False, **features)
    return out.getvalue()


def set_figures(
    store: Store, method: str, layouts: Sequence[int], reference: Reference, *, is_whole: bool
) -> dict[str, Figure]:
    """KID and BG-KID; of all layouts FID, coverage and IS, too, which depend on how many; nothing for too few."""
    kept = [features for layout in layouts if (features := store.features(method, layout))]
    if len(kept) < FEWEST:
        return {}
    pictures = np.stack([features["picture"] for features in kept])
    grounds = np.concatenate([features["ground"] for features in kept])
    renders = reference.features()
    found = kid_with_interval(pictures, renders["picture"])
    figures = {
        "kid": Figure(value=found.mean, low=found.low, high=found.high, n=found.n),
        "bg_kid": Figure(value=kid(grounds, renders["ground"]), n=len(grounds)),
    }
    if not is_whole:
        return figures
    score = inception_score(np.concatenate([each["posteriors"] for each in kept]))
    return figures | {
        "fid": Figure(value=frechet_at_infinity(pictures, renders["picture"]), n=len(pictures)),
        "coverage": Figure(value=coverage_of(pictures, renders["picture"]), n=len(pictures)),
        "is": Figure(value=score, n=len(kept)),
    }


def spread_figure(store: Store, method: str, layouts: Sequence[int]) -> Figure | None:
    """DIV: of the layouts of which all takes are there."""
    takes, renders = list[np.ndarray](), list[np.ndarray]()
    for layout in layouts:
        found = [store.features(method, layout, take) for take in range(TAKES)]
        if all(found) and len(found[0]["regions"]):
            takes += list(np.stack([each["regions"] for each in found], axis=1))
            renders += list(_rendered_takes(layout))
    return Figure(value=diversity(takes, renders), n=len(takes)) if takes else None


@cache
def _rendered_takes(layout: int) -> np.ndarray:
    """(p s d): what renders of a layout are like under as many seeds."""
    itself = load_bench().layout(layout)
    pictures = [varied_truth(itself, number) for number in range(TAKES)]
    features = [describe(itself, picture, load_oracles()).regions for picture in pictures]
    return np.stack(features, axis=1)
