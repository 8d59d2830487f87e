"""One series with its own times: jitter, gaps, disorder and shifts of time."""

from __future__ import annotations

import numpy as np
import pytest

from analyzer.errors import NotEnoughHistory
from analyzer.forecasters.series import forecast_series, regular
from benchmarks.forecast import forecast

START = 1_790_000_000.0


def test_missing_scrapes_become_gaps_on_the_usual_step() -> None:
    minutes = np.array([0, 1, 2, 3, 6, 7, 8, 9, 10])
    found = regular(START + 60.0 * minutes, minutes.astype(float))
    assert (found.step_seconds, found.end) == (60.0, START + 600)
    np.testing.assert_array_equal(found.values, [0, 1, 2, 3, np.nan, np.nan, 6, 7, 8, 9, 10])


def test_jitter_of_the_clock_is_no_gap() -> None:
    jitter = np.array([0.0, 0.011, -0.02, 0.004, 0.013, -0.007, 0.002, 0.018, -0.012, 0.0])
    found = regular(START + 15.0 * np.arange(10) + jitter, np.arange(10.0))
    assert found.step_seconds == 15.0
    np.testing.assert_array_equal(found.values, np.arange(10.0))


def test_disorder_changes_nothing() -> None:
    times, values = START + 60.0 * np.arange(50), np.arange(50.0)
    turned = np.random.default_rng(0).permutation(50)
    found = regular(times[turned], values[turned])
    np.testing.assert_array_equal(found.values, values)


def test_seven_values_tell_nothing() -> None:
    with pytest.raises(NotEnoughHistory, match="at least 8 values, has 7"):
        regular(START + np.arange(8.0), np.array([1, 2, 3, np.nan, 5, 6, 7, 8.0]))


def test_values_all_at_one_time_tell_nothing() -> None:
    with pytest.raises(NotEnoughHistory, match="at different times"):
        regular(np.full(10, START), np.arange(10.0))


def test_shifting_time_shifts_the_forecast() -> None:
    times = START + 3600.0 * np.arange(336)
    values = 0.3 + 0.001 * np.arange(336) + np.random.default_rng(1).normal(0, 0.002, 336)
    ahead = np.arange(1, 100) * 3600.0
    now = forecast_series(times, values, times[-1] + ahead, limit=1.0)
    later = forecast_series(times + 7200, values, times[-1] + 7200 + ahead, limit=1.0)
    np.testing.assert_array_equal(now.point, later.point)
    np.testing.assert_array_equal(now.exhausted_in, later.exhausted_in)


def test_the_benchmarks_forecast_counts_from_the_last_time_given() -> None:
    times = START + 3600.0 * np.arange(336)
    values = 0.3 + 0.001 * np.arange(336)
    values[-2:] = np.nan
    told = forecast(times, values, 1.0, 30 * 86400.0, 0.9)
    assert told["times"][0] == times[-1] + 3600
    assert len(told["times"]) == len(told["point"]) == len(told["lower"]) == len(told["upper"]) == 720
    # The last value is 0.633, two hours before: 367 hours from there.
    assert told["exhaustion"][0] == pytest.approx(365 * 3600, abs=600)


def test_without_a_limit_nothing_is_exhausted() -> None:
    told = forecast(START + 60.0 * np.arange(500), np.arange(500.0), None, 3600.0, 0.9)
    assert told["exhaustion"] is None
