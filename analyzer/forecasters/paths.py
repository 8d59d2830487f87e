"""Ways a series may go on: a level, a usual day and a drift, put together differently. None decides which is right."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from analyzer.forecasters.drift import Origins
from analyzer.forecasters.grid import Array, median

Path = Callable[[int], Array]
WEEK = 7


@dataclass(frozen=True)
class Candidate:
    """`path(k)` is what block k after each origin will be: shape (series, origins, width).

    An origin with fewer than `blocks_needed` blocks before it says nothing about how good this one is.
    """

    name: str
    path: Path
    blocks_needed: int = 1


def candidate_paths(blocks: Array, slope: Array, origins: Origins, *, daily: bool) -> list[Candidate]:
    """All candidates for `blocks[n, b, p]` that drift by `slope[n, origin]` a block."""
    width = blocks.shape[2]
    change = slope[..., None]
    phase = np.arange(1, width + 1) / width - 1  # a bin's place in its block; the newest bin's is 0
    ahead = np.arange(1, width + 1)
    newest = blocks[:, origins.newest]
    shape, tilt = usual(blocks, origins, 7, phase)
    level = shape + tilt
    few_shape, _ = usual(blocks, origins, 3, phase)
    off = newest - level
    now = median(off[:, :, -3:], 2)[..., None]
    today = median(off, 2)[..., None]
    fortnight = median(blocks[:, origins.back(min(14, blocks.shape[1]))], 2)
    around = median(newest - shape - change * phase, 2)[..., None]
    around_few = median(newest - few_shape - change * phase, 2)[..., None]
    last = median((newest - shape - change * phase)[:, :, -3:], 2)[..., None]
    flat_last = median((newest - change * phase)[:, :, -3:], 2)[..., None]
    flat = np.broadcast_to(median(newest, 2)[..., None], newest.shape)
    found = [
        Candidate("usual day moved to today's level, drifting", lambda k: shape + around + change * (k + phase)),
        Candidate("usual day moved to now, drifting", lambda k: shape + last + change * (k + phase)),
        Candidate("the last three days moved, drifting", lambda k: few_shape + around_few + change * (k + phase)),
        Candidate("line from now", lambda k: flat_last + change * (k + phase)),
        Candidate("usual day, now soon forgotten", lambda k: level + now * 0.95 ** ((k - 1) * width + ahead)),
        Candidate("usual day, now long remembered", lambda k: level + now * 0.98 ** ((k - 1) * width + ahead)),
        Candidate("usual day half moved to today's level", lambda _: level + today / 2),
        Candidate("usual day of a fortnight", lambda _: fortnight),
        Candidate("today's level", lambda _: flat),
    ]
    if daily and blocks.shape[1] > WEEK + 1:
        found.append(last_week(blocks, origins))
    return found


def usual(blocks: Array, origins: Origins, count: int, phase: Array) -> tuple[Array, Array]:
    """The median of the last `count` blocks without their own tilt, and that tilt."""
    window = origins.back(count)
    levels = median(blocks, 2)
    change = np.diff(levels, axis=1, prepend=2 * levels[:, :1] - levels[:, 1:2])
    tilt = median(change[:, np.maximum(window[:, :-1], 1)], 2)[..., None] * phase
    return median(blocks[:, window], 2) - tilt, tilt


def last_week(blocks: Array, origins: Origins) -> Candidate:
    """The same weekday a week before, plus what a week brought."""
    levels = median(blocks, 2)
    brought = (levels[:, origins.newest] - levels[:, np.maximum(origins.newest - WEEK, 0)])[..., None]

    def path(k: int) -> Array:
        like = np.maximum(origins.newest - WEEK + (k - 1) % WEEK + 1, 0)
        return np.asarray(blocks[:, like] + brought * ((k - 1) // WEEK + 1))

    return Candidate("the week before, and what a week brought", path, WEEK + 1)
