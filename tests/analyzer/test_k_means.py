"""KMeans of one host's rows: it finds what is there, as scikit-learn's does."""

from __future__ import annotations

import numpy as np
import pytest

from analyzer.k_means import k_means, k_means_from, means, moved, spread_apart
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


def test_a_centre_without_rows_stays_where_it_is() -> None:
    rows = np.array([[0.0], [1.0], [6.0]])
    assert means(rows, np.array([0, 0, 0]), np.array([[1.0], [100.0]])).ravel().tolist() == pytest.approx([7 / 3, 100])


def test_from_one_start_many_centres_are_as_near_as_scikit_learns() -> None:
    from sklearn.cluster import KMeans

    rows = np.random.default_rng(2).normal(0.0, 1.0, (2000, 30)).astype(np.float32)
    theirs = KMeans(n_clusters=20, n_init=1, random_state=0).fit(rows)
    found, members = moved(rows, spread_apart(rows, 20, np.random.default_rng(0)), 12)
    assert float(((rows - found[members]) ** 2).sum()) < 1.02 * theirs.inertia_


def test_it_works_in_the_precision_of_the_rows_and_finds_no_more_centres_than_rows_differ() -> None:
    rows = np.repeat(np.array([[0.0, 1.0], [4.0, 4.0]], np.float32), 5, axis=0)
    begun = spread_apart(rows, 3, np.random.default_rng(0))
    assert begun.dtype == np.float32
    found, members = moved(rows, begun, 12)
    assert sorted(found.tolist()) == [[0.0, 1.0], [4.0, 4.0]]
    assert sorted(np.bincount(members).tolist()) == [5, 5]


def test_pairs_of_least_cost_are_found_among_all_ways() -> None:
    costs = np.array([[1.0, 2.0, 9.0], [1.0, 9.0, 9.0]])
    assert cheapest(costs) == [(0, 1), (1, 0)]
    assert sorted(cheapest(costs.T)) == [(0, 1), (1, 0)]
