"""One series through the product's own forecasting code, as anyone may call it."""

from __future__ import annotations

from typing import Any

import numpy as np

from analyzer.forecasters.series import forecast_regular, regular
from benchmarks.forecast_series import DAY, Array


def forecast(
    times: Array, values: Array, limit: float | None = None, horizon_seconds: float = DAY, level: float = 0.9
) -> dict[str, Any]:
    """The product's forecast of one series: `times` (epoch seconds), `point`, `lower`, `upper`, `exhaustion`.

    It is told at the series' own step after the last of `times`; `exhaustion` is (seconds, lower, upper) from there
    until `limit`, None where it isn't reached within the horizon.
    """
    known = regular(times, values)
    end = float(np.max(times))
    count = max(1, int(horizon_seconds / known.step_seconds + 1e-9))
    ahead = end + known.step_seconds * np.arange(1, count + 1)
    outlook = forecast_regular(known, ahead, level=level, limit=limit)
    until = outlook.exhausted_in[0]
    silent = end - known.end
    return {
        "times": ahead,
        "point": outlook.point[0],
        "lower": outlook.lower[0],
        "upper": outlook.upper[0],
        "exhaustion": None if np.isnan(until[0]) else tuple(float(max(at - silent, 0.0)) for at in until),
    }
