"""Forecasts of a host's or a fleet's features, with the limits of the catalogue."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from analyzer.data import Feature, Fleet, Forecast, Frame, Times, Values
from analyzer.errors import NotEnoughHistory
from analyzer.forecasters.grid import Array
from analyzer.forecasters.outlook import Outlook, foresee

HOUR, DAY = 3600.0, 86400.0
# What people ask for; each is among the times below.
HORIZONS_SECONDS = (HOUR, 6 * HOUR, DAY, 7 * DAY, 30 * DAY)
# Every hour of a day, every six of a week, then every day: near things are drawn finely, far ones don't swell a report.
AHEAD: Array = np.concatenate([np.arange(1, 25) * HOUR, np.arange(5, 29) * 6 * HOUR, np.arange(8, 31) * DAY])
# A history says little about a time much longer than itself.
REACH = 3.0
FEWEST_VALUES = 16
MOST_MISSING_AT_END = 0.05


def forecast_host(
    frame: Frame, features: Sequence[Feature], *, level: float = 0.9, ahead: Array = AHEAD
) -> tuple[Forecast, ...]:
    """A Forecast for each catalogue feature that the frame has and that can be told, in the frame's order.

    Times count from the frame's last row; those beyond three times its length are left out, NotEnoughHistory when that
    leaves none.
    """
    return forecast_rows(((frame.host, frame.features),), frame.times, frame.values.T, features, level, ahead)[
        frame.host
    ]


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
    step, span = usual_step(times)
    seconds = ahead[ahead <= REACH * span]
    if not len(seconds):
        raise NotEnoughHistory(
            f"{span:.0f} seconds of history reach no horizon, the first needs {ahead[0] / REACH:.0f}"
        )
    catalogue = {feature.name: feature for feature in features}
    series = [(host, name) for host, known in names for name in known]
    chosen = np.flatnonzero([name in catalogue for _, name in series] & can_be_told(rows))
    limits = np.array([np.nan if (own := catalogue[series[i][1]].limit) is None else own for i in chosen])
    found: dict[str, list[Forecast]] = {host: [] for host, _ in names}
    if len(chosen):
        outlook = foresee(rows[chosen].astype(np.float64), step, seconds, level=level, limits=limits)
        at = times[-1] + seconds
        for place, i in enumerate(chosen):
            host, name = series[i]
            found[host].append(one_forecast(outlook, place, host, catalogue[name], at, level))
    return {host: tuple(told) for host, told in found.items()}


def usual_step(times: Times) -> tuple[float, float]:
    """The grid's step and length in seconds; NotEnoughHistory for less than two steps."""
    if len(times) <= 1:
        raise NotEnoughHistory(f"a forecast needs a history, has {len(times)} steps")
    return float(np.median(np.diff(times))), float(times[-1] - times[0])


def can_be_told(rows: Values) -> np.ndarray:
    """Which series have enough values, the newest of them not long ago: silence is no flat line."""
    seen = np.isfinite(rows)
    silent = seen[:, ::-1].argmax(axis=1)
    return np.asarray((seen.sum(axis=1) >= FEWEST_VALUES) & (silent <= max(1, MOST_MISSING_AT_END * rows.shape[1])))


def one_forecast(outlook: Outlook, row: int, host: str, feature: Feature, times: Times, level: float) -> Forecast:
    until = outlook.exhausted_in[row]
    return Forecast(
        host,
        feature.name,
        times,
        outlook.point[row].astype(np.float32),
        outlook.lower[row].astype(np.float32),
        outlook.upper[row].astype(np.float32),
        level,
        feature.limit,
        None if np.isnan(until[0]) else (float(until[0]), float(until[1]), float(until[2])),
    )
