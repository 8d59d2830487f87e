"""What is to come and who is alike: forecasts and groups renewed on long history, off the event loop. Has no clock.

A few features of all hosts at a time, each swapped when it is told: a large fleet's history is never held whole.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from analyzer.data import Feature, Fleet, FleetForecast, Forecast, Forecasts, Peers, Window
from analyzer.errors import NotEnoughHistory
from analyzer.forecasters.host import forecast_fleet
from analyzer.interfaces import Source
from analyzer.peers import GroupLooks, Groups, GroupSearch
from analyzer.pool import Pool
from analyzer.precedence import Turn, at_once
from analyzer.seams import OfHosts, Seams, Told, from_now, tell

COMPARED_SECONDS = 900.0
# More hosts than these are asked for whole hours: there are enough of them to learn from, and much to ask for.
MANY_HOSTS = 200
COARSE = timedelta(hours=1)

# Each feature's forecasts, and the seconds that passed since they were told.
Aged = tuple[tuple[FleetForecast, float], ...]


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
        series_at_once: int = 4096,
        pool: Pool | None = None,
    ) -> None:
        self._source = source
        self._features = tuple(features)
        self._history = history
        self._step = step
        self._level = level
        self._series_at_once = series_at_once
        self._pool = pool or Pool()
        self._told: dict[str, Told] = {}
        self._aged: tuple[datetime, Aged] | None = None  # shared by all hosts of a cycle
        self.groups: Groups | None = None
        self._known_until: datetime | None = None

    async def renew(self, now: datetime, newest: Callable[[], Fleet | None], turn: Turn = at_once) -> None:
        """Ask for the long history and tell anew. SourceError passes through; what was told before then stays.

        Until it has a new step it would say the same again: the near times alone are told anew. So they are when
        only a fallback could be asked, or the hosts are too young for any long history: the newest is as good as ever.
        `newest` gives the history that the cycle keeps: asked for at each part, so that no old one is held meanwhile.
        Each part is begun when it is its `turn`.
        """
        hosts = _count(newest())
        window = Window.ending(now, self._history, max(self._step, COARSE) if hosts > MANY_HOSTS else self._step)
        asking, whole, parts = self._known_until != window.end, True, self._parts(hosts)
        search, history = GroupSearch(self._features), None
        for names in parts:
            await turn()
            history = None
            if asking:
                news = await self._source.fetch(window, features=names)
                asking, whole = not (news.stale or news.fallback_reason), whole and not news.failures
                history = news.fleet if asking else None
            search = await self._tell(now, names, history, _part_of(newest(), names), search)
        if asking:
            whole = await self._group(window, search, parts, history, turn) and whole
            self._known_until = window.end if whole else None  # what is missing is asked for again

    def forecasts(self, host: str, now: datetime) -> Forecasts:
        """The host's newest forecasts, exhaustion counted from `now`; none where nothing can be told yet."""
        if self._aged is None or self._aged[0] != now:
            every = [self._told[feature.name] for feature in self._features if feature.name in self._told]
            self._aged = now, tuple((t.forecasts, t.passed(now)) for t in every if t.forecasts is not None)
        return Forecasts(host, self._aged[1])

    def peers(self, recent: Fleet) -> Mapping[str, Peers]:
        """Each grouped host beside its peers, over the medians of the newest quarter of an hour."""
        if self.groups is None or not len(recent.times):
            return {}
        first = int(np.searchsorted(recent.times, recent.times[-1] - COMPARED_SECONDS, side="right"))
        newest = Fleet(recent.hosts, recent.features, recent.times[first:], recent.values[:, :, first:])
        return self.groups.compare(newest)

    def _parts(self, hosts: int) -> list[tuple[str, ...]]:
        names = tuple(feature.name for feature in self._features)
        size = max(1, self._series_at_once // max(1, hosts))
        return [names[first : first + size] for first in range(0, len(names), size)]

    async def _tell(
        self, now: datetime, names: tuple[str, ...], history: Fleet | None, recent: Fleet | None, search: GroupSearch
    ) -> GroupSearch:
        features = tuple(feature for feature in self._features if feature.name in names)
        before = {name: self._told[name] for name in names if name in self._told} if history is None else {}
        part = Part(now, features, self._level, history, recent, before)
        told, search = await self._pool.run(_count(recent), foretold, part, search)
        self._told |= told
        self._aged = None
        return search

    async def _group(
        self,
        window: Window,
        search: GroupSearch,
        parts: Sequence[tuple[str, ...]],
        history: Fleet | None,
        turn: Turn,
    ) -> bool:
        """Find groups anew; a history that came in parts is asked for again to look at them. False: it was not."""
        hosts = _count(history)
        try:
            groups = await self._pool.run_last(hosts, GroupSearch.groups, search)
        except NotEnoughHistory:
            self.groups = None
            return True
        looks = GroupLooks(groups, window.times)
        for names in parts:
            if len(parts) > 1 or history is None:
                await turn()
                news = await self._source.fetch(window, features=names)
                if news.stale or news.fallback_reason:
                    return False
                history = news.fleet
            looks = await self._pool.run(hosts, GroupLooks.at, looks, history)
        self.groups = looks.groups()
        return True


@dataclass(frozen=True, slots=True)
class Part:
    """Some features of all hosts, to be told at `now` from what is known of them; `before` is what was told last."""

    now: datetime
    features: tuple[Feature, ...]
    level: float
    history: Fleet | None
    recent: Fleet | None
    before: Mapping[str, Told]


def foretold(part: Part, search: GroupSearch) -> tuple[dict[str, Told], GroupSearch]:
    """What is told of each feature now. The search has seen the part's history, where there is one."""
    if part.history is not None:
        search.see(part.history)
    near = _ahead(part, part.recent) if part.recent is not None else {}
    far, seams = _ahead(part, part.history) if part.history is not None else None, Seams()
    told = {}
    for feature in part.features:
        name = feature.name
        late = part.before.get(name, Told(part.now)).later(part.now) if far is None else far.get(name, {})
        told[name] = tell(part.now, near.get(name, {}), late, seams)
    return told, search


def _ahead(part: Part, fleet: Fleet) -> Mapping[str, OfHosts]:
    """Of each feature, each host's forecast."""
    found: dict[str, dict[str, Forecast]] = {}
    for host, forecasts in forecast_fleet(fleet, part.features, level=part.level).items():
        for forecast in forecasts:
            found.setdefault(forecast.feature, {})[host] = forecast
    last = float(fleet.times[-1]) if len(fleet.times) else part.now.timestamp()
    return {name: from_now(part.now, last, told) for name, told in found.items()}


def _count(recent: Fleet | None) -> int:
    return len(recent.hosts) if recent is not None else 0


def _part_of(recent: Fleet | None, names: tuple[str, ...]) -> Fleet | None:
    """A copy of a large fleet's part: the whole is written over by the next cycle."""
    return with_features(recent, names) if recent is not None else None


def with_features(fleet: Fleet, names: tuple[str, ...]) -> Fleet:
    """Only those that are named."""
    columns = [column for column, name in enumerate(fleet.features) if name in names]
    if len(columns) == len(fleet.features):
        return fleet
    return Fleet(
        fleet.hosts, tuple(fleet.features[column] for column in columns), fleet.times, fleet.values[:, columns]
    )
