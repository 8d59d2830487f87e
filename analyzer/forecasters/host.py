"""Forecasts of a host's or a fleet's features, with the limits of the catalogue. What can't be told is left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from analyzer.data import Feature, Fleet, Forecast, Frame, Times, Values
from analyzer.forecasters.countdown import count_down
from analyzer.forecasters.grid import Array
from analyzer.forecasters.outlook import Outlook, foresee

MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0
# What people ask for; each is among the times below.
HORIZONS_SECONDS = (HOUR, 6 * HOUR, DAY, 7 * DAY, 30 * DAY)
# Every hour of a day, every six of a week, then every day: near things are drawn finely, far ones don't swell a report.
AHEAD: Array = np.concatenate(
    [
        np.array([5, 10, 15, 20, 30, 45]) * MINUTE,
        np.arange(1, 25) * HOUR,
        np.arange(5, 29) * 6 * HOUR,
        np.arange(8, 31) * DAY,
    ]
)
# A history says little about a time much longer than itself.
REACH = 3.0
FEWEST_VALUES = 16
MOST_MISSING_AT_END = 0.05
# Series that are put into double precision together: a whole fleet's would not fit the memory.
AT_ONCE = 2048
# A history that began within the asked time is cut to the longest of these parts that it fills.
PARTS = (1.0, 0.75, 0.5, 0.35, 0.25, 0.15, 0.1, 0.06, 0.04, 0.025, 0.015, 0.01)


def forecast_host(
    frame: Frame, features: Sequence[Feature], *, level: float = 0.9, ahead: Array = AHEAD
) -> tuple[Forecast, ...]:
    """A Forecast for each catalogue feature of the frame that can be told, in the frame's order.

    Times count from the frame's last row; those beyond three times a feature's own history are left out.
    """
    told = forecast_rows(((frame.host, frame.features),), frame.times, frame.values.T, features, level, ahead)
    return told[frame.host]


def forecast_fleet(
    fleet: Fleet, features: Sequence[Feature], *, level: float = 0.9, ahead: Array = AHEAD
) -> Mapping[str, tuple[Forecast, ...]]:
    """The same for all hosts at once, by host name; each is what it would be alone."""
    names = tuple((host.name, fleet.features) for host in fleet.hosts)
    rows = fleet.values.reshape(-1, len(fleet.times))
    return forecast_rows(names, fleet.times, rows, features, level, ahead)


def forecast_rows(
    names: Sequence[tuple[str, tuple[str, ...]]],
    times: Times,
    rows: Values,
    features: Sequence[Feature],
    level: float,
    ahead: Array,
) -> Mapping[str, tuple[Forecast, ...]]:
    """`rows` are the hosts' features, one after the other."""
    if len(times) <= 1:
        return {host: () for host, _ in names}
    step = float(np.median(np.diff(times)))
    catalogue = {feature.name: feature for feature in features}
    series = [(host, name) for host, known in names for name in known]
    learned = [name in catalogue and not catalogue[name].countdown for _, name in series]
    steps = np.where(learned, usable_steps(rows), 0)
    found: dict[int, Forecast] = {
        i: known
        for i, (host, name) in enumerate(series)
        if name in catalogue and catalogue[name].countdown
        if (known := count_down(host, catalogue[name], times, rows[i], ahead, level))
    }
    for length in np.unique(steps[steps > 0]):
        alike = np.flatnonzero(steps == length)
        seconds = ahead[ahead <= REACH * (length - 1) * step]
        at = times[-1] + seconds  # shared by all of them
        for first in range(0, len(alike) if len(seconds) else 0, AT_ONCE):
            chosen = alike[first : first + AT_ONCE]
            limits = [np.nan if (own := catalogue[series[i][1]].limit) is None else own for i in chosen]
            values = rows[chosen, len(times) - length :].astype(np.float64)
            outlook = single(foresee(values, step, seconds, level=level, limits=np.array(limits)))
            for place, i in enumerate(chosen.tolist()):
                host, name = series[i]
                found[i] = one_forecast(outlook, place, host, catalogue[name], at, level)
    told: dict[str, list[Forecast]] = {host: [] for host, _ in names}
    for i in sorted(found):
        told[found[i].host].append(found[i])
    return {host: tuple(forecasts) for host, forecasts in told.items()}


def usable_steps(rows: Values) -> npt.NDArray[np.intp]:
    """How many of the newest steps each series can be told from, 0 for none.

    It needs some values, the newest of them not long ago: silence is no flat line. What is before the first is no
    history either.
    """
    seen = np.isfinite(rows)
    steps = rows.shape[1]
    own = steps - seen.argmax(axis=1)
    usable = np.zeros(len(rows), dtype=np.intp)
    for length in sorted({int(part * steps) for part in PARTS}):
        usable[own >= length] = length
    silent = seen[:, ::-1].argmax(axis=1)
    fits = (silent <= np.maximum(1, MOST_MISSING_AT_END * usable)) & (seen.sum(axis=1) >= FEWEST_VALUES)
    return np.where(fits & (usable >= FEWEST_VALUES), usable, 0)


def single(outlook: Outlook) -> Outlook:
    """In single precision, for all series at once."""
    point, lower, upper = (each.astype(np.float32) for each in (outlook.point, outlook.lower, outlook.upper))
    return replace(outlook, point=point, lower=lower, upper=upper)


def one_forecast(outlook: Outlook, row: int, host: str, feature: Feature, times: Times, level: float) -> Forecast:
    until = outlook.exhausted_in[row]
    return Forecast(
        host,
        feature.name,
        times,
        outlook.point[row],
        outlook.lower[row],
        outlook.upper[row],
        level,
        feature.limit,
        None if np.isnan(until[0]) else (float(until[0]), float(until[1]), float(until[2])),
    )
