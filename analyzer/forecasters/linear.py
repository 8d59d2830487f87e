"""Linear regression: the straight line through each feature's newest history."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analyzer.data import Frame, Trend

HOUR_SECONDS = 3600.0
# float32 keeps 24 bits: a sum of squares below this share of the mean's square is its rounding, not movement.
ROUNDING = 1e-12


@dataclass(frozen=True)
class LinearForecaster:
    """Least squares over the newest `span_seconds`, all features at once; gaps are left out, not filled.

    A feature with fewer than `minimum_points` values there gets no trend: a line through two points is no evidence.
    """

    span_seconds: float = 6 * HOUR_SECONDS
    minimum_points: int = 10

    def trends(self, recent: Frame) -> tuple[Trend, ...]:
        """One Trend for each feature that has one, in the frame's order."""
        if not len(recent.times):
            return ()
        newest = recent.times >= recent.times[-1] - self.span_seconds
        times, values = recent.times[newest], recent.values[newest].astype(np.float64)
        seen = np.isfinite(values)
        slopes, r2 = least_squares(times, values)
        return tuple(
            Trend(feature, float(slopes[f] * HOUR_SECONDS), float(r2[f]), float(np.ptp(times[seen[:, f]])))
            for f, feature in enumerate(recent.features)
            if seen[:, f].sum() >= self.minimum_points and np.isfinite(slopes[f])
        )


def least_squares(
    times: npt.NDArray[np.float64], values: npt.NDArray[np.float64]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Slope per second and R² of each column of `values[t, f]`; NaN slope where fewer than two times have a value.

    A constant column has slope 0 and R² 0: a line explains nothing where nothing moves.
    """
    seen = np.isfinite(values)
    count = np.maximum(seen.sum(axis=0), 1)
    known = np.where(seen, values, 0.0)
    mean = known.sum(axis=0) / count
    deviations = np.where(seen, known - mean, 0.0)
    moments = times - times.mean()
    present = seen.astype(np.float64)
    time_squares = moments**2 @ present - (moments @ present) ** 2 / count
    time_squares = np.where(time_squares > ROUNDING * float(moments @ moments), time_squares, 0.0)
    squares = np.einsum("tf,tf->f", deviations, deviations)
    products = moments @ deviations
    slopes = np.divide(products, time_squares, out=np.full(len(mean), np.nan), where=time_squares > 0)
    moves = squares > ROUNDING * count * mean**2
    r2 = np.divide(products * slopes, squares, out=np.zeros(len(mean)), where=moves & (time_squares > 0))
    return np.where(moves | np.isnan(slopes), slopes, 0.0), np.clip(r2, 0.0, 1.0)
