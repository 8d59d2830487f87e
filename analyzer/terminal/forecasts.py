"""What is expected of the features that have a limit: what runs out first on top."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import numpy.typing as npt
from rich.table import Table
from rich.text import Text

from analyzer.data import Feature, Forecast, Language
from analyzer.terminal.words import say
from analyzer.wording import amount, meaning, span

BARS = "▁▂▃▄▅▆▇█"
EMPTY = " "
WIDTH = 24
SHOWN = 8
HOUR_SECONDS, DAY_SECONDS = 3600.0, 86400.0
# The columns: a value so far ahead.
AHEAD_SECONDS = (HOUR_SECONDS, 6 * HOUR_SECONDS, DAY_SECONDS, 7 * DAY_SECONDS, 30 * DAY_SECONDS)
TOLD_AGO = 0.02
URGENT_SECONDS, SOON_SECONDS = DAY_SECONDS, 7 * DAY_SECONDS

Features = Mapping[str, Feature]


def forecast_table(forecasts: Sequence[Forecast], features: Features, language: Language) -> Table:
    """Each line: its way over the whole horizon, what it will be at some times, and when its limit is reached."""
    limited = sorted((forecast for forecast in forecasts if forecast.limit is not None), key=_urgency)[:SHOWN]
    horizon = max((_horizon(forecast) for forecast in limited), default=0.0)
    table = Table(box=None, header_style="dim", padding=(0, 2, 0, 0))
    table.add_column(say("feature", language))
    table.add_column(say("the next", language, span=span(_rounded(horizon), language)), no_wrap=True)
    for ahead in AHEAD_SECONDS:
        table.add_column(span(ahead, language), justify="right", no_wrap=True)
    table.add_column(say("runs out", language))
    for forecast in limited:
        unit = features[forecast.feature].unit if forecast.feature in features else ""
        told = (value_at(forecast, ahead) for ahead in AHEAD_SECONDS)
        values = ("" if value is None else amount(value, unit, language) for value in told)
        way = sparkline(evenly(forecast, horizon), _scale(forecast))
        table.add_row(meaning(forecast.feature, features, language), way, *values, _until(forecast, language))
    return table


def soonest(forecasts: Iterable[Forecast]) -> Forecast | None:
    """What runs out first, if anything does within the horizon."""
    ending = [forecast for forecast in forecasts if forecast.exhausted_in is not None]
    return min(ending, key=_urgency) if ending else None


def value_at(forecast: Forecast, ahead: float) -> float | None:
    """The point so many seconds from now; None beyond what is told. It may have been told a little while ago."""
    at = float(forecast.times[0]) - _first(forecast) + ahead
    told = at <= forecast.times[-1] + TOLD_AGO * ahead
    return float(np.interp(at, forecast.times, forecast.point)) if told else None


def evenly(forecast: Forecast, horizon: float) -> npt.NDArray[np.float64]:
    """The point at even distances, though near times are told more closely; NaN beyond what is told."""
    now = float(forecast.times[0]) - _first(forecast)
    at = now + np.linspace(0, horizon, WIDTH + 1)[1:]
    at = np.where(at <= forecast.times[-1] + TOLD_AGO * horizon, np.minimum(at, forecast.times[-1]), math.inf)
    return np.interp(at, forecast.times, forecast.point, right=math.nan)


def sparkline(values: npt.NDArray[np.float64], scale: tuple[float, float]) -> str:
    """One block for each value between the ends of `scale`; gaps stay empty, a flat line stays low."""
    low, high = scale
    steps = np.clip((values - low) / ((high - low) or 1.0), 0, 1) * (len(BARS) - 1)
    return "".join(BARS[round(step)] if math.isfinite(step) else EMPTY for step in steps.tolist())


def _scale(forecast: Forecast) -> tuple[float, float]:
    """The whole interval: what wavers less than it is known looks still."""
    return float(forecast.lower.min()), float(forecast.upper.max())


def _first(forecast: Forecast) -> float:
    """How far ahead the first time lies: as far as the second lies behind it."""
    return float(forecast.times[1] - forecast.times[0]) if len(forecast.times) > 1 else 0.0


def _horizon(forecast: Forecast) -> float:
    return float(forecast.times[-1] - forecast.times[0]) + _first(forecast)


def _rounded(seconds: float) -> float:
    """To whole days, or hours below one."""
    whole = DAY_SECONDS if seconds >= DAY_SECONDS else HOUR_SECONDS
    return max(round(seconds / whole), 1) * whole


def _urgency(forecast: Forecast) -> float:
    return forecast.exhausted_in[0] if forecast.exhausted_in else math.inf


def _until(forecast: Forecast, language: Language) -> Text:
    if forecast.exhausted_in is None:
        return Text(say("not soon", language, span=span(_rounded(_horizon(forecast)), language)), style="dim")
    expected, earliest, latest = forecast.exhausted_in
    end = span(latest, language) if math.isfinite(latest) else say("never", language)
    style = "red" if expected < URGENT_SECONDS else "yellow" if expected < SOON_SECONDS else ""
    between = say("to", language, soonest=span(earliest, language), latest=end)
    return Text(span(expected, language), style=style).append(f" ({between})", style="dim")
