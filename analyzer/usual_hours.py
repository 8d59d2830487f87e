"""What a host's features usually are at each hour of the day: medians of its history. Pure; hours are UTC."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt

from analyzer.data import Frame, Values

Days = npt.NDArray[np.int64]

HOURS = 24
HOUR_SECONDS = 3600
DAY_SECONDS = 86400
# A median of so many rows is as good as that of all, and sorting them is what costs.
ROWS_ENOUGH = 1000


@dataclass(frozen=True, slots=True)
class UsualHours:
    """`medians[h, f]` of hour h of the day, NaN where fewer than two days had it; `always[f]` of all history."""

    features: tuple[str, ...]
    medians: Values
    always: Values

    def usual(self, feature: str, at: datetime) -> tuple[float | None, bool]:
        """The median at this hour of day and True, else that of all history and False; None where neither is known."""
        if feature not in self.features:
            return None, False
        column = self.features.index(feature)
        hour = int(at.timestamp() // HOUR_SECONDS) % HOURS
        if np.isfinite(self.medians[hour, column]):
            return float(self.medians[hour, column]), True
        known = float(self.always[column])
        return (known if np.isfinite(known) else None), False


def usual_hours(history: Frame) -> UsualHours:
    hour = (history.times // HOUR_SECONDS).astype(np.int64) % HOURS
    day = (history.times // DAY_SECONDS).astype(np.int64)
    medians = np.full((HOURS, len(history.features)), np.nan, np.float32)
    for each in range(HOURS):
        rows = hour == each
        if rows.any():
            known = _on_several_days(day[rows], history.values[rows])
            medians[each] = np.where(known, _medians(history.values[rows]), np.nan)
    return UsualHours(history.features, medians, _medians(history.values))


def _on_several_days(day: Days, values: Values) -> npt.NDArray[np.bool_]:
    """Of each column: one day's hour says nothing of what is usual for it."""
    seen = np.isfinite(values)
    first, last = (
        np.where(seen, day[:, None], day.max()).min(axis=0),
        np.where(seen, day[:, None], day.min()).max(axis=0),
    )
    return np.asarray(first < last)


def _medians(values: Values) -> Values:
    """The median of each column without its gaps, of rows spread over all; NaN where there is nothing else."""
    values = values[:: max(1, len(values) // ROWS_ENOUGH)]
    counts = np.isfinite(values).sum(axis=0)
    ordered = np.sort(np.where(np.isfinite(values), values, np.inf), axis=0)
    columns = np.arange(values.shape[1])
    low, high = np.maximum(counts - 1, 0) // 2, counts // 2
    if not len(ordered):
        return np.full(values.shape[1], np.nan, np.float32)
    high = np.minimum(high, len(ordered) - 1)
    told = (ordered[low, columns] + ordered[high, columns]) / 2
    return np.asarray(np.where(counts > 0, told, np.nan), np.float32)
