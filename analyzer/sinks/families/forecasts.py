"""Metrics of each host's forecasts: what is to come, and when something is exhausted."""

from __future__ import annotations

from collections.abc import Callable

from analyzer.data import Forecast, HostReport
from analyzer.sinks.families.family import Family, Samples, of_hosts


def _exhaustion(place: int) -> Callable[[HostReport], Samples]:
    def of_host(host: HostReport) -> Samples:
        return [((f.feature,), f.exhausted_in[place]) for f in host.forecasts if f.exhausted_in is not None]

    return of_host


def _forecast_end(pick: Callable[[Forecast], float]) -> Callable[[HostReport], Samples]:
    return lambda host: [((f.feature,), pick(f)) for f in host.forecasts if len(f.times)]


ABOUT_FORECASTS = (
    Family(
        "openmanager_forecast",
        "gauge",
        "What a feature will be at the end of its forecast's horizon, in the feature's unit.",
        ("host", "feature"),
        of_hosts(_forecast_end(lambda f: float(f.point[-1]))),
    ),
    Family(
        "openmanager_forecast_lower",
        "gauge",
        "Lower end of the forecast's interval.",
        ("host", "feature"),
        of_hosts(_forecast_end(lambda f: float(f.lower[-1]))),
    ),
    Family(
        "openmanager_forecast_upper",
        "gauge",
        "Upper end of the forecast's interval.",
        ("host", "feature"),
        of_hosts(_forecast_end(lambda f: float(f.upper[-1]))),
    ),
    Family(
        "openmanager_forecast_timestamp_seconds",
        "gauge",
        "The time that a feature's forecast is for.",
        ("host", "feature"),
        of_hosts(_forecast_end(lambda f: float(f.times[-1]))),
    ),
    Family(
        "openmanager_time_to_exhaustion_seconds",
        "gauge",
        "Time until a feature reaches its limit; absent when that is not within the horizon.",
        ("host", "feature"),
        of_hosts(_exhaustion(0)),
    ),
    Family(
        "openmanager_time_to_exhaustion_lower_seconds",
        "gauge",
        "Lower end of the interval of the time to exhaustion.",
        ("host", "feature"),
        of_hosts(_exhaustion(1)),
    ),
    Family(
        "openmanager_time_to_exhaustion_upper_seconds",
        "gauge",
        "Upper end of the interval of the time to exhaustion.",
        ("host", "feature"),
        of_hosts(_exhaustion(2)),
    ),
)
