"""Do many pictures together look like many renders? KID, FID, IS, coverage and DIV, on oracle features."""

from collections.abc import Sequence

import numpy as np

from eval.summary import Estimate

NEIGHBOURS = 5
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
    """KID and its interval by leaving out one picture at a time; the reference is given."""
    n, width = len(features), features.shape[1]
    x, y = features.astype(np.float64), reference.astype(np.float64)
    within, between = (x @ x.T / width + 1) ** 3, ((x @ y.T / width + 1) ** 3).mean(1)
    np.fill_diagonal(within, 0)
    left = (within.sum() - 2 * within.sum(1)) / ((n - 1) * (n - 2)) - 2 * (between.sum() - between) / (n - 1)
    half = 1.96 * float(np.sqrt((n - 1) / n * ((left - left.mean()) ** 2).sum()))
    whole = kid(features, reference)
    return Estimate(whole, whole - half, whole + half, n)


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


def coverage_of(features: np.ndarray, reference: np.ndarray) -> float:
    """The share of renders with a picture near; it grows with the number of pictures."""
    radius = np.partition(distances(reference, reference), NEIGHBOURS, axis=1)[:, NEIGHBOURS]
    return float((distances(reference, features) < radius[:, None]).any(1).mean())


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
