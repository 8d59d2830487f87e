"""Forecasts of many series at once: points, intervals and time to exhaustion. Each series is told from itself alone."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from analyzer.errors import NotEnoughHistory
from analyzer.forecasters.exhaustion import time_to_limit, was_full
from analyzer.forecasters.grid import Array, History, choose_grid, cut, median
from analyzer.forecasters.intervals import half_widths
from analyzer.forecasters.jumps import TREND_R2, Mended, line_r2, without_jumps
from analyzer.forecasters.mixture import mix
from analyzer.forecasters.periods import find_periods

CHUNK = 64
RAW_PER_BIN = 4


@dataclass(frozen=True)
class Outlook:
    """What n series will be at `seconds` from now: `point`, `lower`, `upper` have shape (n, seconds).

    `exhausted_in[n]` is (seconds, lower, upper) until the limit: NaN where it isn't reached within the horizon, an
    infinite upper bound where it may also not be. `known[n]` is the share of the history that was seen.
    """

    seconds: Array
    point: Array
    lower: Array
    upper: Array
    exhausted_in: Array
    known: Array


def foresee(
    values: Array, step_seconds: float, seconds: Array, *, level: float = 0.9, limits: Array | None = None
) -> Outlook:
    """Forecast `values[n, t]` (newest last, gaps NaN, one regular step) at each of `seconds` from its end.

    `limits[n]` is where each is exhausted, NaN where nothing is; a series that began above its limit runs out
    downwards. The horizon is the last of `seconds`. NotEnoughHistory when there are too few steps for any forecast.
    """
    horizon = float(seconds[-1])
    grid = choose_grid(step_seconds, values.shape[1], horizon)
    if grid is None:
        raise NotEnoughHistory(f"a forecast needs at least 8 steps of history, has {values.shape[1]}")
    own = np.full(len(values), np.nan) if limits is None else np.asarray(limits, dtype=np.float64)
    parts = [
        chunk_outlook(cut(values[i : i + CHUNK].astype(np.float64), grid), own[i : i + CHUNK], seconds, level)
        for i in range(0, len(values), CHUNK)
    ]
    if len(parts) == 1:
        return parts[0]
    fields = ("point", "lower", "upper", "exhausted_in", "known")
    return replace(parts[0], **{name: np.concatenate([getattr(part, name) for part in parts]) for name in fields})


def chunk_outlook(history: History, limits: Array, seconds: Array, level: float) -> Outlook:
    """The outlook of as many series as fit the processor's cache."""
    grid = history.grid
    lows, highs = possible(history, limits)
    limit = (limits - history.center[:, 0]) / history.scale[:, 0]
    cleared = was_full(history, limit)
    mended = without_jumps(history.bins, daily=grid.daily, cleared=cleared)
    blocks, offset = mended.blocks, mended.offset
    period = np.where(cleared, np.nan, find_periods(blocks))
    raw = history.raw[..., :: max(1, grid.per_bin // RAW_PER_BIN)] + offset[..., None]
    places = grid.place(seconds)
    ahead_blocks = int(np.ceil(places[-1] / grid.width))
    mixture = mix(mended, raw, period, ahead_blocks, daily=grid.daily)
    known = grid.blocks * grid.width
    half = half_widths(mixture.missed, mixture.reaches, known, mixture.point.shape[1], level, trend_of(blocks))
    half = or_stays(half, mixture.point, mended)
    exhausted = time_to_limit(history, blocks, offset, mixture.point, half, limit, float(seconds[-1]))
    point, spread = between(mixture.point, places), between(half, places)

    def told(path: Array) -> Array:
        return np.clip(path * history.scale + history.center, lows[:, None], highs[:, None])

    return Outlook(seconds, told(point), told(point - spread), told(point + spread), exhausted, history.known)


def or_stays(half: Array, point: Array, mended: Mended) -> Array:
    """Of what moved at once within the newest block, the interval also holds that it stays: nobody knows yet."""
    moved = mended.pace[:, -1, 0] != mended.blocks[:, -1, 0]
    now = median(mended.blocks[:, -1, -3:], 1)[:, None]
    return np.where(moved[:, None], half + np.abs(point - now), half)


def trend_of(blocks: Array) -> Array:
    """1 for a straight line, 0 where a line explains too little for a trend."""
    return np.asarray(np.maximum(line_r2(blocks) - TREND_R2, 0.0) / (1.0 - TREND_R2))


def possible(history: History, limits: Array) -> tuple[Array, Array]:
    """What each series can be: never below 0 if it never was, never past a limit that it never passed."""
    flat = history.bins.reshape(len(history.bins), -1) * history.scale + history.center
    least, greatest = flat.min(axis=1), flat.max(axis=1)
    low = np.where(least >= 0, 0.0, -np.inf)
    low = np.where(least >= limits, limits, low)
    return low, np.where(greatest <= limits, limits, np.inf)


def between(path: Array, places: Array) -> Array:
    """The path at fractional places; before its first bin stands the newest known value's bin, 0 by its scale."""
    left = np.clip(np.floor(places).astype(np.intp), 1, path.shape[1])
    right = np.minimum(left + 1, path.shape[1])
    part = np.clip(places - left, 0.0, 1.0)
    return np.asarray(path[:, left - 1] * (1 - part) + path[:, right - 1] * part)
