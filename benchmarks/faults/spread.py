"""A recorded run spread over a day: each of its seconds counts for a step of 15, with quiet time between the faults.

Quiet time comes back as it was, forwards and backwards in turn, so that nothing jumps where it is put together.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import numpy as np

from analyzer.data import Frame, Values
from analyzer.detectors.scaling import aligned
from benchmarks.faults.recorded import QUIET, Recording

STEP = timedelta(seconds=15)
# Of quiet time so many of the newest steps come back; of each recording so many before its fault are kept.
CALM_STEPS, BEFORE_STEPS = 300, 20


def spread(kept: Mapping[str, Recording], apart: int) -> dict[str, Recording]:
    """The same recordings with `apart` steps of quiet time between them, all learned at the end of quiet time."""
    quiet = kept[QUIET].frame
    begin, step = float(quiet.times[0]), STEP.total_seconds()
    known = with_values(quiet.values)
    learned = begin + step * (len(known) - 1)
    found = {QUIET: Recording(QUIET, frame(quiet, known, begin), learned, learned)}
    for one in sorted((one for one in kept.values() if one.name != QUIET), key=lambda one: one.began):
        rows = aligned(one.frame, quiet.features)
        fault = int(np.searchsorted(one.frame.times, one.began))
        before, after = with_values(rows[:fault])[-BEFORE_STEPS:], with_values(rows[fault:])
        newest = found[next(reversed(found))].frame
        values = np.concatenate([calm(known, apart), before, after])
        its = frame(quiet, values, float(newest.times[-1]) + step)
        found[one.name] = Recording(one.name, its, learned, float(its.times[apart + len(before)]))
    return found


def calm(quiet: Values, steps: int) -> Values:
    newest = quiet[-CALM_STEPS:]
    there_and_back = np.concatenate([newest[::-1], newest])
    return np.asarray(there_and_back[np.arange(steps) % len(there_and_back)])


def with_values(rows: Values) -> Values:
    return rows[np.isfinite(rows).any(axis=1)]


def frame(like: Frame, values: Values, begin: float) -> Frame:
    times = np.float64(begin) + np.arange(len(values), dtype=np.float64) * np.float64(STEP.total_seconds())
    return Frame(like.host, like.features, times, values)
