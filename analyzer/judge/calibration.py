"""What a host's scores and features usually are, learned on a part of history that the models did not see."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import compress

import numpy as np
import numpy.typing as npt

from analyzer.data import Frame, Precedent, Values
from analyzer.judge.ladder import DAY_SECONDS, Budget, episode_counts, lowest_within

USUAL_RANGE = (0.05, 0.95)
BESIDE_STEPS = 2


@dataclass(frozen=True, slots=True)
class Calibration:
    """`episodes[l]` at each level of the ladder in `days` of held-out history; `usual` is each feature's range.

    `precedents` are anomalies of that history that came at one time of day on several days. `middle` is the median of
    its heights, infinite where it is not known.
    """

    episodes: Values
    days: float
    usual: Mapping[str, tuple[float, float]]
    precedents: tuple[Precedent, ...] = ()
    middle: float = math.inf


@dataclass(frozen=True, slots=True, eq=False)
class Ranges(Mapping[str, tuple[float, float]]):
    """The lowest and highest of each feature that has any, `ends[f]`: for a fleet a fifth of what dicts would take."""

    features: tuple[str, ...]
    ends: npt.NDArray[np.float64]

    def __getitem__(self, feature: str) -> tuple[float, float]:
        if feature not in self.features:
            raise KeyError(feature)
        low, high = self.ends[self.features.index(feature)].tolist()
        if np.isnan(low):
            raise KeyError(feature)
        return low, high

    def __iter__(self) -> Iterator[str]:
        return compress(self.features, (~np.isnan(self.ends[:, 0])).tolist())

    def __len__(self) -> int:
        return int(np.count_nonzero(~np.isnan(self.ends[:, 0])))


def calibrate(held_out: Values, step_seconds: float, history: Frame) -> Calibration:
    """From the heights of held-out rows (NaN rows don't count) and the history whose range is usual."""
    told = held_out[np.isfinite(held_out)]
    days, middle = len(told) * step_seconds / DAY_SECONDS, float(np.median(told)) if len(told) else math.inf
    return Calibration(episode_counts(told), days, usual_ranges(history), middle=middle)


def usual_ranges(history: Frame) -> Ranges:
    ends = np.full((len(history.features), 2), np.nan)
    for column in range(len(history.features)):
        values = history.values[:, column]
        values = values[np.isfinite(values)]
        if len(values):
            ends[column] = np.quantile(values, USUAL_RANGE)
    return Ranges(history.features, ends)


def incident_rows(held_out: Values, step_seconds: float, budget: Budget) -> npt.NDArray[np.intp]:
    """The rows of history, with a few beside them, that this budget would call incidents: nothing to learn from."""
    told = held_out[np.isfinite(held_out)]
    days = np.array([len(told) * step_seconds / DAY_SECONDS])
    allowed = budget.believed_per_day * days
    bar = max(float(lowest_within(episode_counts(told)[None], allowed)[0]), budget.noise)
    over = np.nan_to_num(held_out) >= bar
    beside = np.ones(2 * BESIDE_STEPS + 1)
    return np.flatnonzero(np.convolve(over, beside, "same") > 0)
