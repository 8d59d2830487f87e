"""What is to come and who is alike: forecasts and groups renewed on long history, off the event loop. Has no clock."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import numpy as np

from analyzer.data import Feature, Fleet, Forecast, Peers, Times, Window
from analyzer.errors import NotEnoughHistory
from analyzer.forecasters.host import AHEAD, forecast_fleet
from analyzer.interfaces import Source
from analyzer.peers import Groups, group_hosts

# Up to here the newest minutes tell better than hours of long ago.
NEAR_SECONDS = 3600.0
# A pace that began an hour ago is news to days of history: what it exhausts within this time is the minutes' to tell.
IMMINENT_SECONDS = 3 * 3600.0
COMPARED_SECONDS = 900.0
# More hosts than these are asked for whole hours: a fleet's long history must fit the memory.
MANY_HOSTS = 200
COARSE = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Prospect:
    """All that was told at one time, swapped whole. `far` is what the long history alone said.

    `groups` are of the history that ended at `grouped_until` (epoch seconds).
    """

    at: datetime
    forecasts: Mapping[str, tuple[Forecast, ...]] = field(default_factory=dict)
    groups: Groups | None = None
    far: Mapping[str, tuple[Forecast, ...]] = field(default_factory=dict)
    grouped_until: float = -np.inf


class Prospects:
    """Keeps the newest forecasts and groups. Waits only in `renew`, which the service calls from time to time.

    Far times are told from `history` at `step`, near ones from the newest history that the cycle keeps anyway.
    """

    def __init__(
        self,
        source: Source,
        features: Sequence[Feature],
        *,
        history: timedelta = timedelta(days=21),
        step: timedelta = timedelta(minutes=15),
        level: float = 0.9,
    ) -> None:
        self._source = source
        self._features = tuple(features)
        self._history = history
        self._step = step
        self._level = level
        self._known: Prospect | None = None

    async def renew(self, now: datetime, recent: Fleet | None) -> Prospect:
        """Ask for the long history and tell anew. SourceError passes through; what was told before then stays.

        Until it has a new step it would say the same again: the near times alone are told anew. So they are when
        only a fallback could be asked, or the hosts are too young for any long history: the newest is as good as ever.
        """
        many = recent is not None and len(recent.hosts) > MANY_HOSTS
        step = max(self._step, COARSE) if many else self._step
        window = Window.ending(now, self._history, step)
        known, news = self._known or Prospect(now), None
        if known.grouped_until != window.end.timestamp():
            news = await self._source.fetch(window)
        if news is None or news.stale or news.fallback_reason:
            known = await asyncio.to_thread(foretell_near, now, known, recent, self._features, self._level)
        else:
            known = await asyncio.to_thread(foretell, now, news.fleet, recent, self._features, self._level, known)
            if news.failures:  # what is missing is asked for again
                known = replace(known, grouped_until=-np.inf)
        self._known = known
        return known

    def forecasts(self, host: str, now: datetime) -> tuple[Forecast, ...]:
        """The host's newest forecasts, exhaustion counted from `now`; none where nothing can be told yet."""
        if self._known is None:
            return ()
        passed = (now - self._known.at).total_seconds()
        return tuple(later(forecast, passed) for forecast in self._known.forecasts.get(host, ()))

    def peers(self, recent: Fleet) -> Mapping[str, Peers]:
        """Each grouped host beside its peers, over the medians of the newest quarter of an hour."""
        if self._known is None or self._known.groups is None or not len(recent.times):
            return {}
        now = recent.times > recent.times[-1] - COMPARED_SECONDS
        newest = Fleet(recent.hosts, recent.features, recent.times[now], recent.values[:, :, now])
        return self._known.groups.compare(newest)


def foretell(
    now: datetime,
    history: Fleet,
    recent: Fleet | None,
    features: Sequence[Feature],
    level: float,
    before: Prospect | None = None,
) -> Prospect:
    """Pure. Hosts that only one of the two knows are told from that one.

    Groups are found anew when the history has a new step.
    """
    far = from_now(now, history, forecast_fleet(history, features, level=level))
    until = float(history.times[-1]) if len(history.times) else -np.inf
    groups = before.groups if before is not None and before.grouped_until == until else grouped(history, features)
    known = Prospect(now, far, groups, far, until)
    return foretell_near(now, known, recent, features, level)


def grouped(history: Fleet, features: Sequence[Feature]) -> Groups | None:
    try:
        return group_hosts(history, features)
    except NotEnoughHistory:
        return None


def foretell_near(
    now: datetime, known: Prospect, recent: Fleet | None, features: Sequence[Feature], level: float
) -> Prospect:
    """Pure. What is known, its near times told anew from the newest history."""
    if recent is None:
        return known
    passed = (now - known.at).total_seconds()
    far = {host: tuple(later(forecast, passed) for forecast in told) for host, told in known.far.items()}
    near = from_now(now, recent, forecast_fleet(recent, features, level=level))
    names, seams = sorted(set(far) | set(near)), Seams()
    return Prospect(
        now,
        {name: joined(near.get(name, ()), far.get(name, ()), seams) for name in names},
        known.groups,
        far,
        known.grouped_until,
    )


def from_now(
    now: datetime, fleet: Fleet, told: Mapping[str, tuple[Forecast, ...]]
) -> Mapping[str, tuple[Forecast, ...]]:
    """The same with exhaustion counted from `now` instead of the fleet's last step."""
    passed = now.timestamp() - float(fleet.times[-1]) if len(fleet.times) else 0.0
    return {host: tuple(later(forecast, passed) for forecast in forecasts) for host, forecasts in told.items()}


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


def joined(near: Sequence[Forecast], far: Sequence[Forecast], seams: Seams) -> tuple[Forecast, ...]:
    """One forecast for each feature: the near one for the next hour, the far one from there on."""
    soon = {forecast.feature: forecast for forecast in near}
    later = {forecast.feature: forecast for forecast in far}
    names = [*later, *(name for name in soon if name not in later)]
    return tuple(join(soon.get(name), later.get(name), seams) for name in names)


def join(near: Forecast | None, far: Forecast | None, seams: Seams) -> Forecast:
    """The near one tells the next hour, and up to three where it sees the limit reached; the far one what is later."""
    if near is None or far is None:
        only = near or far
        if only is None:
            raise ValueError("there is no forecast to join")
        return only
    imminent = near.exhausted_in is not None and near.exhausted_in[0] <= IMMINENT_SECONDS
    until = float(near.times[0]) - AHEAD[0] + (IMMINENT_SECONDS if imminent else NEAR_SECONDS)
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
        near.exhausted_in if imminent else far.exhausted_in,
    )
