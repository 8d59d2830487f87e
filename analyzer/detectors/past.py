"""What is carried from row to row, so that a new row costs its own arithmetic and no look-back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from analyzer.data import Values
from analyzer.data.views import LONGEST, Level, Views
from analyzer.detectors.scaling import FARTHEST

# What a spread of each feature is worth when it went from here to there so far: `[h, t, f]` of two such.
Worth = Callable[[Values, Values], Values]

# Averages of so many rows are one matrix product.
ROWS_AT_ONCE = 64
# A feature stirs when it leaves its own level; for so many rows it is remembered how much each does.
STIRS_FROM = Level(60.0, 8.0)
LONG_RUN = 5760.0


@dataclass(frozen=True, slots=True)
class Past:
    """`rows[h, LONGEST - 1, f]` before the next one, newest last; `averages[h, level, f]` up to and with the newest.

    `lowest[h, f]` and `highest[h, f]` are how far each feature went so far, in spreads. `stirs[h, f]` is how far each
    was from its own level on average of a long run, of which `missing[h]` has not been seen.
    """

    rows: Values
    averages: Values
    lowest: Values
    highest: Values
    stirs: Values
    missing: Values

    @classmethod
    def before(cls, first: Values, levels: int) -> Past:
        """Before a host's first row `first[h, f]`: as if it had always been so, within each level's bound."""
        near = np.clip(first, -FARTHEST, FARTHEST)[:, None]
        still, missing = np.zeros_like(near[:, 0]), np.ones(len(first), np.float32)
        return cls(np.repeat(near, LONGEST - 1, axis=1), np.repeat(near, levels, axis=1), first, first, still, missing)

    def advance(self, far: Values, levels: Sequence[Level], worth: Worth) -> tuple[Views, Past]:
        """What is seen of the rows `far[h, t, f]`, FARTHEST from usual at most, and what stays for those after them."""
        z = np.clip(far, -FARTHEST, FARTHEST)
        padded = np.concatenate([self.rows, z], axis=1)
        lowest = np.minimum(np.minimum.accumulate(far, axis=1), self.lowest[:, None])
        highest = np.maximum(np.maximum.accumulate(far, axis=1), self.highest[:, None])
        before, newest = {}, np.empty_like(self.averages)
        bounded = {bound: np.clip(z, -bound, bound) for bound in {level.bound for level in levels}}
        for place, level in enumerate(levels):
            start = np.clip(self.averages[:, place], -level.bound, level.bound)
            smooth = averages(bounded[level.bound], level.span, start)
            before[level] = smooth[:, :-1]
            newest[:, place] = smooth[:, -1]
        stirs, missing = self.stirs[:, None], self.missing[:, None]
        if STIRS_FROM in before:
            stirs = averages(np.abs(bounded[STIRS_FROM.bound] - before[STIRS_FROM]), LONG_RUN, self.stirs)
            left = (1.0 - 2.0 / (LONG_RUN + 1.0)) ** np.arange(z.shape[1] + 1)
            missing = np.asarray(missing * left, np.float32)
        past = Past(padded[:, -(LONGEST - 1) :], newest, lowest[:, -1], highest[:, -1], stirs[:, -1], missing[:, -1])
        return Views(padded, far, before, worth(lowest, highest), stirs[:, :-1], missing[:, :-1]), past


def alike(lowest: Values, _highest: Values) -> Values:
    """No feature's spread is worth more than another's."""
    return np.broadcast_to(np.float32(1.0), lowest.shape)


def averages(values: Values, span: float, before: Values) -> Values:
    """`before[h, f]`, and the exponential average over about `span` rows with each of `values[h, t, f]` added to it."""
    weight = 2.0 / (span + 1.0)
    hosts, rows, features = values.shape
    smooth = np.empty((hosts, rows + 1, features), np.float32)
    smooth[:, 0] = before
    for begin in range(0, rows, ROWS_AT_ONCE):
        part = values[:, begin : begin + ROWS_AT_ONCE]
        taken, left = _weights(weight, part.shape[1])
        np.matmul(taken, part, out=smooth[:, begin + 1 : begin + 1 + part.shape[1]])
        smooth[:, begin + 1 : begin + 1 + part.shape[1]] += left[:, None] * smooth[:, begin, None]
    return smooth


@cache
def _weights(weight: float, rows: int) -> tuple[Values, Values]:
    """What each of some rows counts in the average at each, `[row, of row]`, and what is left there of those before."""
    ages = np.subtract.outer(np.arange(rows), np.arange(rows))
    taken = np.where(ages >= 0, weight * (1.0 - weight) ** np.maximum(ages, 0), 0.0)
    return taken.astype(np.float32), ((1.0 - weight) ** np.arange(1, rows + 1)).astype(np.float32)


def fading_peaks(values: Values, fade: float, before: Values) -> Values:
    """The highest of `values[h, t]` and `before[h]` so far, each step worth `fade` of what it was a step before."""
    gain = -np.log(fade) * np.arange(values.shape[1] + 1)
    every = np.concatenate([before[:, None], values], axis=1).astype(np.float64)
    with np.errstate(divide="ignore"):
        grown = np.maximum.accumulate(np.log(every) + gain, axis=1)
    return np.asarray(np.exp(grown - gain)[:, 1:], dtype=np.float32)
