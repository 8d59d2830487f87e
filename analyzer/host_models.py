"""What is learned of one host from its long history, and how: pure arithmetic, which knows no other host."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TypeVar

import numpy as np

from analyzer.data import Feature, Frame, Reach, Rows, Scores, State, Values
from analyzer.detectors import DETECTORS, Lesson, scored
from analyzer.detectors.fitted import Fitted, each_array
from analyzer.detectors.scaling import Floors, floors_of
from analyzer.errors import NotEnoughHistory
from analyzer.interfaces import Detector
from analyzer.judge.calibration import Calibration, Ranges, calibrate, incident_rows
from analyzer.judge.ladder import Budget
from analyzer.judge.unlearned import Spans, unlearned
from analyzer.precedents import precedents
from analyzer.states import States, fit_states
from analyzer.usual_hours import UsualHours, usual_hours

T = TypeVar("T")

FOLDS = 5
# The newest so many steps are learned from: two weeks of minutes, and few enough for the memory of a small machine.
MOST_STEPS = 20_160
# What so strict a judge would call incidents is nothing to learn from: 0.8 a day, whatever is told later.
LEFT_OUT = Budget(0.2, incidents_per_day=0.512)
# Features went farther once than in the history that is learned: half of the logarithm of that is forgotten in so long.
REACH_HALVES = timedelta(days=28)
UNKNOWN = (math.nan, math.nan)


@dataclass(frozen=True, slots=True)
class Inheritance:
    """What one learning of a host hands on to the next, which never saw its history."""

    states: States | None = None
    reach: Reach | None = None


NOTHING = Inheritance()


@dataclass(frozen=True, slots=True)
class HostModels:
    """All that was learned of one host, fitted together and swapped together."""

    host: str
    features: tuple[str, ...]
    fitted: Fitted
    calibration: Calibration
    fitted_at: datetime
    steps: int
    states: States | None = None
    hours: UsualHours | None = None

    def score(self, recent: Frame) -> tuple[Scores, ...]:
        """Each model's scores of the same rows; the last are the ensemble's, which the judge goes by."""
        return scored(self.fitted, self.features, recent)

    @property
    def reach(self) -> Reach:
        """How far each feature ever went."""
        lowest, highest = (end[0].tolist() for end in self.fitted.scaling.ends())
        return Reach(self.fitted_at, dict(zip(self.features, zip(lowest, highest, strict=True), strict=True)))

    @property
    def inheritance(self) -> Inheritance:
        return Inheritance(self.states, self.reach)

    def settled(self, features: tuple[str, ...]) -> HostModels:
        """The same to be kept: names that other hosts have, too, and arrays of its own, not parts of what was received.

        `features` are equal to those here. The fitted models are left as they are: they settle beside other hosts'.
        """

        def own(part: T) -> T:
            return _named(each_array(np.copy, part), features)

        calibration = each_array(np.copy, self.calibration)
        calibration = replace(calibration, usual=_named(calibration.usual, features))
        return replace(self, features=features, calibration=calibration, states=own(self.states), hours=own(self.hours))

    def state(self, recent: Frame) -> State | None:
        """Which of its usual states the host is in at the last row; None while it has shown none."""
        return self.states.state(recent) if self.states else None


@dataclass(frozen=True, slots=True)
class Curriculum:
    """What is learned of every host: `floors` are the smallest spreads of features that have one."""

    detectors: tuple[Detector, ...] = tuple(DETECTORS.values())
    floors: Floors = field(default_factory=dict)


EVERYTHING = Curriculum()


def curriculum_for(features: Sequence[Feature]) -> Curriculum:
    """DETECTORS, deaf to changes smaller than the catalogue's minimum effects."""
    return Curriculum(floors=floors_of(features))


def fit_host(
    history: Frame,
    now: datetime,
    step_seconds: float,
    curriculum: Curriculum = EVERYTHING,
    inherited: Inheritance = NOTHING,
    told: Spans = (),
) -> HostModels:
    """Pure. Calibrated on parts of history that the calibrating models did not see; NotEnoughHistory when too short.

    The names of states are `inherited` and, fading, how far each feature ever went. When it was `told` to be unusual is
    no lesson.
    """
    known = _with_values(history.tail(MOST_STEPS))
    unusual = unlearned(known.times, told)
    lesson = Lesson.of(known, curriculum.detectors, curriculum.floors, unusual)
    held_out = _held_out(lesson, known)
    fitted = lesson.fit(incident_rows(held_out, step_seconds, LEFT_OUT))
    fitted = _reaching(fitted, known.features, inherited.reach, now)
    calibration = calibrate(_without(held_out, unusual), step_seconds, known)
    calibration = replace(calibration, precedents=precedents(known, held_out, step_seconds, fitted))
    states, hours = _states(known, inherited.states), usual_hours(known)
    return HostModels(history.host, known.features, fitted, calibration, now, len(lesson.rows), states, hours)


def _named(part: T, features: tuple[str, ...]) -> T:
    """With these names in place of equal ones."""
    if isinstance(part, Ranges | States | UsualHours) and part.features == features:
        return replace(part, features=features)
    return part


def _reaching(fitted: Fitted, features: tuple[str, ...], reach: Reach | None, now: datetime) -> Fitted:
    """With what is known from before of how far features can go: what was seen once is forgotten over weeks."""
    if reach is None:
        return fitted
    lowest, highest = np.array([reach.ends.get(name, UNKNOWN) for name in features], np.float64).reshape(-1, 2).T
    kept = min(1.0, 0.5 ** ((now - reach.at) / REACH_HALVES))
    return replace(fitted, scaling=fitted.scaling.reaching(lowest, highest, kept))


def _states(history: Frame, previous: States | None) -> States | None:
    """States need longer, and a feature that moves; a host is scored before."""
    try:
        return fit_states(history, previous)
    except NotEnoughHistory:
        return None


def held_out_heights(history: Frame, curriculum: Curriculum = EVERYTHING) -> Values:
    """The ensemble's heights on each part of history, by models that did not learn from it; NaN without values."""
    return _held_out(Lesson.of(history, curriculum.detectors, curriculum.floors), history)


def _held_out(lesson: Lesson, history: Frame) -> Values:
    told = np.full(len(history.times), np.nan, np.float32)
    told[lesson.rows] = lesson.held_out(FOLDS)
    return told


def _without(heights: Values, rows: Rows | None) -> Values:
    """What was told is counted when it is told, and not once more as history."""
    counted = heights.copy()
    counted[[] if rows is None else rows] = np.nan
    return counted


def _with_values(history: Frame) -> Frame:
    """History without the features that it never has."""
    present = np.asarray(np.isfinite(history.values).any(axis=0))
    names = tuple(name for name, here in zip(history.features, present, strict=True) if here)
    return Frame(history.host, names, history.times, history.values[:, present])
