"""Forecasts of what fills: when, in what interval, and what must not disturb it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.errors import NotEnoughHistory
from analyzer.forecasters.outlook import Outlook, foresee

HOUR, DAY = 3600.0, 86400.0
HOURS = np.arange(14 * 24, dtype=np.float64)
MONTH = np.arange(1, 721) * HOUR
Array = npt.NDArray[np.float64]


def wobble(size: float, seed: int = 1, count: int = len(HOURS)) -> Array:
    return np.random.default_rng(seed).normal(0, size, count)


def until_full(values: Array, limit: float = 1.0) -> tuple[float, float, float]:
    """Days until the limit of one hourly series: expected, soonest, latest."""
    found = foresee(values[None], HOUR, MONTH, limits=np.array([limit])).exhausted_in[0] / DAY
    return float(found[0]), float(found[1]), float(found[2])


def test_a_steady_fill_is_full_when_the_line_says() -> None:
    expected, soonest, latest = until_full(0.3 + 0.001 * HOURS + wobble(0.001))
    # 0.3 + 0.001 * 335 = 0.635 now; 365 hours are left.
    assert expected == pytest.approx(365 / 24, rel=0.03)
    assert soonest <= expected <= latest


def test_what_falls_to_its_limit_is_told_like_what_rises() -> None:
    expected, _, _ = until_full(0.7 - 0.001 * HOURS + wobble(0.001), limit=0.0)
    assert expected == pytest.approx(365 / 24, rel=0.03)


def test_a_copied_file_moves_the_level_but_not_the_pace() -> None:
    copied = np.where(HOURS >= 250, 0.2, 0.0)
    expected, _, _ = until_full(0.2 + 0.001 * HOURS + copied + wobble(0.001))
    assert expected == pytest.approx(265 / 24, rel=0.04)


def test_a_file_deleted_yesterday_does_not_hide_the_trend() -> None:
    deleted = np.where(HOURS >= 306, -0.06, 0.0)
    expected, _, _ = until_full(0.3 + 0.0018 * HOURS + deleted + wobble(0.001))
    # 0.3 + 0.603 - 0.06 = 0.843 now; 87.2 hours are left.
    assert expected == pytest.approx(87.2 / 24, rel=0.05)


@pytest.mark.parametrize("hours_ago", [14, 30, 60])
def test_a_level_that_rose_at_once_is_on_its_way_nowhere(hours_ago: int) -> None:
    swing = 0.03 * np.sin(HOURS / 24 * 2 * np.pi)
    values = 0.3 + swing + np.where(336 - hours_ago <= HOURS, 0.3, 0.0) + wobble(0.005)
    assert np.isnan(until_full(values)[0])


def test_whether_a_level_that_rose_today_stays_or_goes_back_is_both_in_the_interval() -> None:
    values = 0.3 + np.where(HOURS >= 326, 0.3, 0.0) + wobble(0.005)
    told = foresee(values[None], HOUR, MONTH[:168])
    assert (told.lower[0, 24:] <= 0.305).all()
    assert (told.upper[0] >= 0.595).all()


def test_a_leak_that_was_restarted_leaks_on() -> None:
    since = np.where(HOURS < 200, HOURS, HOURS - 200)
    expected, _, _ = until_full(0.2 + 0.002 * since + wobble(0.002))
    # 0.2 + 0.002 * 135 = 0.47 now; 265 hours are left.
    assert expected == pytest.approx(265 / 24, rel=0.05)


def test_a_new_pace_counts_from_when_it_began() -> None:
    pace = np.where(HOURS < 240, 0.0005 * HOURS, 0.12 + 0.003 * (HOURS - 240))
    expected, _, _ = until_full(0.2 + pace + wobble(0.001))
    # 0.2 + 0.12 + 0.003 * 95 = 0.605 now; 131.7 hours are left.
    assert expected == pytest.approx(131.7 / 24, rel=0.15)


def test_a_weekly_clean_up_is_expected_again() -> None:
    hours = np.arange(21 * 24, dtype=np.float64)
    week = 0.002 * (hours % 168)
    values = 0.1 + 0.0005 * hours + week + wobble(0.001, count=len(hours))
    hour = np.arange(21 * 24, 60 * 24, dtype=np.float64)
    truth = hour[np.argmax(0.1 + 0.0005 * hour + 0.002 * (hour % 168) >= 1.0)] - hours[-1]
    expected, _, _ = until_full(values)
    assert expected == pytest.approx(truth / 24, rel=0.1)


@pytest.mark.parametrize("period", [24, 31, 60])
def test_rotation_that_deletes_as_much_as_comes_cries_no_wolf(period: int) -> None:
    values = 0.4 + 0.3 * (HOURS % period) / period + wobble(0.003)
    assert np.isnan(until_full(values)[0])


def test_a_daily_season_is_no_trend() -> None:
    values = 0.5 + 0.2 * np.sin(HOURS / 24 * 2 * np.pi) + wobble(0.01)
    told = foresee(values[None], HOUR, np.arange(1, 49) * HOUR, limits=np.array([1.0]))
    assert np.isnan(told.exhausted_in[0]).all()
    ahead = np.arange(336, 384)
    np.testing.assert_allclose(told.point[0], 0.5 + 0.2 * np.sin(ahead / 24 * 2 * np.pi), atol=0.03)


def test_what_is_at_its_limit_is_exhausted_now() -> None:
    assert until_full(np.minimum(0.4 + 0.002 * HOURS, 1.0)) == (0.0, 0.0, 0.0)


def test_a_constant_stays_and_never_fills() -> None:
    told = foresee(np.full((1, 336), 0.4), HOUR, MONTH, limits=np.array([1.0]))
    assert set(told.point[0]) == set(told.lower[0]) == set(told.upper[0]) == {0.4}
    assert np.isnan(told.exhausted_in).all()


def test_a_ratio_stays_between_nothing_and_its_limit() -> None:
    told = foresee((0.05 + 0.0028 * HOURS)[None] + wobble(0.01), HOUR, MONTH, limits=np.array([1.0]))
    assert told.lower.min() >= 0.0
    assert told.upper.max() <= 1.0


def test_what_was_never_negative_will_not_be() -> None:
    told = foresee((1.0 - 0.0025 * HOURS)[None] + wobble(0.02), HOUR, MONTH)
    assert told.point[0, -1] == 0.0
    assert told.lower.min() == 0.0


def test_nine_of_ten_futures_lie_in_the_interval() -> None:
    rng = np.random.default_rng(5)
    hours = np.arange(18 * 24)
    season = rng.uniform(0, 0.3, (200, 1)) * np.sin(hours / 24 * 2 * np.pi)
    shocks = rng.normal(0, 0.05, (200, len(hours)))
    values = 5.0 + season + np.array([np.convolve(row, 0.9 ** np.arange(60))[: len(hours)] for row in shocks])
    told = foresee(values[:, :336], HOUR, np.arange(1, 97) * HOUR)
    held = (values[:, 336:] >= told.lower) & (values[:, 336:] <= told.upper)
    assert 0.87 <= held.mean() <= 0.93


def test_gaps_are_drawn_over_and_never_leak() -> None:
    values = 0.3 + 0.001 * HOURS + wobble(0.001)
    values[50:70] = np.nan
    values[::9] = np.nan
    told = foresee(values[None], HOUR, MONTH, limits=np.array([1.0]))
    assert np.isfinite(told.point).all()
    assert told.exhausted_in[0, 0] / DAY == pytest.approx(365 / 24, rel=0.04)
    assert told.known[0] == pytest.approx(np.isfinite(values).mean())


def test_minutes_are_told_from_minutes() -> None:
    minutes = np.arange(360)
    told = foresee((0.2 + 0.001 * minutes)[None] + wobble(0.0005, count=360), 60.0, np.arange(1, 361) * 60.0)
    assert told.point[0, 59] == pytest.approx(0.2 + 0.001 * 419, abs=0.01)


def test_less_than_eight_steps_tell_nothing() -> None:
    with pytest.raises(NotEnoughHistory, match="at least 8 steps of history, has 7"):
        foresee(np.arange(7.0)[None], 60.0, np.array([60.0]))


def told_of(values: Array, limit: float) -> Outlook:
    return foresee(values[None], HOUR, MONTH[:240], limits=np.array([limit]))


series = st.tuples(st.floats(-0.001, 0.002), st.floats(0, 0.05), st.floats(0, 0.1), st.integers(0, 1000)).map(
    lambda p: 0.4 + p[0] * HOURS + p[1] * np.sin(HOURS / 24 * 2 * np.pi) + wobble(p[2] + 1e-4, p[3])
)


@settings(max_examples=25, deadline=None)
@given(series, st.floats(1e-3, 1e9))
def test_scaling_the_series_scales_the_forecast(values: Array, factor: float) -> None:
    one, scaled = told_of(values, 1.0), told_of(values * factor, factor)
    np.testing.assert_allclose(scaled.point, one.point * factor, rtol=1e-6, atol=1e-7 * factor)
    np.testing.assert_allclose(scaled.exhausted_in, one.exhausted_in, rtol=1e-4)


@settings(max_examples=25, deadline=None)
@given(series)
def test_exhaustion_is_never_in_the_past_and_its_bounds_enclose_it(values: Array) -> None:
    expected, soonest, latest = told_of(values, 0.9).exhausted_in[0]
    assert np.isnan(expected) or 0 <= soonest <= expected <= latest


@settings(max_examples=10, deadline=None)
@given(series, st.integers(0, 1000))
def test_more_hosts_change_nobodys_forecast(values: Array, seed: int) -> None:
    others = np.random.default_rng(seed).random((130, len(values)))
    among = foresee(np.vstack([others, values]), HOUR, MONTH[:240], limits=np.full(131, 1.0))
    alone = told_of(values, 1.0)
    np.testing.assert_allclose(among.point[-1], alone.point[0], rtol=1e-9)
    np.testing.assert_allclose(among.exhausted_in[-1], alone.exhausted_in[0], rtol=1e-9)
