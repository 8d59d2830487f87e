"""Linear regression: the straight line through each feature's newest history."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analyzer.data import Fleet, Frame, Host, Trends, Values

HOUR_SECONDS = 3600.0
# So many hosts' newest hours fit beside the processor; more at once would be no faster.
HOSTS_AT_ONCE = 32
# float32 keeps 24 bits: a sum of squares below this share of the mean's square is its rounding, not movement.
ROUNDING = 1e-12


@dataclass(frozen=True)
class LinearForecaster:
    """Least squares over the newest `span_seconds`, all features at once; gaps are left out, not filled.

    A feature with fewer than `minimum_points` values there gets no trend: a line through two points is no evidence.
    """

    span_seconds: float = 6 * HOUR_SECONDS
    minimum_points: int = 10

    def trends(self, recent: Frame) -> Trends:
        """One Trend for each feature that has one, in the frame's order."""
        return self.fleet_trends(Fleet((Host(recent.host),), recent.features, recent.times, recent.values.T[None]))[0]

    def fleet_trends(self, recent: Fleet) -> list[Trends]:
        """Every host's trends, in the fleet's order; a hundred hosts cost little more than one."""
        if not len(recent.times):
            return [Trends() for _ in recent.hosts]
        newest = slice(int(np.searchsorted(recent.times, recent.times[-1] - self.span_seconds)), None)
        times, values = recent.times[newest], recent.values[:, :, newest]
        parts = [values[at : at + HOSTS_AT_ONCE] for at in range(0, len(values), HOSTS_AT_ONCE)]
        return [trends for part in parts for trends in self._trends(recent.features, times, part)]

    def _trends(self, features: tuple[str, ...], times: npt.NDArray[np.float64], values: Values) -> Iterator[Trends]:
        """Of `values[h, f, t]`."""
        flat = values.reshape(-1, len(times))
        seen = np.isfinite(flat)
        slopes, r2 = gapless(times, flat) if seen.all() else least_squares(times, flat.T.astype(np.float64))
        told = (seen.sum(axis=1) >= self.minimum_points) & np.isfinite(slopes)
        spans = times[len(times) - 1 - seen[:, ::-1].argmax(axis=1)] - times[seen.argmax(axis=1)]
        columns = (each.reshape(values.shape[:2]) for each in (slopes * HOUR_SECONDS, r2, spans, told))
        for row in zip(*columns, strict=True):
            yield Trends(features, *row)


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


def gapless(times: npt.NDArray[np.float64], values: Values) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """The same as `least_squares` for `values[n, t]` without gaps, in single precision around each one's mean."""
    first = values[:, :1]
    deviations = values - first
    middle = deviations.mean(axis=1, keepdims=True)
    deviations -= middle
    moments = times - times.mean()
    scale = float(np.sqrt(moments @ moments)) or np.inf
    squares = np.einsum("nt,nt->n", deviations, deviations).astype(np.float64)
    products = (deviations @ (moments / scale).astype(np.float32)).astype(np.float64)
    mean = (first + middle)[:, 0].astype(np.float64)
    moves = squares > ROUNDING * len(times) * mean**2
    r2 = np.divide(products**2, squares, out=np.zeros(len(mean)), where=moves)
    slopes = products / scale if len(times) > 1 else np.full(len(mean), np.nan)
    return np.where(moves | np.isnan(slopes), slopes, 0.0), np.clip(r2, 0.0, 1.0)
