"""Do many pictures together look like many renders? KID, FID, IS, density, coverage and DIV, on oracle features."""

from collections.abc import Sequence

import numpy as np

from eval.summary import Estimate

NEIGHBOURS = 5
SUBSET = 100  # features in each part by which KID gets its interval
PARTS = 100
SIZES = 8  # numbers of pictures through which FID is extrapolated
SEED = 74_000_000


def kid(features: np.ndarray, reference: np.ndarray) -> float:
    """Squared maximum mean discrepancy with a cubic kernel; unbiased, so it may fall below 0."""
    n, m, width = len(features), len(reference), features.shape[1]
    x, y = features.astype(np.float64), reference.astype(np.float64)

    def kernel(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return (a @ b.T / width + 1) ** 3

    within_x, within_y = kernel(x, x), kernel(y, y)
    return float(
        (within_x.sum() - np.trace(within_x)) / (n * (n - 1))
        + (within_y.sum() - np.trace(within_y)) / (m * (m - 1))
        - 2 * kernel(x, y).mean()
    )


def kid_with_interval(features: np.ndarray, reference: np.ndarray) -> Estimate:
    """KID of all; its interval from parts drawn at random, narrowed to the number that there is."""
    whole = kid(features, reference)
    random = np.random.default_rng(SEED)
    size = min(SUBSET, len(features), len(reference))
    parts = [
        kid(
            features[random.choice(len(features), size, replace=False)],
            reference[random.choice(len(reference), size, replace=False)],
        )
        for _ in range(PARTS)
    ]
    half = 1.96 * float(np.std(parts)) * float(np.sqrt(size / len(features)))
    return Estimate(whole, whole - half, whole + half, len(features))


def frechet(features: np.ndarray, reference: np.ndarray) -> float:
    """Fréchet distance of two normal distributions; too large for few pictures."""
    (mean_x, spread_x), (mean_y, spread_y) = moments(features), moments(reference)
    root = symmetric_root(spread_x)
    middle = np.linalg.eigvalsh(root @ spread_y @ root)
    return float(
        ((mean_x - mean_y) ** 2).sum()
        + np.trace(spread_x)
        + np.trace(spread_y)
        - 2 * np.sqrt(np.maximum(middle, 0)).sum()
    )


def moments(features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    wide = features.astype(np.float64)
    return wide.mean(0), np.cov(wide, rowvar=False)


def symmetric_root(spread: np.ndarray) -> np.ndarray:
    values, vectors = np.linalg.eigh(spread)
    return (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T


def frechet_at_infinity(features: np.ndarray, reference: np.ndarray) -> float:
    """FID of more and more of the pictures, on a straight line over 1/n, where the line ends."""
    random = np.random.default_rng(SEED)
    sizes = np.linspace(len(features) // 3, len(features), SIZES).astype(int)
    found = [frechet(features[random.permutation(len(features))[:size]], reference) for size in sizes]
    return float(np.polyfit(1 / sizes, found, 1)[1])


def density_and_coverage(features: np.ndarray, reference: np.ndarray) -> tuple[float, float]:
    """How many renders' neighbourhoods a picture lies in, over 5; and the share of renders with a picture near."""
    radius = np.partition(distances(reference, reference), NEIGHBOURS, axis=1)[:, NEIGHBOURS]
    inside = distances(reference, features) < radius[:, None]
    return float(inside.sum(0).mean() / NEIGHBOURS), float(inside.any(1).mean())


def distances(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """(n m) of (n d) and (m d)."""
    a, b = first.astype(np.float64), second.astype(np.float64)
    squares = (a**2).sum(1)[:, None] + (b**2).sum(1)[None] - 2 * a @ b.T
    return np.sqrt(np.maximum(squares, 0))


def inception_score(posteriors: np.ndarray) -> float:
    """IS, 1 to the number of classes: posteriors (n classes) that are sure one by one and even all together."""
    sure = np.maximum(posteriors.astype(np.float64), 1e-12)
    even = sure.mean(0, keepdims=True)
    return float(np.exp((sure * np.log(sure / even)).sum(1).mean()))


def diversity(takes: Sequence[np.ndarray], renders: Sequence[np.ndarray]) -> float:
    """DIV: how far apart the takes of a region lie, over how far apart renders of it do; 1 is right.

    Both: for each region its features (s d) under s seeds.
    """
    return float(np.mean([spread(each) for each in takes]) / np.mean([spread(each) for each in renders]))


def spread(features: np.ndarray) -> float:
    """Mean distance of all pairs of (s d)."""
    pairs = distances(features, features)
    return float(pairs[np.triu_indices(len(features), 1)].mean())
