"""One series with its own times, put on a regular grid and forecast."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analyzer.errors import NotEnoughHistory
from analyzer.forecasters.grid import LONGEST_DAYS, Array
from analyzer.forecasters.outlook import Outlook, foresee

FEWEST = 8
MOST_STEPS = 500_000
DAY_SECONDS = 86400.0


@dataclass(frozen=True)
class Regular:
    """`values` one `step_seconds` apart, the newest at `end` (epoch seconds); gaps are NaN."""

    step_seconds: float
    end: float
    values: Array


def regular(times: Array, values: Array) -> Regular:
    """The values on the grid of their usual step that ends at the newest one; NotEnoughHistory below 8 values."""
    times, values = np.asarray(times, dtype=np.float64), np.asarray(values, dtype=np.float64)
    seen = np.isfinite(values) & np.isfinite(times)
    if seen.sum() < FEWEST:
        raise NotEnoughHistory(f"a forecast needs at least {FEWEST} values, has {seen.sum()}")
    order = np.argsort(times[seen], kind="stable")
    at, known = times[seen][order], values[seen][order]
    apart = np.diff(at)
    if not (apart > 0).any():
        raise NotEnoughHistory(f"a forecast needs values at different times, all are at {at[0]:.0f}")
    step = whole(float(np.median(apart[apart > 0])))
    back = np.round((at[-1] - at) / step).astype(np.int64)
    kept = back < min(MOST_STEPS, LONGEST_DAYS * DAY_SECONDS / step + 1)
    grid = np.full(int(back[kept].max()) + 1, np.nan)
    grid[len(grid) - 1 - back[kept]] = known[kept]
    return Regular(step, float(at[-1]), grid)


def whole(step: float) -> float:
    """Whole seconds where the step is meant so: clocks jitter by milliseconds."""
    return float(round(step)) if abs(step - round(step)) < 0.01 * step and step >= 1 else step


def forecast_series(
    times: Array, values: Array, ahead: Array, *, level: float = 0.9, limit: float | None = None
) -> Outlook:
    """The outlook of one series at `ahead` (epoch seconds, ascending, after its newest value), as arrays of one row.

    NotEnoughHistory when it has too few values.
    """
    return forecast_regular(regular(times, values), ahead, level=level, limit=limit)


def forecast_regular(known: Regular, ahead: Array, *, level: float = 0.9, limit: float | None = None) -> Outlook:
    limits = np.array([np.nan if limit is None else limit])
    return foresee(known.values[None], known.step_seconds, ahead - known.end, level=level, limits=limits)
