"""Puts features of any unit on one scale: deviations from what is usual, in units of their usual spread."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analyzer.data import Feature, Frame, Values
from analyzer.errors import NotEnoughHistory

Column = npt.NDArray[np.float64]
Floors = Mapping[str, float]

# A spread below this part of the range seen in history is noise of measurement: it must not make a small move loud.
SMALLEST_SPREAD = 0.005
# Where history never moved, any move is news, of this many spreads; how far it moved has no scale to be judged on.
STEP_FROM_CONSTANT = 10.0
# The smallest change that a person would care about is this many spreads: less of it is never loud.
SPREADS_OF_EFFECT = 2.0
# No single reading may drown the rest: it is unusual enough at this many spreads.
FARTHEST = 50.0


@dataclass(frozen=True, slots=True)
class Scaling:
    """Fitted centre and spread of each feature. A spread of 0 marks a feature that never moved."""

    features: tuple[str, ...]
    center: Column
    spread: Column

    @classmethod
    def fit(cls, history: Frame, floors: Floors) -> Scaling:
        """`floors` are the smallest spreads of features that have one."""
        values = history.values.astype(np.float64)
        seen = np.isfinite(values)
        counts = np.maximum(seen.sum(axis=0), 1)
        center = np.where(seen, values, 0.0).sum(axis=0) / counts
        squares = np.where(seen, values - center, 0.0) ** 2
        highest = np.where(seen, values, -np.inf).max(axis=0, initial=-np.inf)
        lowest = np.where(seen, values, np.inf).min(axis=0, initial=np.inf)
        span = np.where(seen.any(axis=0), highest - lowest, 0.0)
        # float32 keeps 7 digits: what differs by less never moved
        span[span <= np.abs(center) * 1e-6] = 0.0
        spread = np.where(span > 0, np.maximum(np.sqrt(squares.sum(axis=0) / counts), SMALLEST_SPREAD * span), 0.0)
        least = np.array([floors.get(feature, 0.0) for feature in history.features])
        return cls(history.features, center, np.maximum(spread, least))

    def apply(self, recent: Frame) -> Values:
        """`z[t, f]` for the fitted features in their order; a gap or a feature that is gone counts as usual: 0."""
        values = aligned(recent, self.features).astype(np.float64) - self.center
        still = self.spread == 0
        with np.errstate(invalid="ignore"):
            moved = np.abs(values) > np.abs(self.center) * 1e-6
            steps = np.where(moved, np.sign(values) * STEP_FROM_CONSTANT, 0.0)
            z = np.where(still, steps, values / np.where(still, 1.0, self.spread))
        return np.asarray(np.clip(np.nan_to_num(z, nan=0.0), -FARTHEST, FARTHEST), dtype=np.float32)


def floors_of(features: Sequence[Feature]) -> Floors:
    """The catalogue's minimum effects as smallest spreads."""
    return {each.name: each.minimum_effect / SPREADS_OF_EFFECT for each in features}


def aligned(recent: Frame, features: tuple[str, ...]) -> Values:
    """The frame's values in the order of `features`; what the frame lacks is NaN."""
    if recent.features == features:
        return recent.values
    columns = {name: column for column, name in enumerate(recent.features)}
    values = np.full((len(recent.times), len(features)), np.nan, dtype=np.float32)
    for position, name in enumerate(features):
        if name in columns:
            values[:, position] = recent.values[:, columns[name]]
    return values


def observed(recent: Frame, features: tuple[str, ...]) -> npt.NDArray[np.bool_]:
    """Which rows hold any value at all: the others can't be judged."""
    return np.asarray(np.isfinite(aligned(recent, features)).any(axis=1))


def usable(history: Frame, minimum_steps: int, model: str) -> Frame:
    """History without its empty rows; NotEnoughHistory when fewer than `minimum_steps` remain."""
    kept = observed(history, history.features)
    rows = int(kept.sum())
    if rows < minimum_steps:
        raise NotEnoughHistory(f"{model} needs {minimum_steps} steps of {history.host}, {rows} hold values")
    return Frame(history.host, history.features, history.times[kept], history.values[kept])
