"""What is carried from row to row, so that a new row costs its own arithmetic and no look-back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from analyzer.data import Values
from analyzer.data.views import LONGEST, Level, Views

# Averages of so many rows are one matrix product.
ROWS_AT_ONCE = 64


@dataclass(frozen=True, slots=True)
class Past:
    """`rows[h, LONGEST - 1, f]` before the next one, newest last; `averages[h, level, f]` up to and with the newest."""

    rows: Values
    averages: Values

    @classmethod
    def before(cls, first: Values, levels: int) -> Past:
        """Before a host's first row `first[h, f]`: as if it had always been so, within each level's bound."""
        return cls(np.repeat(first[:, None], LONGEST - 1, axis=1), np.repeat(first[:, None], levels, axis=1))

    def advance(self, z: Values, levels: Sequence[Level], worth: Values) -> tuple[Views, Past]:
        """What is seen of the rows `z[h, t, f]`, and what stays for those after them."""
        padded = np.concatenate([self.rows, z], axis=1)
        before, newest = {}, np.empty_like(self.averages)
        for place, level in enumerate(levels):
            bounded = np.clip(z, -level.bound, level.bound)
            start = np.clip(self.averages[:, place], -level.bound, level.bound)
            smooth = averages(bounded, level.span, start)
            before[level] = smooth[:, :-1]
            newest[:, place] = smooth[:, -1]
        return Views(padded, before, worth), Past(padded[:, -(LONGEST - 1) :], newest)


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
