"""What features will be: one forecast; and a whole fleet's as a few arrays, of which each is made when asked for.

A fleet of 2,500 hosts has a hundred thousand of them. As objects they took 50 MB more, and seconds on their way from
one process to another; hardly anyone looks at more than those that have a limit.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, overload
from weakref import WeakValueDictionary

import numpy as np
import numpy.typing as npt

from analyzer.data.series import Times, Values

NEVER = (np.nan, np.nan, np.nan)


@dataclass(frozen=True, slots=True)
class Forecast:
    """What a feature will be: arrays of one length; `level` is the share of futures the interval should hold.

    `exhausted_in` is (seconds, lower, upper) until `limit` is reached, upper infinite where it may not be within the
    horizon; None where it isn't expected to be.
    """

    host: str
    feature: str
    times: Times
    point: Values
    lower: Values
    upper: Values
    level: float
    limit: float | None = None
    exhausted_in: tuple[float, float, float] | None = None


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Rows:
    """In which row each of some hosts stands."""

    hosts: tuple[str, ...]
    of: Mapping[str, int]

    @classmethod
    def by(cls, hosts: tuple[str, ...]) -> Rows:
        return ROWS.setdefault(hosts, cls(hosts, {host: row for row, host in enumerate(hosts)}))


# Equal times are one array again, over all features: who goes by them need look at each but once. So are equal hosts.
GRIDS: WeakValueDictionary[bytes, Times] = WeakValueDictionary()
ROWS: WeakValueDictionary[tuple[str, ...], Rows] = WeakValueDictionary()


@dataclass(frozen=True, slots=True, eq=False)
class FleetForecast:
    """One feature of many hosts: the forecast of row n is told for the times `grids[grid[n]]`; most share theirs.

    `values[:, i]` are point, lower and upper, one host's times after the other's, row n's from `begins[n]` on;
    `exhausted[n]` is NaN where it isn't. `ending` are the hosts where it is.
    """

    feature: str
    level: float
    limit: float | None
    rows: Rows
    grids: tuple[Times, ...]
    grid: npt.NDArray[np.intp]
    values: Values
    exhausted: Times
    begins: npt.NDArray[np.intp] = field(init=False, repr=False)
    ending: frozenset[str] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        lengths = np.array([len(grid) for grid in self.grids], np.intp)[self.grid]
        object.__setattr__(self, "begins", np.concatenate([[0], np.cumsum(lengths)]))
        ending = np.flatnonzero(~np.isnan(self.exhausted[:, 0])).tolist()
        object.__setattr__(self, "ending", frozenset(self.rows.hosts[row] for row in ending))

    @classmethod
    def of(cls, forecasts: Sequence[Forecast]) -> FleetForecast:
        """All are of one feature and one level, and there is at least one. It keeps none of their arrays."""
        first = forecasts[0]
        grids = {id(forecast.times): forecast.times for forecast in forecasts}
        place = {grid: number for number, grid in enumerate(grids)}
        return _arrived(
            first.feature,
            first.level,
            first.limit,
            tuple(forecast.host for forecast in forecasts),
            tuple(grids.values()),
            np.array([place[id(forecast.times)] for forecast in forecasts], np.intp),
            np.stack(
                [np.concatenate(each) for each in zip(*((f.point, f.lower, f.upper) for f in forecasts), strict=True)]
            ),
            np.array([forecast.exhausted_in or NEVER for forecast in forecasts], np.float64),
        )

    def __reduce__(self) -> tuple[Any, ...]:
        return _arrived, (
            *(self.feature, self.level, self.limit, self.rows.hosts),
            *(self.grids, self.grid, self.values, self.exhausted),
        )

    def forecast(self, host: str, passed: float = 0.0) -> Forecast | None:
        """The host's, as it is told so many seconds later: what is exhausted is nearer by them. None if it has none."""
        course = self.course(host)
        if course is None:
            return None
        times, (point, lower, upper) = course
        until = None
        if host in self.ending:
            expected, soonest, latest = (max(s - passed, 0.0) for s in self.exhausted[self.rows.of[host]].tolist())
            until = (expected, soonest, latest)
        return Forecast(host, self.feature, times, point, lower, upper, self.level, self.limit, until)

    def course(self, host: str) -> tuple[Times, Values] | None:
        """Its times, and point, lower and upper at each."""
        row = self.rows.of.get(host)
        if row is None:
            return None
        begin, end = self.begins[row : row + 2].tolist()
        return self.grids[self.grid[row]], self.values[:, begin:end]


def _arrived(
    feature: str,
    level: float,
    limit: float | None,
    hosts: tuple[str, ...],
    grids: tuple[Times, ...],
    grid: npt.NDArray[np.intp],
    values: Values,
    exhausted: Times,
) -> FleetForecast:
    """With the hosts and the times that others have, too."""
    shared = tuple(GRIDS.setdefault(times.tobytes(), times) for times in grids)
    return FleetForecast(feature, level, limit, Rows.by(hosts), shared, grid, values, exhausted)


@dataclass(frozen=True, slots=True, eq=False)
class Forecasts(Sequence[Forecast]):
    """One host's, of each feature that can be told; each is made when it is asked for.

    `told` are fleets' forecasts, each with the seconds that passed since.
    """

    host: str = ""
    told: tuple[tuple[FleetForecast, float], ...] = ()

    @classmethod
    def of(cls, *forecasts: Forecast) -> Forecasts:
        """These, all of one host."""
        return cls(forecasts[0].host, tuple((FleetForecast.of([forecast]), 0.0) for forecast in forecasts))

    def __iter__(self) -> Iterator[Forecast]:
        for fleet, passed in self.told:
            found = fleet.forecast(self.host, passed)
            if found is not None:
                yield found

    def __len__(self) -> int:
        return sum(self.host in fleet.rows.of for fleet, _ in self.told)

    @overload
    def __getitem__(self, index: int) -> Forecast: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Forecast, ...]: ...
    def __getitem__(self, index: int | slice) -> Forecast | tuple[Forecast, ...]:
        return tuple(self)[index]

    @property
    def ending(self) -> Iterator[Forecast]:
        """Those that are exhausted within their horizon."""
        every = (fleet.forecast(self.host, passed) for fleet, passed in self.told if self.host in fleet.ending)
        return (forecast for forecast in every if forecast is not None)

    @property
    def limited(self) -> Iterator[tuple[str, Times, Values]]:
        """Feature, times, and point, lower and upper of those that have a limit."""
        for fleet, _ in self.told:
            course = fleet.course(self.host) if fleet.limit is not None else None
            if course is not None:
                yield fleet.feature, *course
