"""Linear regression: slopes of known lines, gaps, constants, and too little to tell."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from analyzer.data import Fleet, Frame, Host
from analyzer.forecasters.linear import LinearForecaster, least_squares

START = 1_790_000_000.0


def frame(*columns: npt.NDArray[np.floating[Any]], step: float = 60.0) -> Frame:
    times = START + np.arange(len(columns[0])) * np.float64(step)
    names = tuple(f"f{i}" for i in range(len(columns)))
    return Frame("web-1", names, times, np.column_stack(columns).astype(np.float32))


def test_a_straight_line_has_its_own_slope_for_each_hour() -> None:
    line = 100.0 + 0.5 * np.arange(120)
    (trend,) = LinearForecaster().trends(frame(line))
    assert trend.slope_per_hour == pytest.approx(30.0, rel=1e-5)
    assert trend.r2 == pytest.approx(1.0, abs=1e-6)
    assert trend.span_seconds == 119 * 60


def test_gaps_change_neither_the_slope_nor_the_neighbours() -> None:
    line = 2.0 * np.arange(120)
    holed = line.copy()
    holed[::3] = np.nan
    whole, gaps = LinearForecaster().trends(frame(line, holed))
    assert gaps.slope_per_hour == pytest.approx(whole.slope_per_hour, rel=1e-6)


def test_a_constant_has_no_slope_and_explains_nothing() -> None:
    (trend,) = LinearForecaster().trends(frame(np.full(60, 8.1e9)))
    assert (trend.slope_per_hour, trend.r2) == (0.0, 0.0)


def test_what_was_seen_too_seldom_has_no_trend() -> None:
    rare = np.full(60, np.nan)
    rare[:9] = 1.0
    assert tuple(LinearForecaster().trends(frame(rare))) == ()


def test_only_the_newest_span_counts() -> None:
    turn = np.concatenate([np.arange(600.0), np.full(400, 599.0) - np.arange(400)])
    (trend,) = LinearForecaster(span_seconds=3600).trends(frame(turn))
    assert trend.slope_per_hour == pytest.approx(-60.0, rel=1e-5)


def test_an_empty_frame_has_no_trends() -> None:
    assert tuple(LinearForecaster().trends(frame(np.empty(0)))) == ()


def test_a_fleet_s_trends_are_those_of_each_host_alone_with_gaps_or_without() -> None:
    random = np.random.default_rng(4)
    values = (1e6 + 1e3 * random.normal(0.0, 1.0, (3, 4, 60)).cumsum(axis=2)).astype(np.float32)
    values[:, 3] = 7.0
    times = 1e9 + 15.0 * np.arange(60, dtype=np.float64)
    gaps = values.copy()
    gaps[1, 0, 10:30] = np.nan
    hosts, features = tuple(Host(name) for name in "abc"), ("one", "two", "three", "still")
    for every in (values, gaps):
        told = LinearForecaster().fleet_trends(Fleet(hosts, features, times, every))
        for host, trends in zip(every, told, strict=True):
            slopes, r2 = least_squares(times, host.T.astype(np.float64))
            assert [trend.feature for trend in trends] == list(features)
            np.testing.assert_allclose([trend.slope_per_hour for trend in trends], slopes * 3600.0, rtol=1e-4)
            np.testing.assert_allclose([trend.r2 for trend in trends], r2, atol=1e-5)
            assert {trend.span_seconds for trend in trends} == {885.0}
