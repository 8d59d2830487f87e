"""KMeans of our own: it finds clouds that are there, and makes up none that are not."""

from __future__ import annotations

import numpy as np
from sklearn.cluster import KMeans

from analyzer.data import Values
from analyzer.detectors.clusters import centroids


def clouds(seed: int = 1) -> Values:
    random = np.random.default_rng(seed)
    middles = np.array([[0.0, 0.0, 0.0], [10.0, 0.0, 0.0], [0.0, 10.0, 5.0]])
    return (middles[np.arange(300) % 3] + random.normal(0.0, 0.5, (300, 3))).astype(np.float32)


def inertia(rows: Values, found: Values) -> float:
    return float(((rows[:, None] - found[None]) ** 2).sum(axis=2).min(axis=1).sum())


def test_each_cloud_gets_its_middle() -> None:
    found = centroids(clouds(), 3, np.random.default_rng(0))
    ordered = found[np.lexsort((found[:, 1].round(), found[:, 0].round()))]
    np.testing.assert_allclose(ordered, [[0, 0, 0], [0, 10, 5], [10, 0, 0]], atol=0.2)


def test_rows_are_as_near_to_it_as_to_scikit_learn_s() -> None:
    rows = np.random.default_rng(2).normal(0.0, 1.0, (2000, 30)).astype(np.float32)
    theirs = KMeans(n_clusters=20, n_init=1, random_state=0).fit(rows)
    assert inertia(rows, centroids(rows, 20, np.random.default_rng(0))) < 1.02 * theirs.inertia_


def test_where_fewer_rows_differ_there_are_fewer() -> None:
    rows = np.repeat(np.array([[1.0, 2.0], [3.0, 4.0]], np.float32), 50, axis=0)
    found = centroids(rows, 20, np.random.default_rng(0))
    assert sorted(found.tolist()) == [[1.0, 2.0], [3.0, 4.0]]


def test_the_same_seed_gives_the_same_ones() -> None:
    first, second = (centroids(clouds(), 5, np.random.default_rng(3)) for _ in range(2))
    np.testing.assert_array_equal(first, second)
