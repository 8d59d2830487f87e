"""When a limit is reached: the first bin of a path that touches it, peaks between bins included."""

from __future__ import annotations

import numpy as np

from analyzer.forecasters.grid import Array, History, median

PEAK_BLOCKS = 7
# Half of a usual block's peak: the path already carries what of it recurs at the same hour.
PEAK_SHARE = 0.5


def usual_peaks(blocks: Array, peaks: Array) -> Array:
    """How far a block's greatest value usually stands above its own line and shape: shape (series,)."""
    width = blocks.shape[2]
    newest = blocks[:, -PEAK_BLOCKS:]
    levels = median(blocks, 2)
    change = median(np.diff(levels[:, -PEAK_BLOCKS - 1 :], axis=1), 1)[:, None, None]
    line = levels[:, -PEAK_BLOCKS:, None] + change * (np.arange(width) / width - 0.5)
    usual = line + median(newest - line, 1)[:, None]
    return median((peaks[:, -PEAK_BLOCKS:] - usual).max(axis=2), 1) * PEAK_SHARE


def seconds_until(path: Array, limits: Array, history: History) -> Array:
    """Seconds from now until each path first reaches its limit from below; infinite where it doesn't."""
    grid = history.grid
    before = np.concatenate([np.minimum(path[:, :1], 0.0), path[:, :-1]], axis=1)
    hit = path >= limits[:, None]
    first = hit.argmax(axis=1)
    rows = np.arange(len(path))
    low, high = before[rows, first], path[rows, first]
    part = np.clip((limits - low) / np.maximum(high - low, 1e-12), 0.0, 1.0)
    offset = float(grid.place(np.zeros(1))[0])
    seconds = np.maximum(first + part - offset, 0.0) * grid.bin_seconds
    return np.where(hit.any(axis=1), seconds, np.inf)
