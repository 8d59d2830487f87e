"""What every forecaster promises; each entry of FORECASTERS runs through it."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pytest

from analyzer.data import Frame, Trend
from analyzer.forecasters import FORECASTERS
from analyzer.interfaces import Forecaster

START = 1_790_000_000.0


@pytest.fixture(params=sorted(FORECASTERS))
def forecaster(request: pytest.FixtureRequest) -> Forecaster:
    return FORECASTERS[request.param]()


def frame(start: float = START, factor: float = 1.0) -> Frame:
    minutes = np.arange(240)
    noise = np.random.default_rng(4).normal(0, 0.5, (240, 3))
    values = (np.stack([0.2 * minutes, 50 - 0.1 * minutes, np.full(240, 9.0)], axis=1) + noise) * factor
    return Frame("web-1", ("up", "down", "still"), start + minutes * np.float64(60), values.astype(np.float32))


def by_feature(trends: Iterable[Trend]) -> dict[str, Trend]:
    return {trend.feature: trend for trend in trends}


def test_what_rises_rises_and_what_falls_falls(forecaster: Forecaster) -> None:
    told = by_feature(forecaster.trends(frame()))
    assert told["up"].slope_per_hour == pytest.approx(12.0, rel=0.03)
    assert told["down"].slope_per_hour == pytest.approx(-6.0, rel=0.03)
    assert abs(told["still"].slope_per_hour) < 0.5


def test_r2_is_a_share(forecaster: Forecaster) -> None:
    told = by_feature(forecaster.trends(frame()))
    assert told["up"].r2 > 0.98
    assert 0 <= told["still"].r2 < 0.1


def test_the_input_stays_unchanged(forecaster: Forecaster) -> None:
    given = frame()
    before = given.values.copy()
    forecaster.trends(given)
    np.testing.assert_array_equal(given.values, before)


def test_scaling_a_feature_scales_its_slope(forecaster: Forecaster) -> None:
    one, thousand = forecaster.trends(frame()), forecaster.trends(frame(factor=1000.0))
    for before, after in zip(one, thousand, strict=True):
        assert after.slope_per_hour == pytest.approx(before.slope_per_hour * 1000, rel=1e-3)


def test_shifting_time_changes_nothing(forecaster: Forecaster) -> None:
    for now, later in zip(forecaster.trends(frame()), forecaster.trends(frame(START + 86400)), strict=True):
        assert later.slope_per_hour == pytest.approx(now.slope_per_hour, rel=1e-6)


def test_the_order_of_features_is_irrelevant(forecaster: Forecaster) -> None:
    given = frame()
    turned = Frame(given.host, given.features[::-1], given.times, given.values[:, ::-1])
    told, again = by_feature(forecaster.trends(given)), by_feature(forecaster.trends(turned))
    for feature, trend in told.items():
        assert again[feature].slope_per_hour == pytest.approx(trend.slope_per_hour, rel=1e-6)


def test_nothing_is_told_of_a_feature_without_values(forecaster: Forecaster) -> None:
    given = frame()
    values = given.values.copy()
    values[:, 1] = np.nan
    told = forecaster.trends(Frame(given.host, given.features, given.times, values))
    assert [trend.feature for trend in told] == ["up", "still"]
    assert all(np.isfinite([trend.slope_per_hour, trend.r2, trend.span_seconds]).all() for trend in told)
