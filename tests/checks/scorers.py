"""A host with five features, and one model or all of them fitted on its history."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analyzer.data import Frame, Rows, Scores, Values
from analyzer.detectors import DETECTORS, ENSEMBLE, Lesson, scored
from analyzer.detectors.fitted import Fitted
from analyzer.interfaces import Detector

NAMES = ("cpu", "memory", "disk", "network", "constant")
STEP = 60.0
BEGIN = 1_767_600_000.0


def noise(rows: int, seed: int = 1) -> Values:
    """Four restless features that have to do with each other, and one that never moves."""
    random = np.random.default_rng(seed)
    common = random.normal(0.0, 1.0, (rows, 1))
    values = 10.0 + common * [1.0, 0.5, -0.5, 0.0] + random.normal(0.0, 1.0, (rows, 4))
    return np.hstack([values, np.full((rows, 1), 3.0)]).astype(np.float32)


def frame(values: Values, names: tuple[str, ...] = NAMES) -> Frame:
    return Frame("web-1", names, BEGIN + STEP * np.arange(len(values), dtype=np.float64), values)


@dataclass(frozen=True)
class Scorer:
    """One model, with those that it needs, fitted on a host's history."""

    name: str
    features: tuple[str, ...]
    fitted: Fitted

    def score(self, recent: Frame) -> Scores:
        return next(each for each in scored(self.fitted, self.features, recent) if each.model == self.name)


def fit(name: str, history: Frame, leave_out: Rows | None = None) -> Scorer:
    return Scorer(name, history.features, Lesson.of(history, chain(name), {}).fit(leave_out))


def chain(name: str) -> tuple[Detector, ...]:
    """The detector of that name after those that it needs; every one for the ensemble."""
    if name == ENSEMBLE:
        return tuple(DETECTORS.values())
    return (*(DETECTORS[needed] for needed in DETECTORS[name].needs), DETECTORS[name])


HISTORY = frame(noise(600))
RECENT = noise(80, seed=2)
# A model that looks at the last ten steps together sees a blow until it has left them.
WITHIN_WINDOW = range(70, 80)


def struck(height: float) -> Values:
    """RECENT with a blow to two features at row 70."""
    values = RECENT.copy()
    values[70, :2] += height
    return values
