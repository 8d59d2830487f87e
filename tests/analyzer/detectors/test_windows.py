"""Windows, levels and peaks: causal, and what their names say."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analyzer.detectors.windows import averages, fading_peaks, lagged, levels, windows

RISE = np.array([[0.0], [1.0], [2.0], [3.0]], np.float32)


def test_a_window_holds_a_row_and_those_before_it_and_repeats_the_first() -> None:
    assert windows(RISE, 3)[:, 0].tolist() == [[0, 0, 0], [0, 0, 1], [0, 1, 2], [1, 2, 3]]


def test_lagged_rows_are_older_and_the_first_is_repeated() -> None:
    assert lagged(RISE, 2)[:, 0].tolist() == [0, 0, 0, 1]


def test_lagging_by_more_than_there_is_repeats_the_first() -> None:
    assert lagged(RISE, 9)[:, 0].tolist() == [0, 0, 0, 0]


def test_averages_are_those_of_pandas_for_every_column() -> None:
    values = np.random.default_rng(3).normal(5.0, 2.0, (50, 11)).astype(np.float32)
    expected = pd.DataFrame(values).ewm(span=7, adjust=False).mean().to_numpy()
    np.testing.assert_allclose(averages(values, 7.0), expected, rtol=1e-5)


def test_a_level_does_not_know_its_own_row() -> None:
    jump = np.array([[1.0], [1.0], [9.0], [9.0]], np.float32)
    assert levels(jump, 3.0)[:, 0].tolist() == [1.0, 1.0, 1.0, 5.0]


def test_a_peak_fades_until_something_is_higher() -> None:
    peaks = fading_peaks(np.array([0.0, 8.0, 1.0, 1.0, 6.0], np.float32), 0.5)
    assert peaks.tolist() == [0.0, 8.0, 4.0, 2.0, 6.0]


def test_nothing_in_nothing_out() -> None:
    none = np.zeros((0, 3), np.float32)
    assert averages(none, 5.0).shape == (0, 3)
    assert levels(none, 5.0).shape == (0, 3)
    assert fading_peaks(np.zeros(0, np.float32), 0.5).tolist() == []
