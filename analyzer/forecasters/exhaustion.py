"""When a limit is reached: the first time that a path touches it, its usual peaks included."""

from __future__ import annotations

import numpy as np

from analyzer.forecasters.grid import Array, Flags, Grid, History, median

PEAK_BLOCKS = 7
# So much of a usual block's greatest surprise: it decides when a path comes near its limit slowly.
PEAK_SHARE = 0.33
# So near its limit, in shares of all that it moved, it was full.
FULL = 0.01


def time_to_limit(
    history: History, blocks: Array, offset: Array, point: Array, half: Array, limits: Array, horizon: float
) -> Array:
    """(seconds, lower, upper) until each series reaches its limit, NaN where it doesn't within the horizon.

    `blocks` is the history without jumps and `offset` what took them out; `point` and `half` are the path ahead and
    half its interval, all in the history's own units as are `limits`, NaN where there is none.
    """
    if np.isnan(limits).all():
        return np.full((len(blocks), 3), np.nan)
    sign = side(history, limits)
    turn = sign[:, None, None]
    peak = usual_peaks(blocks * turn, highest(history, sign) + offset * turn)
    path, wanted = point * sign[:, None], limits * sign
    over = np.concatenate([peak] * (path.shape[1] // peak.shape[1] + 1), axis=1)[:, : path.shape[1]]
    expected = seconds_until(path + over, wanted, history.grid)
    soonest = np.minimum(seconds_until(path + np.maximum(half, over), wanted, history.grid), expected)
    latest = np.maximum(seconds_until(path - half, wanted, history.grid), expected)
    found = np.stack([expected, soonest, np.where(latest <= horizon, latest, np.inf)], axis=1)
    found[expected > horizon] = np.nan
    found[history.bins[:, -1, -1] * sign >= wanted] = 0.0
    found[np.isnan(limits)] = np.nan
    return found


def side(history: History, limits: Array) -> Array:
    """1 for what began below its limit, -1 for what began above it and runs out downwards."""
    return np.where(median(history.bins[:, 0], 1) > limits, -1.0, 1.0)


def was_full(history: History, limits: Array) -> Flags:
    """Which series have been at their limit: what fell from there was cleared, which no rotation does in time."""
    sign = side(history, limits)
    seen = highest(history, sign).reshape(len(limits), -1)
    least = (history.bins * sign[:, None, None]).min(axis=(1, 2))
    peak = seen.max(axis=1)
    return np.asarray(peak >= limits * sign - FULL * (peak - least))


def highest(history: History, sign: Array) -> Array:
    """The value of each bin nearest to the limit: its greatest, or its least for what falls, with the sign turned."""
    raw = history.raw * sign[:, None, None, None]
    greatest = np.where(np.isfinite(raw), raw, -np.inf).max(axis=3)
    return np.asarray(np.maximum(greatest, history.bins * sign[:, None, None]))


def usual_peaks(blocks: Array, peaks: Array) -> Array:
    """How far peaks stand above a path at each place of a block: what recurs there, and the usual surprise."""
    width = blocks.shape[2]
    newest = blocks[:, -PEAK_BLOCKS:]
    levels = median(blocks, 2)
    change = median(np.diff(levels[:, -PEAK_BLOCKS - 1 :], axis=1), 1)[:, None, None]
    line = levels[:, -PEAK_BLOCKS:, None] + change * (np.arange(width) / width - 0.5)
    above = peaks[:, -PEAK_BLOCKS:] - line
    usual = median(above, 1)
    surprise = median((above - usual[:, None]).max(axis=2), 1) * PEAK_SHARE
    return np.asarray(usual - median(newest - line, 1) + surprise[:, None])


def seconds_until(path: Array, limits: Array, grid: Grid) -> Array:
    """Seconds from now until each path first reaches its limit from below; infinite where it doesn't."""
    before = np.concatenate([np.minimum(path[:, :1], 0.0), path[:, :-1]], axis=1)
    hit = path >= limits[:, None]
    first = hit.argmax(axis=1)
    rows = np.arange(len(path))
    low, high = before[rows, first], path[rows, first]
    part = np.clip((limits - low) / np.maximum(high - low, 1e-12), 0.0, 1.0)
    offset = float(grid.place(np.zeros(1))[0])
    seconds = np.maximum(first + part - offset, 0.0) * grid.bin_seconds
    return np.where(hit.any(axis=1), seconds, np.inf)
