"""Trees as arrays: they tell rows apart as scikit-learn's isolation forest does, and nothing of a tree is lost."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import spearmanr
from sklearn.ensemble import IsolationForest

from analyzer.data import Values
from analyzer.detectors.forest import Forest, average_length, coded, grow


def rows(count: int, seed: int = 1) -> Values:
    """Two clouds of six features, one of them constant, and a few rows far from both."""
    random = np.random.default_rng(seed)
    values = random.normal(0.0, 1.0, (count, 6))
    values[: count // 3] += 4.0
    values[-10:] *= 6.0
    values[:, 5] = 1.0
    return values.astype(np.float32)


def grown(values: Values, trees: int = 200, sample: int = 256) -> Forest:
    return grow(values, trees, sample, np.random.default_rng(0))


def test_isolation_is_that_of_scikit_learn_but_for_chance() -> None:
    values = rows(3000)
    ours = grown(values).isolation(values[None])[0]
    theirs, other = (
        -IsolationForest(n_estimators=200, max_samples=256, random_state=seed).fit(values).score_samples(values)
        for seed in (1, 2)
    )
    between_seeds = float(np.abs(theirs - other).mean())
    assert float(np.abs(ours - theirs).mean()) < 1.5 * between_seeds
    assert abs(float(ours.mean() - theirs.mean())) < 0.01
    assert spearmanr(ours, theirs).statistic > 0.95
    assert set(np.argsort(-ours)[:8]) <= set(range(2990, 3000))


def test_a_leaf_counts_the_cuts_that_its_rows_would_still_need() -> None:
    values = np.zeros((256, 2), np.float32)
    values[7, 0] = 1.0
    told = grown(values, trees=5).isolation(values[None])[0]
    of_256 = 10.2448
    np.testing.assert_allclose(told[7], 2.0 ** (-1.0 / of_256), atol=1e-3)
    np.testing.assert_allclose(told[8], 2.0 ** (-(1.0 + 10.237) / of_256), atol=1e-3)


def test_rows_of_many_hosts_are_told_as_those_of_each_alone() -> None:
    values = [rows(500, seed) for seed in (1, 2, 3)]
    alone = [grown(each, trees=30) for each in values]
    together = Forest(*(np.concatenate([getattr(f, part) for f in alone]) for part in Forest.__slots__))
    np.testing.assert_array_equal(
        together.isolation(np.stack(values)),
        np.concatenate([forest.isolation(each[None]) for forest, each in zip(alone, values, strict=True)]),
    )


def test_the_same_seed_grows_the_same_forest() -> None:
    np.testing.assert_array_equal(grown(rows(400)).at, grown(rows(400)).at)


def test_where_nothing_moves_all_rows_are_alike() -> None:
    told = grown(np.ones((50, 3), np.float32), trees=10).isolation(np.full((1, 2, 3), 7.0, np.float32))
    assert told[0, 0] == told[0, 1]


def test_features_that_move_in_few_rows_only_are_found_all_the_same() -> None:
    values = np.zeros((256, 40), np.float32)
    values[7, 31] = 1.0
    told = grown(values, trees=50).isolation(values[None])[0]
    assert int(told.argmax()) == 7


@pytest.mark.parametrize(("count", "length"), [(1, 0.0), (2, 1.0), (256, 10.2448)])
def test_the_average_length_is_that_of_the_paper(count: int, length: float) -> None:
    assert float(average_length(np.array(count))) == pytest.approx(length, abs=1e-3)


def test_lengths_are_kept_as_one_byte_each_and_lose_nothing_by_it() -> None:
    lengths = (np.random.default_rng(4).integers(0, 200, (5, 256)) / 16).astype(np.float16)
    code, different = coded(lengths)
    assert code.dtype == np.uint8
    assert (code.shape, different.shape) == ((1, 5, 256), (1, 256))
    np.testing.assert_array_equal(different[0][code[0]], lengths)


def test_more_lengths_than_a_byte_tells_apart_are_told_by_the_nearest_below() -> None:
    lengths = (np.arange(1024).reshape(4, 256) / 64).astype(np.float16)
    code, different = coded(lengths)
    lost = lengths - different[0][code[0]]
    assert lost.min() == 0.0
    assert lost.max() == 4 / 64
