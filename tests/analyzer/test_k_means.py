"""KMeans of one host's rows: it finds what is there, as scikit-learn's does."""

from __future__ import annotations

import numpy as np
import pytest

from analyzer.k_means import k_means, k_means_from, means
from analyzer.states import cheapest


def clouds(spread: float = 0.3) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """Three of a hundred rows each, around (0, 0), (5, 0) and (0, 5)."""
    middles = np.repeat([[0.0, 0.0], [5.0, 0.0], [0.0, 5.0]], 100, axis=0)
    return middles + np.random.default_rng(1).normal(0, spread, (300, 2))


def test_three_clouds_are_three_clusters() -> None:
    found = k_means(clouds(), 3)
    order = found.centres[:, 0] + 2 * found.centres[:, 1]
    np.testing.assert_allclose(found.centres[np.argsort(order)], [[0, 0], [5, 0], [0, 5]], atol=0.1)
    assert sorted(np.bincount(found.members).tolist()) == [100, 100, 100]
    assert [len(set(found.members[first : first + 100])) for first in (0, 100, 200)] == [1, 1, 1]


@pytest.mark.parametrize("count", [2, 3, 5])
def test_it_is_no_worse_than_scikit_learns(count: int) -> None:
    from sklearn.cluster import KMeans

    rows = clouds(2.0)
    theirs = KMeans(count, n_init=3, max_iter=100, random_state=0).fit(rows)
    assert k_means(rows, count).inertia <= 1.01 * theirs.inertia_


def test_it_is_the_same_each_time_and_another_with_another_seed() -> None:
    rows = np.random.default_rng(2).random((50, 3))
    one, same, other = k_means(rows, 6, starts=1), k_means(rows, 6, starts=1), k_means(rows, 6, starts=1, seed=5)
    np.testing.assert_array_equal(one.members, same.members)
    assert not np.array_equal(one.centres, other.centres)


def test_centres_that_are_given_are_where_it_begins() -> None:
    rows = np.array([[0.0], [1.0], [9.0], [10.0]])
    found = k_means_from(rows, np.array([[8.0], [2.0]]))
    assert found.centres.tolist() == [[9.5], [0.5]]
    assert found.members.tolist() == [1, 1, 0, 0]
    assert found.inertia == pytest.approx(1.0)


def test_a_centre_without_rows_takes_the_farthest_one() -> None:
    rows = np.array([[0.0], [1.0], [6.0]])
    moved = means(rows, np.array([0, 0, 0]), np.array([[1.0], [100.0]]))
    assert moved.ravel().tolist() == pytest.approx([7 / 3, 6.0])


def test_pairs_of_least_cost_are_found_among_all_ways() -> None:
    costs = np.array([[1.0, 2.0, 9.0], [1.0, 9.0, 9.0]])
    assert cheapest(costs) == [(0, 1), (1, 0)]
    assert sorted(cheapest(costs.T)) == [(0, 1), (1, 0)]
