"""What every forecast of a feature promises, whether it is learned from history or counts down to a known moment."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from analyzer.data import Feature, Fleet, Forecast, Frame, Host, Values
from analyzer.forecasters.host import forecast_fleet, forecast_host

START, STEP, STEPS = 1_790_000_000.0, 900.0, 480
LEARNED = Feature("disk_used_ratio", "ratio", "filesystem", "q", {"en": "disk"}, limit=1.0)
FALLING = Feature("memory_free_ratio", "ratio", "memory", "q", {"en": "memory"}, worse="low", limit=0.0)
COUNTED = Feature("left_seconds", "seconds", "services", "q", {"en": "left"}, worse="low", limit=0.0, countdown=True)
FEATURES = (LEARNED, FALLING, COUNTED)
NAMES = tuple(feature.name for feature in FEATURES)
HISTORIES = arrays.arrays(np.float32, (3, STEPS), elements=st.floats(-2, 2, width=32))


@pytest.fixture(params=NAMES)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def history(seed: int = 0) -> Values:
    steps = np.arange(STEPS)
    noise = np.random.default_rng(seed).normal(0, 0.003, (3, STEPS))
    left = 12 * 86400 - STEP * steps
    values = np.stack([0.4 + 0.0009 * steps, 0.9 - 0.0012 * steps, left]) + noise * np.array([[1], [1], [0]])
    return np.asarray(values, dtype=np.float32)


def frame(values: Values, start: float = START, host: str = "web-1") -> Frame:
    return Frame(host, NAMES, start + STEP * np.arange(STEPS, dtype=np.float64), values.T)


def told(values: Values, name: str, start: float = START) -> Forecast:
    return next(each for each in forecast_host(frame(values, start), FEATURES) if each.feature == name)


def test_a_limit_ahead_is_told_and_its_bounds_enclose_it(name: str) -> None:
    until = told(history(), name).exhausted_in
    assert until is not None
    expected = {"disk_used_ratio": 0.169 / 0.0009 * STEP, "memory_free_ratio": 0.325 / 0.0012 * STEP}
    assert until[0] == pytest.approx(expected.get(name, 12 * 86400 - STEP * (STEPS - 1)), rel=0.15)
    assert until[1] <= until[0] <= until[2]


@settings(max_examples=30, deadline=None)
@given(HISTORIES)
def test_nothing_is_exhausted_in_the_past_and_no_interval_is_turned_round(values: Values) -> None:
    for each in forecast_host(frame(values), FEATURES):
        assert (each.lower <= each.point).all()
        assert (each.point <= each.upper).all()
        assert np.isfinite([each.point, each.lower, each.upper]).all()
        assert (each.times > START + STEP * (STEPS - 1)).all()
        if each.exhausted_in is not None:
            expected, soonest, latest = each.exhausted_in
            assert 0 <= soonest <= expected <= latest


def test_shifting_time_by_days_shifts_the_forecast(name: str) -> None:
    now, later = told(history(), name), told(history(), name, START + 7 * 86400)
    np.testing.assert_allclose(later.times, now.times + 7 * 86400)
    np.testing.assert_allclose(later.point, now.point, rtol=1e-5)
    assert later.exhausted_in == pytest.approx(now.exhausted_in)


def test_scaling_a_feature_and_its_limit_scales_the_forecast() -> None:
    thousand = tuple(replace(each, limit=1000.0 * (each.limit or 0.0)) for each in (LEARNED, FALLING))
    one = forecast_host(frame(history()), FEATURES[:2])
    more = forecast_host(frame(history() * np.float32(1000)), thousand)
    for before, after in zip(one, more, strict=True):
        np.testing.assert_allclose(after.point, before.point * 1000, rtol=1e-3, atol=1e-2)
        assert after.exhausted_in == pytest.approx(before.exhausted_in, rel=1e-3)


def test_more_hosts_change_nobody(name: str) -> None:
    alone = told(history(), name)
    values = np.stack([history(), history(1) * np.float32(2), np.full((3, STEPS), np.nan, np.float32)])
    fleet = Fleet((Host("web-1"), Host("web-2"), Host("web-3")), NAMES, frame(history()).times, values)
    among = next(each for each in forecast_fleet(fleet, FEATURES)["web-1"] if each.feature == name)
    np.testing.assert_allclose(among.point, alone.point, rtol=1e-6)
    assert among.exhausted_in == pytest.approx(alone.exhausted_in)


def test_gaps_are_drawn_over_and_reach_nobody_else(name: str) -> None:
    values = history()
    values[NAMES.index(name), 100:140] = np.nan
    holed = {each.feature: each for each in forecast_host(frame(values), FEATURES)}
    whole = {each.feature: each for each in forecast_host(frame(history()), FEATURES)}
    assert np.isfinite(holed[name].point).all()
    for other in set(NAMES) - {name}:
        np.testing.assert_array_equal(holed[other].point, whole[other].point)


def test_what_was_never_seen_is_not_told(name: str) -> None:
    values = history()
    values[NAMES.index(name)] = np.nan
    assert name not in {each.feature for each in forecast_host(frame(values), FEATURES)}


def test_the_history_stays_unchanged() -> None:
    given_values = history()
    before = given_values.copy()
    forecast_host(frame(given_values), FEATURES)
    np.testing.assert_array_equal(given_values, before)
