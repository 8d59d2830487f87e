"""How a history is cut before it is forecast: bins of some minutes, in blocks that end now, days if they can be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.floating[Any]]
Rows = npt.NDArray[np.intp]
Flags = npt.NDArray[np.bool_]
DAY_SECONDS = 86400.0
HOUR_SECONDS = 3600.0
# Lengths that divide a day into equal bins, in seconds.
DIVISORS = (1, 5, 10, 15, 20, 30, 60, 120, 180, 300, 600, 900, 1200, 1800, 3600, 7200, 10800, 14400, 21600)
SEASONAL_DAYS = 4
SEASONAL_HORIZON_SECONDS = 3 * HOUR_SECONDS
LONGEST_DAYS = 28
USUAL_BLOCKS = 14
USUAL_WIDTH = 24
NARROWEST = 2


@dataclass(frozen=True)
class Grid:
    """`per_bin` steps of the history make a bin, `width` bins a block, `blocks` blocks are looked at.

    `daily`: a block is a day, so that a bin's place in it is an hour of day and seven blocks are a week.
    """

    step_seconds: float
    per_bin: int
    width: int
    blocks: int
    daily: bool

    @property
    def bin_seconds(self) -> float:
        return self.step_seconds * self.per_bin

    @property
    def steps(self) -> int:
        return self.per_bin * self.width * self.blocks

    def place(self, seconds: Array) -> Array:
        """Where on a path lies what comes so many seconds after the newest step; bin i of the path has place i.

        A bin's value stands for its middle, which lies before its last step.
        """
        return seconds / self.bin_seconds + (self.per_bin - 1) / (2 * self.per_bin)


def choose_grid(step_seconds: float, steps: int, horizon_seconds: float) -> Grid | None:
    """Days of hours where history and horizon are long enough, else some blocks of what there is; None if too short."""
    if steps * step_seconds >= SEASONAL_DAYS * DAY_SECONDS and horizon_seconds >= SEASONAL_HORIZON_SECONDS:
        wanted = min(max(horizon_seconds / USUAL_WIDTH, step_seconds), HOUR_SECONDS)
        fitting = [d for d in DIVISORS if d % step_seconds == 0 and (d <= wanted or d == step_seconds)]
        if fitting:
            per_bin = round(max(fitting) / step_seconds)
            width = round(DAY_SECONDS / max(fitting))
            return Grid(step_seconds, per_bin, width, min(steps // (per_bin * width), LONGEST_DAYS), daily=True)
    wanted_steps = max(round(USUAL_BLOCKS * horizon_seconds / step_seconds), USUAL_BLOCKS * USUAL_WIDTH)
    seen = min(steps, wanted_steps)
    per_bin = max(seen // (USUAL_BLOCKS * USUAL_WIDTH), 1)
    width = max(seen // per_bin // USUAL_BLOCKS, NARROWEST)
    blocks = min(seen // (per_bin * width), USUAL_BLOCKS)
    return Grid(step_seconds, per_bin, width, blocks, daily=False) if blocks >= SEASONAL_DAYS else None


@dataclass(frozen=True)
class History:
    """Histories of n series on one grid, each in its own units of `scale` around `center` (shape (n, 1)).

    `bins[n, b, p]` are medians without gaps, `raw[n, b, p, i]` what was seen in each bin (gaps
    NaN). `known[n]` is the share of bins that had a value.
    """

    grid: Grid
    bins: Array
    raw: Array
    center: Array
    scale: Array
    known: Array


def cut(values: Array, grid: Grid) -> History:
    """Histories of `values[n, t]`, whose newest column is now. A series without any value becomes a constant 0."""
    raw = values[:, -grid.steps :].reshape(len(values), -1, grid.per_bin)
    seen = np.isfinite(raw)
    filled = np.any(seen, axis=2)
    bins = fill(middle(np.where(seen, raw, np.inf), seen.sum(axis=2)), filled)
    center = bins[:, -1:]
    spread = np.abs(bins - center).mean(axis=1, keepdims=True)
    scale = np.where(spread > 1e-9 * np.abs(center), spread, 1.0)
    bins = (bins - center) / scale
    own = (raw - center[..., None]) / scale[..., None]
    shape = (len(values), grid.blocks, grid.width)
    return History(
        grid,
        bins.reshape(shape),
        own.reshape(*shape, grid.per_bin),
        center,
        scale,
        filled.mean(axis=1),
    )


def middle(raised: Array, count: npt.NDArray[np.intp]) -> Array:
    """Median along the last axis, where gaps were raised to infinity; 0 where nothing was seen."""
    ordered = np.sort(raised, axis=-1)
    low = picked(ordered, np.maximum((count - 1) // 2, 0)[..., None])[..., 0]
    high = picked(ordered, np.minimum(count // 2, raised.shape[-1] - 1)[..., None])[..., 0]
    return np.where(count > 0, np.where(count > 0, low, 0) / 2 + np.where(count > 0, high, 0) / 2, 0.0)


def fill(bins: Array, seen: npt.NDArray[np.bool_]) -> Array:
    """Straight lines across gaps; before the first and after the last value, that value."""
    holed = np.flatnonzero(~seen.all(axis=1) & seen.any(axis=1))
    places = np.arange(bins.shape[1])
    bins = bins.copy()
    for row in holed:
        bins[row] = np.interp(places, places[seen[row]], bins[row][seen[row]])
    return bins


def median(values: Array, axis: int) -> Array:
    """As np.median, for arrays without NaN, at a fraction of its overhead."""
    ordered = np.sort(values, axis=axis)
    count = values.shape[axis]
    if count % 2:
        return np.asarray(ordered.take(count // 2, axis=axis))
    return np.asarray((ordered.take(count // 2 - 1, axis=axis) + ordered.take(count // 2, axis=axis)) / 2)


def picked(values: Array, index: npt.NDArray[np.intp]) -> Array:
    """As np.take_along_axis along the last axis, at a fraction of its overhead; both have the same other axes."""
    rows = values.reshape(-1, values.shape[-1])
    columns = index.reshape(len(rows), -1)
    return np.asarray(rows[np.arange(len(rows))[:, None], columns].reshape(index.shape))
