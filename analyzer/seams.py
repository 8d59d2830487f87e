"""Where the near and the far meet: one forecast of the newest minutes' word and of the long history's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import compress

import numpy as np
import numpy.typing as npt

from analyzer.data import FleetForecast, Forecast, Times
from analyzer.forecasters.host import AHEAD

# Up to here the newest minutes tell better than hours of long ago.
NEAR_SECONDS = 3600.0
# A pace that began an hour ago is news to days of history: what it exhausts within this time is the minutes' to tell.
IMMINENT_SECONDS = 3 * 3600.0

OfHosts = Mapping[str, Forecast]


@dataclass(frozen=True, slots=True)
class Told:
    """One feature of all hosts, told `at` one time and swapped whole; None where nothing can be told.

    `far` is what of the long history still holds, where that is another forecast than the one told. Mostly it is that
    one itself, whose near part hides nothing of it that is still to come: those are the `kept` rows of `forecasts`.
    """

    at: datetime
    forecasts: FleetForecast | None = None
    far: FleetForecast | None = None
    kept: npt.NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, bool))

    def passed(self, now: datetime) -> float:
        return (now - self.at).total_seconds()

    def later(self, now: datetime) -> OfHosts:
        """What the long history said, exhaustion counted from `now`."""
        hosts = self.forecasts.rows.hosts if self.forecasts is not None else ()
        every = [(self.forecasts, host) for host in compress(hosts, self.kept.tolist())]
        every += [(self.far, host) for host in (self.far.rows.hosts if self.far is not None else ())]
        found = ((host, told.forecast(host, self.passed(now))) for told, host in every if told is not None)
        return {host: forecast for host, forecast in found if forecast is not None}


def tell(now: datetime, near: OfHosts, far: OfHosts, seams: Seams) -> Told:
    """Hosts that only one of the two knows are told from that one."""
    forecasts, hidden = {}, {}
    for host in dict.fromkeys((*far, *near)):
        soon, late = near.get(host), far.get(host)
        told = forecasts[host] = join(soon, late, seams)
        if late is not None and (told is soon or (soon is not None and imminent(soon))):
            hidden[host] = late
    kept = np.array([host in far and host not in hidden for host in forecasts], bool)
    return Told(now, _packed(forecasts), _packed(hidden), kept)


def _packed(forecasts: OfHosts) -> FleetForecast | None:
    return FleetForecast.of(tuple(forecasts.values())) if forecasts else None


def from_now(now: datetime, last: float, told: OfHosts) -> OfHosts:
    """The same with exhaustion counted from `now` instead of the `last` step (epoch seconds)."""
    return {host: later(forecast, now.timestamp() - last) for host, forecast in told.items()}


def imminent(near: Forecast) -> bool:
    return near.exhausted_in is not None and near.exhausted_in[0] <= IMMINENT_SECONDS


def later(forecast: Forecast, passed: float) -> Forecast:
    """The same some seconds later: what is exhausted is nearer by them."""
    if forecast.exhausted_in is None:
        return forecast
    expected, soonest, latest = (max(seconds - passed, 0.0) for seconds in forecast.exhausted_in)
    return replace(forecast, exhausted_in=(expected, soonest, latest))


@dataclass(frozen=True, slots=True)
class Seam:
    """The first `near` of a near forecast's times and those of a far one from `far` on, together `times`."""

    near: int
    far: int
    times: Times


@dataclass(frozen=True, slots=True)
class Seams:
    """Where near and far times meet: most of a fleet's forecasts share theirs, so these are found and held once."""

    known: dict[tuple[int, int, float], Seam] = field(default_factory=dict)

    def between(self, near: Times, far: Times, until: float) -> Seam:
        """The times must live as long as the seams: they are known by where they are."""
        key = (id(near), id(far), until)
        if key not in self.known:
            first, rest = (int(np.searchsorted(times, until, side="right")) for times in (near, far))
            self.known[key] = Seam(first, rest, np.concatenate([near[:first], far[rest:]]))
        return self.known[key]


def join(near: Forecast | None, far: Forecast | None, seams: Seams) -> Forecast:
    """The near one tells the next hour, and up to three where it sees the limit reached; the far one what is later."""
    if near is None or far is None:
        only = near or far
        if only is None:
            raise ValueError("there is no forecast to join")
        return only
    soon = imminent(near)
    until = float(near.times[0]) - AHEAD[0] + (IMMINENT_SECONDS if soon else NEAR_SECONDS)
    seam = seams.between(near.times, far.times, until)
    if not seam.near or seam.far == len(far.times):
        return far if seam.far < len(far.times) else near
    return Forecast(
        far.host,
        far.feature,
        seam.times,
        np.concatenate([near.point[: seam.near], far.point[seam.far :]]),
        np.concatenate([near.lower[: seam.near], far.lower[seam.far :]]),
        np.concatenate([near.upper[: seam.near], far.upper[seam.far :]]),
        far.level,
        far.limit,
        near.exhausted_in if soon else far.exhausted_in,
    )
