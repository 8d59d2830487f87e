"""Metrics of each host's forecasts: what is to come of what can run out, and when it does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analyzer.data import HostReport, Times, Values
from analyzer.sinks.families.family import Family, OfHosts, Samples

HOUR = 3600.0
HORIZONS = {"1h": HOUR, "6h": 6 * HOUR, "24h": 24 * HOUR, "7d": 168 * HOUR, "30d": 720 * HOUR}
# A last point that lacks no more of the horizon than this share is still said to be for it.
NEAR = 0.1
MOST_KNOWN = 64


@dataclass(frozen=True)
class Places:
    """Where the horizons `names` lie among a forecast's times: `part` of the way from entry `left` to `right`."""

    names: tuple[str, ...]
    left: npt.NDArray[np.intp]
    right: npt.NDArray[np.intp]
    part: Times

    @classmethod
    def of(cls, ahead: Times) -> Places:
        told = {name: s for name, s in HORIZONS.items() if ahead[0] <= s and ahead[-1] >= (1 - NEAR) * s}
        seconds = np.minimum(np.array(list(told.values())), ahead[-1])
        left = np.searchsorted(ahead, seconds, side="right") - 1
        right = np.minimum(left + 1, len(ahead) - 1)
        part = (seconds - ahead[left]) / np.maximum(ahead[right] - ahead[left], 1e-9)
        # On a told time its own value counts alone, whatever is told of the next.
        return cls(tuple(told), left, np.where(part > 0, right, left), part)

    def samples(self, features: Sequence[str], values: Values) -> Samples:
        """Of forecasts that share these times, `values[forecast, time]`."""
        found = values[:, self.left] * (1.0 - self.part) + values[:, self.right] * self.part
        for feature, row in zip(features, found.tolist(), strict=True):
            yield from zip([(feature, name) for name in self.names], row, strict=True)


class KnownPlaces:
    """Most hosts of a fleet share their forecasts' times and when they were last seen: found once for all of them."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, float], tuple[Times, Places]] = {}

    def of(self, times: Times, seen: float) -> Places:
        key = (id(times), seen)
        if key not in self._known:
            if len(self._known) >= MOST_KNOWN:
                self._known.clear()
            self._known[key] = (times, Places.of(times - seen))  # held, so that no other's id becomes theirs
        return self._known[key][1]


def _at_horizons(which: int) -> Callable[[HostReport], Samples]:
    """Point (0), lower (1) or upper (2). Features without a limit would be many more series that nobody waits for."""
    known = KnownPlaces()

    def of_host(host: HostReport) -> Samples:
        if host.last_seen is None:
            return
        alike: dict[int, tuple[Times, list[str], list[Values]]] = {}
        for feature, times, values in host.forecasts.limited:
            _, features, rows = alike.setdefault(id(times), (times, [], []))
            features.append(feature)
            rows.append(values[which])
        for times, features, rows in alike.values():
            yield from known.of(times, host.last_seen.timestamp()).samples(features, np.stack(rows))

    return of_host


def _exhaustion(place: int) -> Callable[[HostReport], Samples]:
    def of_host(host: HostReport) -> Samples:
        return [((f.feature,), f.exhausted_in[place]) for f in host.forecasts.ending if f.exhausted_in is not None]

    return of_host


ABOUT_FORECASTS = (
    Family(
        "openmanager_forecast",
        "gauge",
        "What a feature that has a limit will be at a horizon (1h, 6h, 24h, 7d, 30d), in the feature's unit.",
        ("host", "feature", "horizon"),
        OfHosts(_at_horizons(0)),
    ),
    Family(
        "openmanager_forecast_lower",
        "gauge",
        "Lower end of the forecast's interval.",
        ("host", "feature", "horizon"),
        OfHosts(_at_horizons(1)),
    ),
    Family(
        "openmanager_forecast_upper",
        "gauge",
        "Upper end of the forecast's interval.",
        ("host", "feature", "horizon"),
        OfHosts(_at_horizons(2)),
    ),
    Family(
        "openmanager_time_to_exhaustion_seconds",
        "gauge",
        "Time until a feature reaches its limit; absent when that is not within the longest horizon.",
        ("host", "feature"),
        OfHosts(_exhaustion(0)),
    ),
    Family(
        "openmanager_time_to_exhaustion_lower_seconds",
        "gauge",
        "Lower end of the interval of the time to exhaustion.",
        ("host", "feature"),
        OfHosts(_exhaustion(1)),
    ),
    Family(
        "openmanager_time_to_exhaustion_upper_seconds",
        "gauge",
        "Upper end of the interval of the time to exhaustion; absent when it may never be reached.",
        ("host", "feature"),
        OfHosts(_exhaustion(2)),
    ),
)
