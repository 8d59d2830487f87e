"""What counts down to a known moment, as a certificate does: nothing is learned, all is told exactly."""

from __future__ import annotations

import numpy as np

from analyzer.data import Feature, Forecast, Times, Values
from analyzer.forecasters.grid import Array

# A value this many steps old still tells the moment; a service that isn't reached any more may have a new certificate.
OLDEST_STEPS = 20


def count_down(
    host: str, feature: Feature, times: Times, values: Values, ahead: Array, level: float
) -> Forecast | None:
    """The forecast from the newest known value, at `ahead` seconds after the last of `times`; None without a value."""
    seen = np.flatnonzero(np.isfinite(values[-OLDEST_STEPS:]))
    if not len(seen) or feature.limit is None:
        return None
    newest = len(values) - min(OLDEST_STEPS, len(values)) + int(seen[-1])
    left = float(values[newest]) - (float(times[-1]) - float(times[newest]))
    path = np.maximum(left - ahead, feature.limit).astype(np.float32)
    until = max(left - feature.limit, 0.0)
    exhausted_in = (until, until, until) if until <= ahead[-1] else None
    return Forecast(host, feature.name, times[-1] + ahead, path, path, path, level, feature.limit, exhausted_in)
