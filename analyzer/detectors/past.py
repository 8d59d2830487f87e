"""What is carried from row to row, so that a new row costs its own arithmetic and no look-back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.signal import lfilter

from analyzer.data import Values
from analyzer.data.views import LONGEST, Level, Views

# Averages are taken in double precision, so many values at a time: a long history must not fill the memory.
VALUES_AT_ONCE = 200_000


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
            before[level] = np.concatenate([start[:, None], smooth[:, :-1]], axis=1)
            newest[:, place] = smooth[:, -1]
        return Views(padded, before, worth), Past(padded[:, -(LONGEST - 1) :], newest)


def averages(values: Values, span: float, before: Values) -> Values:
    """Exponential average over about `span` rows of `values[h, t, f]`, going on from `before[h, f]`."""
    weight = 2.0 / (span + 1.0)
    hosts, rows, features = values.shape
    if rows == 1:
        return np.asarray(weight * values + (1.0 - weight) * before[:, None], dtype=np.float32)
    smooth = np.empty_like(values)
    width = max(1, VALUES_AT_ONCE // (hosts * rows))
    for at in range(0, features, width):
        part = slice(at, at + width)
        held = (1.0 - weight) * before[:, None, part].astype(np.float64)
        smooth[:, :, part], _ = lfilter([weight], [1.0, weight - 1.0], values[:, :, part], axis=1, zi=held)
    return smooth


def fading_peaks(values: Values, fade: float, before: Values) -> Values:
    """The highest of `values[h, t]` and `before[h]` so far, each step worth `fade` of what it was a step before."""
    gain = -np.log(fade) * np.arange(values.shape[1] + 1)
    every = np.concatenate([before[:, None], values], axis=1).astype(np.float64)
    with np.errstate(divide="ignore"):
        grown = np.maximum.accumulate(np.log(every) + gain, axis=1)
    return np.asarray(np.exp(grown - gain)[:, 1:], dtype=np.float32)
