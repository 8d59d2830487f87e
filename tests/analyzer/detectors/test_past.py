"""What is seen of a row beside itself: causal, what the names say, and the same however the rows are cut."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analyzer.data import Level, Values, Views
from analyzer.detectors.past import STIRS_FROM, Past, alike, averages, fading_peaks

WIDE = 50.0
RISE = np.array([[[0.0], [1.0], [2.0], [3.0]]], np.float32)
NONE = np.zeros((1, 1), np.float32)


def seen(z: Values, *levels: Level) -> Views:
    return Past.before(z[:, 0], len(levels)).advance(z, levels, alike)[0]


def test_a_window_holds_a_row_and_those_before_it_and_repeats_the_first() -> None:
    assert seen(RISE).window(3)[0].tolist() == [[0, 0, 0], [0, 0, 1], [0, 1, 2], [1, 2, 3]]


def test_a_window_of_several_features_lies_row_after_row() -> None:
    two = np.concatenate([RISE, RISE + 10], axis=2)
    assert seen(two).window(2)[0, 3].tolist() == [2, 12, 3, 13]


def test_lagged_rows_are_older_and_the_first_is_repeated() -> None:
    assert seen(RISE).lag(2)[0, :, 0].tolist() == [0, 0, 0, 1]


def test_some_rows_keep_what_stands_beside_them() -> None:
    some = seen(RISE, Level(3.0, WIDE)).at(np.array([1, 3])).at(np.array([1]))
    assert some.count == 1
    assert some.z[0, :, 0].tolist() == [3]
    assert some.lag(1)[0, :, 0].tolist() == [2]
    assert some.window(2)[0].tolist() == [[2, 3]]
    assert some.level(Level(3.0, WIDE))[0, :, 0].tolist() == [1.25]


def test_a_level_does_not_know_its_own_row() -> None:
    jump = np.array([[[1.0], [1.0], [9.0], [9.0]]], np.float32)
    assert seen(jump, Level(3.0, WIDE)).level(Level(3.0, WIDE))[0, :, 0].tolist() == [1.0, 1.0, 1.0, 5.0]


def test_what_is_beyond_its_bound_moves_a_level_no_more_than_the_bound() -> None:
    jump = np.array([[[1.0], [9.0], [9.0]]], np.float32)
    assert seen(jump, Level(3.0, 5.0)).level(Level(3.0, 5.0))[0, :, 0].tolist() == [1.0, 1.0, 3.0]


def test_averages_are_those_of_pandas_for_every_column() -> None:
    values = np.random.default_rng(3).normal(5.0, 2.0, (50, 11)).astype(np.float32)
    expected = pd.DataFrame(values).ewm(span=7, adjust=False).mean().to_numpy()
    np.testing.assert_allclose(averages(values[None], 7.0, values[:1])[0, 1:], expected, rtol=1e-5)


def test_a_peak_fades_until_something_is_higher() -> None:
    peaks = fading_peaks(np.array([[0.0, 8.0, 1.0, 1.0, 6.0]], np.float32), 0.5, np.zeros(1, np.float32))
    np.testing.assert_allclose(peaks[0], [0.0, 8.0, 4.0, 2.0, 6.0], rtol=1e-6)


def test_a_peak_of_before_fades_on() -> None:
    np.testing.assert_allclose(fading_peaks(NONE, 0.5, np.array([8.0], np.float32)), [[4.0]], rtol=1e-6)


@pytest.mark.parametrize("cut", [1, 2, 7, 19])
def test_rows_seen_in_two_parts_are_seen_as_in_one(cut: int) -> None:
    levels = (Level(5.0, WIDE), Level(20.0, 1.0), STIRS_FROM)
    z = np.random.default_rng(5).normal(0.0, 2.0, (3, 20, 4)).astype(np.float32)
    whole, after_whole = Past.before(z[:, 0], 3).advance(z, levels, covered)
    _, before = Past.before(z[:, 0], 3).advance(z[:, :cut], levels, covered)
    part, after = before.advance(z[:, cut:], levels, covered)
    np.testing.assert_allclose(part.window(10), whole.window(10)[:, cut:])
    for level in levels:
        np.testing.assert_allclose(part.level(level), whole.level(level)[:, cut:], atol=1e-5)
    np.testing.assert_allclose(part.worth, whole.worth[:, cut:])
    usual = np.full((3, 4), 0.5, np.float32)
    np.testing.assert_allclose(part.restless(usual), whole.restless(usual)[:, cut:], atol=1e-5)
    np.testing.assert_allclose(after.averages, after_whole.averages, atol=1e-5)


def covered(lowest: Values, highest: Values) -> Values:
    return highest - lowest


def test_how_far_a_feature_went_is_told_beyond_what_models_see() -> None:
    far = np.array([[[0.0], [70.0], [-200.0], [3.0]]], np.float32)
    views, past = Past.before(far[:, 0], 0).advance(far, (), covered)
    assert views.z[0, :, 0].tolist() == [0.0, 50.0, -50.0, 3.0]
    assert views.worth[0, :, 0].tolist() == [0.0, 70.0, 270.0, 270.0]
    assert (past.lowest.item(), past.highest.item()) == (-200.0, 70.0)


def test_a_feature_is_as_restless_as_it_usually_is_until_more_is_seen() -> None:
    step = np.array([[0.0, 2.0, -2.0]], np.float32)
    z = np.concatenate([np.zeros((1, 1, 3), np.float32), np.repeat(step[:, None], 2000, axis=1)], axis=1)
    views = Past.before(z[:, 0], 1).advance(z, (STIRS_FROM,), alike)[0]
    restless = views.restless(np.full((1, 3), 0.04, np.float32))
    assert restless[0, 0].tolist() == [1.0, 1.0, 1.0]
    assert restless[0, 60] == pytest.approx([0.979, 1.429, 1.429], abs=1e-3)
    # Its own level has followed it: one lasting move stirs but for a while.
    assert restless[0, 2000] == pytest.approx([0.499, 0.767, 0.767], abs=1e-3)


def test_averages_of_many_rows_are_those_of_pandas() -> None:
    values = np.random.default_rng(3).normal(5.0, 2.0, (500, 2)).astype(np.float32)
    expected = pd.DataFrame(values).ewm(span=60, adjust=False).mean().to_numpy()
    np.testing.assert_allclose(averages(values[None], 60.0, values[:1])[0, 1:], expected, rtol=1e-5)
