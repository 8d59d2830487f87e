"""Forecasts of one feature as a few arrays, as they go from one process to another: as objects they take seconds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from math import isnan
from weakref import WeakValueDictionary

import numpy as np
import numpy.typing as npt

from analyzer.data import Forecast, Times, Values

NEVER = (np.nan, np.nan, np.nan)
# Equal times are one array again, over all features: who goes by them need look at each but once.
GRIDS: WeakValueDictionary[bytes, Times] = WeakValueDictionary()


@dataclass(frozen=True, slots=True)
class Parcel:
    """The forecast of `hosts[n]` is told for the times `grids[grid[n]]`; most share theirs.

    `values[:, i]` are point, lower and upper, one host's times after the other's; `exhausted[n]` is NaN where it isn't.
    """

    feature: str
    level: float
    limit: float | None
    hosts: tuple[str, ...]
    grids: tuple[Times, ...]
    grid: npt.NDArray[np.intp]
    values: Values
    exhausted: Times


def packed(forecasts: Mapping[str, Forecast]) -> Parcel | None:
    """All are of one feature and one level; None where there are none."""
    every = tuple(forecasts.values())
    if not every:
        return None
    grids = {id(forecast.times): forecast.times for forecast in every}
    place = {grid: number for number, grid in enumerate(grids)}
    of_all = [np.concatenate(values) for values in zip(*((f.point, f.lower, f.upper) for f in every), strict=True)]
    return Parcel(
        every[0].feature,
        every[0].level,
        every[0].limit,
        tuple(forecasts),
        tuple(grids.values()),
        np.array([place[id(forecast.times)] for forecast in every], np.intp),
        np.stack(of_all),
        np.array([forecast.exhausted_in or NEVER for forecast in every], np.float64),
    )


def unpacked(parcel: Parcel | None) -> dict[str, Forecast]:
    """The same again; their arrays are parts of the parcel's."""
    if parcel is None:
        return {}
    grids = [GRIDS.setdefault(grid.tobytes(), grid) for grid in parcel.grids]
    times = [grids[grid] for grid in parcel.grid.tolist()]
    ends = np.cumsum([0, *map(len, times)]).tolist()
    told = zip(parcel.hosts, times, pairwise(ends), parcel.exhausted.tolist(), strict=True)
    found = {}
    for host, own, (begin, end), (expected, soonest, latest) in told:
        point, lower, upper = parcel.values[:, begin:end]
        until = None if isnan(expected) else (expected, soonest, latest)
        found[host] = Forecast(host, parcel.feature, own, point, lower, upper, parcel.level, parcel.limit, until)
    return found
