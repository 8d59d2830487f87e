"""Functions of a range of samples: rates as Prometheus extrapolates them, and what a range holds over time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import numpy as np
import numpy.typing as npt

from analyzer.data import Times
from analyzer.sources.promql.selecting import Samples
from analyzer.sources.promql.vectors import Flags

Index = tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]
RangeFunction = Callable[[Samples], Times]
_LEAST_FOR_A_DIFFERENCE = 2


def _extrapolated(samples: Samples, *, counter: bool, per_second: bool) -> Times:
    """As Prometheus documents rate, increase and delta: extended to the range's ends where samples come that close.

    A counter that fell was reset: what it held before counts too, and it is never extended below zero.
    """
    first, last, span, count = _ends(samples)
    change = samples.values[*last] - samples.values[*first]
    if counter:
        change = change + _lost_by_resets(samples).sum(axis=1)
    gap = span / (count - 1)
    before = samples.times[*first] - samples.start
    after = samples.end - samples.times[*last]
    before = np.where(before >= 1.1 * gap, gap / 2, before)
    after = np.where(after >= 1.1 * gap, gap / 2, after)
    if counter:
        to_zero = span * samples.values[*first] / change
        before = np.where((change > 0) & (samples.values[*first] >= 0), np.minimum(before, to_zero), before)
    result = change * (span + before + after) / span
    return _known(count, result / (samples.end - samples.start) if per_second else result)


def _newest_change(samples: Samples, *, counter: bool, per_second: bool) -> Times:
    """The change between the last two samples, as irate and idelta give it."""
    _, last, _, count = _ends(samples)
    earlier = samples.valid.copy()
    earlier[last] = False
    before = (np.arange(len(earlier)), _last(earlier))
    change = samples.values[*last] - samples.values[*before]
    if counter:
        change = np.where(change < 0, samples.values[*last], change)
    seconds = samples.times[*last] - samples.times[*before]
    return _known(count, change / seconds if per_second else change)


def _slope(samples: Samples) -> Times:
    """Least squares, as deriv gives them, through all samples."""
    count = samples.valid.sum(axis=1)
    times = np.where(samples.valid, samples.times - samples.start, 0.0)
    values = np.where(samples.valid, samples.values, 0.0)
    over_times, over_values = times.sum(axis=1), values.sum(axis=1)
    covariance = (times * values).sum(axis=1) - over_times * over_values / count
    variance = (times * times).sum(axis=1) - over_times * over_times / count
    return _known(count, covariance / variance)


def _changes(samples: Samples) -> Times:
    values = _filled(samples)
    changed = (values[:, 1:] != values[:, :-1]) & ~np.isnan(values[:, :-1])
    return _known(samples.valid.sum(axis=1), changed.sum(axis=1).astype(float), least=1)


def _resets(samples: Samples) -> Times:
    return _known(samples.valid.sum(axis=1), (_lost_by_resets(samples) > 0).sum(axis=1).astype(float), least=1)


def _sum(samples: Samples) -> Times:
    total: Times = np.where(samples.valid, samples.values, 0.0).sum(axis=1)
    return total


def _mean(samples: Samples) -> Times:
    mean: Times = _sum(samples) / samples.valid.sum(axis=1)
    return mean


def _deviation(samples: Samples) -> Times:
    away = np.where(samples.valid, samples.values - _mean(samples)[:, None], 0.0)
    deviation: Times = np.sqrt((away * away).sum(axis=1) / samples.valid.sum(axis=1))
    return deviation


def _whole(function: RangeFunction) -> RangeFunction:
    """A function that one sample is enough for."""
    return lambda samples: _known(samples.valid.sum(axis=1), function(samples), least=1)


def _ends(samples: Samples) -> tuple[Index, Index, Times, npt.NDArray[np.intp]]:
    """Where each series' first and last samples are, the seconds between them, and how many there are."""
    rows = np.arange(len(samples.valid))
    first, last = (rows, samples.valid.argmax(axis=1)), (rows, _last(samples.valid))
    return first, last, samples.times[*last] - samples.times[*first], samples.valid.sum(axis=1)


def _last(valid: Flags) -> npt.NDArray[np.intp]:
    newest: npt.NDArray[np.intp] = valid.shape[1] - 1 - valid[:, ::-1].argmax(axis=1)
    return newest


def _filled(samples: Samples) -> Times:
    """The values with each gap filled by what came before it."""
    source = np.maximum.accumulate(np.where(samples.valid, np.arange(samples.valid.shape[1]), 0), axis=1)
    return np.take_along_axis(samples.values, source, axis=1)


def _lost_by_resets(samples: Samples) -> Times:
    """What the counter held at each sample before one that is lower."""
    values = _filled(samples)
    return np.where(values[:, 1:] < values[:, :-1], values[:, :-1], 0.0)


def _known(count: npt.NDArray[np.intp], result: Times, least: int = _LEAST_FOR_A_DIFFERENCE) -> Times:
    return np.where(count >= least, result, np.nan)


RANGE_FUNCTIONS: Mapping[str, RangeFunction] = {
    "rate": partial(_extrapolated, counter=True, per_second=True),
    "increase": partial(_extrapolated, counter=True, per_second=False),
    "delta": partial(_extrapolated, counter=False, per_second=False),
    "irate": partial(_newest_change, counter=True, per_second=True),
    "idelta": partial(_newest_change, counter=False, per_second=False),
    "deriv": _slope,
    "changes": _changes,
    "resets": _resets,
    "sum_over_time": _whole(_sum),
    "avg_over_time": _whole(_mean),
    "stddev_over_time": _whole(_deviation),
    "min_over_time": _whole(lambda s: np.where(s.valid, s.values, np.inf).min(axis=1, initial=np.inf)),
    "max_over_time": _whole(lambda s: np.where(s.valid, s.values, -np.inf).max(axis=1, initial=-np.inf)),
    "count_over_time": _whole(lambda s: s.valid.sum(axis=1).astype(float)),
    "present_over_time": _whole(lambda s: np.ones(len(s.valid))),
    "last_over_time": _whole(lambda s: s.values[np.arange(len(s.values)), _last(s.valid)]),
}
