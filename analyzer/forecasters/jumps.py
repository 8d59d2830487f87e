"""Jumps that happened once, a file deleted or a disk resized: they are taken out of a trend's history."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analyzer.forecasters.grid import Array, Flags, Rows, median
from analyzer.forecasters.periods import CYCLES

MOST = 3
STANDS_OUT = 2.5
STAYS = 0.5
TREND_R2 = 0.85
WEEK = 7
# A rotation takes back about the same each time, and not much more than came since the last one.
ALIKE = 0.75
TAKEN = 1.25


@dataclass(frozen=True)
class Mended:
    """A history `[n, b, p]` without its jumps, and what was added to each bin so that it meets what followed.

    `blocks` and `offset` are mended only where that shows a clear trend: a level that moved may move back. `pace` is
    mended always, for how fast it drifts: a level that moved at once is on its way nowhere.
    """

    blocks: Array
    offset: Array
    pace: Array


def without_jumps(blocks: Array, *, daily: bool, cleared: Flags | None = None) -> Mended:
    """Only jumps that stand out from all other changes and stay count, at most three.

    Those alike a week apart recur, as do those that take back alike at even distances, and are left in; but not in
    series that were `cleared` because they were full.
    """
    bins = blocks.reshape(len(blocks), -1)
    offset = np.zeros_like(bins)
    if bins.shape[1] < 4 * MOST:
        return Mended(blocks, np.zeros_like(blocks), blocks)
    places, counts = outstanding(bins, blocks.shape[2], daily=daily)
    if not counts.any():
        return Mended(blocks, np.zeros_like(blocks), blocks)
    several = np.flatnonzero((counts > 1) if cleared is None else (counts > 1) & ~cleared)
    counts[several[rotations(bins[several], places[several], counts[several], blocks.shape[2])]] = 0
    for i in range(MOST):
        rows = np.flatnonzero(counts > i)
        if len(rows):
            at = places[rows, i]
            size = jump_sizes(bins[rows], at, blocks.shape[2])
            before = np.arange(bins.shape[1]) < at[:, None]
            offset[rows] += np.where(before, size[:, None], 0.0)
    mended = bins + offset
    pace = mended.reshape(blocks.shape)
    trending = (offset != 0).any(axis=1) & (line_r2(pace) > TREND_R2)
    offset[~trending] = 0.0
    # The bin in which it jumped is a mixture of both sides.
    for i in range(MOST):
        rows = np.flatnonzero(trending & (counts > i))
        at = places[rows, i]
        between = (mended[rows, at - 1] + mended[rows, at + 1]) / 2
        offset[rows, at] = between - bins[rows, at]
    return Mended((bins + offset).reshape(blocks.shape), offset.reshape(blocks.shape), pace)


def outstanding(bins: Array, width: int, *, daily: bool) -> tuple[Rows, Rows]:
    """Places of the largest changes, largest first, and how many of them stand out from the next."""
    change = np.zeros_like(bins)
    change[:, 2:-1] = np.abs(bins[:, 3:] - bins[:, 1:-2])
    rows = np.arange(len(bins))
    places, sizes = [], []
    for _ in range(MOST + 1):
        at = change.argmax(axis=1)
        places.append(at)
        sizes.append(change[rows, at])
        change[rows[:, None], np.clip(at[:, None] + np.arange(-3, 4), 0, bins.shape[1] - 1)] = 0.0
    size = np.stack(sizes, axis=1)
    gap = size[:, :-1] > STANDS_OUT * np.maximum(size[:, 1:], 1e-12)
    counts = np.where(gap.any(axis=1), MOST - gap[:, ::-1].argmax(axis=1), 0)
    apart = np.abs(places[0] - places[1]) % (WEEK * width)
    near_a_week = np.minimum(apart, WEEK * width - apart) <= max(2, width // 12)
    alike = size[:, 1] > size[:, 0] / 2
    recurs = daily & (counts > 1) & near_a_week & alike
    return np.stack(places, axis=1), np.where(recurs, 0, counts)


def rotations(bins: Array, places: Rows, counts: Rows, width: int) -> Rows:
    """The rows whose jumps all take back alike, evenly apart and as often as fits: a rotation seen twice or thrice."""
    drift = median(np.diff(bins, axis=1), 1)[:, None]
    found = np.zeros(len(bins), dtype=bool)
    for times in range(2, MOST + 1):
        at = np.sort(places[:, :times], axis=1)
        taken = np.stack([rise(bins, at[:, i], 3) for i in range(times)], axis=1) * -np.sign(drift)
        apart = np.diff(at, axis=1)
        period = apart.mean(axis=1, keepdims=True)
        even = np.abs(apart - period).max(axis=1) <= max(2, width // 12)
        alike = taken.min(axis=1) > ALIKE * np.maximum(taken.max(axis=1), 0)
        no_more_than_came = taken.mean(axis=1) < TAKEN * np.abs(drift * period)[:, 0]
        fits = bins.shape[1] / np.maximum(period[:, 0], 1.0)
        found |= (counts == times) & even & alike & no_more_than_came & (fits > CYCLES) & (fits < times + 1)
    return np.flatnonzero(found)


def jump_sizes(bins: Array, at: Rows, width: int) -> Array:
    """How far each series jumped at its place beyond its usual drift; 0 where a block later it had gone back."""
    drift = median(np.diff(bins, axis=1), 1)
    size = rise(bins, at, 3) - 4 * drift
    stayed = (rise(bins, at, width) - (width + 1) * drift) * np.sign(size)
    return np.where(stayed > STAYS * np.abs(size), size, 0.0)


def rise(bins: Array, at: Rows, count: int) -> Array:
    """The median of the `count` bins after each series' place less that of the bins before."""
    rows, last = np.arange(len(bins))[:, None], bins.shape[1] - 1
    after = bins[rows, np.clip(at[:, None] + np.arange(1, count + 1), 0, last)]
    before = bins[rows, np.clip(at[:, None] - np.arange(1, count + 1), 0, last)]
    return median(after, 1) - median(before, 1)


def line_r2(blocks: Array) -> Array:
    """How much of the blocks' medians a straight line explains."""
    levels = median(blocks, 2)
    levels = levels - levels.mean(axis=1, keepdims=True)
    place = np.arange(levels.shape[1]) - (levels.shape[1] - 1) / 2
    total = (place @ place) * (levels**2).sum(axis=1)
    return np.asarray((levels * place).sum(axis=1) ** 2 / np.maximum(total, 1e-12))
