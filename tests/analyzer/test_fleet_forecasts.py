"""A fleet's forecasts as a few arrays say what each said, here and in another process."""

from __future__ import annotations

import pickle
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np

from analyzer.data import FleetForecast, Forecast, Forecasts
from analyzer.seams import Seams, Told, tell

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
HOUR, DAY = np.array([300.0, 600.0, 3600.0]), np.array([300.0, 86400.0])


def forecast(host: str, times: np.ndarray[tuple[int], np.dtype[np.float64]], until: float | None) -> Forecast:
    point = np.linspace(0.2, 0.8, len(times)).astype(np.float32)
    exhausted = None if until is None else (until, until / 2, np.inf)
    return Forecast(host, "disk", times, point, point - 1, point + 1, 0.9, 1.0, exhausted)


def of(fleet: FleetForecast, host: str, passed: float = 0.0) -> Forecast:
    found = fleet.forecast(host, passed)
    assert found is not None
    return found


def same(one: Forecast, other: Forecast | None) -> bool:
    arrays = ("times", "point", "lower", "upper")
    settings = ("host", "feature", "level", "limit", "exhausted_in")
    return all(np.array_equal(getattr(one, name), getattr(other, name)) for name in arrays) and all(
        getattr(one, name) == getattr(other, name) for name in settings
    )


def test_every_forecast_is_the_same_again_and_shared_times_are_shared() -> None:
    given = (forecast("a", HOUR, 500.0), forecast("b", DAY, None), forecast("c", HOUR, None))
    fleet: FleetForecast = pickle.loads(pickle.dumps(FleetForecast.of(given)))
    assert fleet.rows.hosts == ("a", "b", "c")
    assert all(same(one, fleet.forecast(one.host)) for one in given)
    assert fleet.forecast("d") is None
    assert of(fleet, "a").times is of(fleet, "c").times
    other = FleetForecast.of([replace(forecast(host, HOUR.copy(), None), feature="load") for host in "abc"])
    assert of(other, "b").times is of(fleet, "a").times
    assert other.rows is fleet.rows


def test_what_is_exhausted_is_nearer_later_and_never_in_the_past() -> None:
    fleet = FleetForecast.of((forecast("a", HOUR, 500.0), forecast("b", HOUR, None)))
    assert fleet.ending == {"a"}
    assert of(fleet, "a", 300.0).exhausted_in == (200.0, 0.0, np.inf)
    assert of(fleet, "b", 300.0).exhausted_in is None


def test_a_hosts_forecasts_are_made_when_they_are_asked_for() -> None:
    free = replace(forecast("a", DAY, None), feature="load", limit=None)
    others = FleetForecast.of((forecast("b", HOUR, None),)), 0.0
    told = Forecasts("a", (*Forecasts.of(forecast("a", HOUR, 500.0), free).told, others))
    assert [one.feature for one in told] == ["disk", "load"]
    assert (len(told), len(Forecasts())) == (2, 0)
    assert same(told[1], free)
    assert [one.exhausted_in for one in told.ending] == [(500.0, 250.0, np.inf)]
    ((feature, times, values),) = told.limited
    assert feature == "disk"
    np.testing.assert_array_equal(times, HOUR)
    np.testing.assert_allclose(values, [[0.2, 0.5, 0.8], [-0.8, -0.5, -0.2], [1.2, 1.5, 1.8]], rtol=1e-6)


def test_a_forecast_of_a_fleet_keeps_nothing_of_what_it_was_made_of() -> None:
    whole = np.arange(9, dtype=np.float32).reshape(3, 3)
    fleet = FleetForecast.of([replace(forecast("a", HOUR, None), point=whole[0], lower=whole[1], upper=whole[2])])
    assert fleet.values.base is None
    np.testing.assert_array_equal(fleet.values, whole)


def test_what_the_long_history_said_is_known_again_where_it_is_what_was_told_and_where_it_is_not() -> None:
    near, far, hidden = forecast("a", HOUR, 1800.0), forecast("b", DAY, 9000.0), forecast("a", DAY, None)
    told: Told = pickle.loads(pickle.dumps(tell(NOW, {"a": near}, {"a": hidden, "b": far}, Seams())))
    assert told.at == NOW
    assert told.forecasts is not None
    assert of(told.forecasts, "a").exhausted_in == (1800.0, 900.0, np.inf)
    assert told.kept.tolist() == [False, True]
    later = told.later(NOW + timedelta(seconds=1000))
    assert list(later) == ["b", "a"]
    assert same(later["a"], hidden)
    assert later["b"].exhausted_in == (8000.0, 3500.0, np.inf)
