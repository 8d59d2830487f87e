"""Forecasts that went to another process and back are the same."""

from __future__ import annotations

import pickle
from datetime import UTC, datetime

import numpy as np

from analyzer.data import Forecast
from analyzer.parcels import packed, unpacked
from analyzer.seams import Told

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
HOUR, DAY = np.array([300.0, 600.0, 3600.0]), np.array([300.0, 86400.0])


def forecast(host: str, times: np.ndarray[tuple[int], np.dtype[np.float64]], until: float | None) -> Forecast:
    point = np.linspace(0.2, 0.8, len(times)).astype(np.float32)
    exhausted = None if until is None else (until, until / 2, np.inf)
    return Forecast(host, "disk", times, point, point - 1, point + 1, 0.9, 1.0, exhausted)


def same(one: Forecast, other: Forecast) -> bool:
    arrays = ("times", "point", "lower", "upper")
    settings = ("host", "feature", "level", "limit", "exhausted_in")
    return all(np.array_equal(getattr(one, name), getattr(other, name)) for name in arrays) and all(
        getattr(one, name) == getattr(other, name) for name in settings
    )


def test_every_forecast_is_the_same_again_and_shared_times_are_shared() -> None:
    given = {"a": forecast("a", HOUR, 500.0), "b": forecast("b", DAY, None), "c": forecast("c", HOUR, None)}
    again = unpacked(packed(given))
    assert list(again) == ["a", "b", "c"]
    assert all(same(given[host], again[host]) for host in given)
    assert again["a"].times is again["c"].times
    assert unpacked(packed({"d": forecast("d", HOUR.copy(), None)}))["d"].times is again["a"].times
    assert unpacked(packed({})) == {}


def test_what_is_told_goes_whole_and_what_far_and_near_share_is_held_once() -> None:
    near, far, hidden = forecast("a", HOUR, None), forecast("b", DAY, None), forecast("a", DAY, 900.0)
    told = Told(NOW, {"a": near, "b": far}, {"a": hidden, "b": far})
    again: Told = pickle.loads(pickle.dumps(told))
    assert again.at == NOW
    assert again.far["b"] is again.forecasts["b"]
    assert same(again.far["a"], hidden)
    assert same(again.forecasts["a"], near)
    assert same(again.forecasts["b"], far)
