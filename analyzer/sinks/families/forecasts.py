"""Metrics of each host's forecasts: what is to come of what can run out, and when it does."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from analyzer.data import Forecast, HostReport, Values
from analyzer.sinks.families.family import Family, Samples, of_hosts

HOUR = 3600.0
HORIZONS = {"1h": HOUR, "6h": 6 * HOUR, "24h": 24 * HOUR, "7d": 168 * HOUR, "30d": 720 * HOUR}
# A last point that lacks no more of the horizon than this share is still said to be for it.
NEAR = 0.1


def _limited(host: HostReport) -> list[Forecast]:
    """Features without a limit would be many more series that nobody waits for; the HTTP API has them."""
    return [forecast for forecast in host.forecasts if forecast.limit is not None]


def _at_horizons(pick: Callable[[Forecast], Values]) -> Callable[[HostReport], Samples]:
    def of_host(host: HostReport) -> Samples:
        if host.last_seen is None:
            return
        for forecast in _limited(host):
            ahead = forecast.times - host.last_seen.timestamp()
            for name, seconds in HORIZONS.items():
                if ahead[0] <= seconds and ahead[-1] >= (1 - NEAR) * seconds:
                    yield (forecast.feature, name), float(np.interp(seconds, ahead, pick(forecast)))

    return of_host


def _exhaustion(place: int) -> Callable[[HostReport], Samples]:
    def of_host(host: HostReport) -> Samples:
        return [((f.feature,), f.exhausted_in[place]) for f in _limited(host) if f.exhausted_in is not None]

    return of_host


ABOUT_FORECASTS = (
    Family(
        "openmanager_forecast",
        "gauge",
        "What a feature that has a limit will be at a horizon (1h, 6h, 24h, 7d, 30d), in the feature's unit.",
        ("host", "feature", "horizon"),
        of_hosts(_at_horizons(lambda forecast: forecast.point)),
    ),
    Family(
        "openmanager_forecast_lower",
        "gauge",
        "Lower end of the forecast's interval.",
        ("host", "feature", "horizon"),
        of_hosts(_at_horizons(lambda forecast: forecast.lower)),
    ),
    Family(
        "openmanager_forecast_upper",
        "gauge",
        "Upper end of the forecast's interval.",
        ("host", "feature", "horizon"),
        of_hosts(_at_horizons(lambda forecast: forecast.upper)),
    ),
    Family(
        "openmanager_time_to_exhaustion_seconds",
        "gauge",
        "Time until a feature reaches its limit; absent when that is not within the longest horizon.",
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
        "Upper end of the interval of the time to exhaustion; absent when it may never be reached.",
        ("host", "feature"),
        of_hosts(_exhaustion(2)),
    ),
)
