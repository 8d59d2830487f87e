"""Unusual is what one feature alone does: a jump or a climb far beyond the greatest it made, however calm the rest is.

An average over all features doesn't hear a full table of descriptors, nor a program that takes a little more of a core
each minute; this does, and hears nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analyzer.data import Level, Numbers, Values, Views
from analyzer.detectors.edge import USED_TO
from analyzer.detectors.scaling import FARTHEST

# A few readings far out make no level.
BOUND = 8.0
OF_LATE, BEFORE = Level(30.0, BOUND), Level(120.0, BOUND)
# Levels are steadier than steps, so one beyond all that it did is worth a jump so many times beyond.
CLIMB = np.float32(2.0)


@dataclass(frozen=True, slots=True)
class AloneModel:
    """`greatest[h, f]` and `highest[h, f]` are the greatest jump and climb of each feature in history, in spreads."""

    greatest: Values
    highest: Values
    levels: tuple[Level, ...]
    name: str = "alone"

    def numbers(self, views: Views) -> Numbers:
        jumped = jumps(views, self.levels[0]) / self.greatest[:, None]
        climbed = CLIMB * (climbs(views) / self.highest[:, None]).max(axis=2, initial=0.0)
        # The first row of all has no level to jump from: where a feature is counts a little too.
        parts = np.asarray(jumped + USED_TO * np.abs(views.z), np.float32)
        farthest = np.maximum(jumped.max(axis=2, initial=0.0), climbed)
        return Numbers(np.maximum(farthest - np.float32(1.0), 0.0), parts)


@dataclass(frozen=True, slots=True)
class AloneDetector:
    """A jump leads away from the average over about `span` steps; none below `least` spreads counts as great.

    A climb leads one level away from what is usual for it, farther than the level before; `least_climb` is as `least`.
    What takes as long as days do is no climb.
    """

    span: float = 20.0
    least: float = 1.0
    least_climb: float = 0.8
    minimum_steps: int = 24
    needs: tuple[str, ...] = ()
    name: str = "alone"

    @property
    def levels(self) -> tuple[Level, ...]:
        return (Level(self.span, FARTHEST), OF_LATE, BEFORE)

    def learn(self, views: Views) -> AloneModel:
        greatest = np.maximum(jumps(views, self.levels[0]).max(axis=1), np.float32(self.least))
        highest = np.maximum(climbs(views).max(axis=1), np.float32(self.least_climb))
        return AloneModel(greatest, highest, self.levels)


def jumps(views: Views, level: Level) -> Values:
    """How far each feature is from its own level of late, `[h, t, f]`."""
    return np.asarray(np.abs(views.z - views.level(level)))


def climbs(views: Views) -> Values:
    """How much farther out each feature's level of late is, the row itself in it, than that of before, `[h, t, f]`."""
    late = views.level(OF_LATE)
    late = late + np.float32(2.0 / (OF_LATE.span + 1.0)) * (np.clip(views.z, -BOUND, BOUND) - late)
    return np.asarray(np.maximum(np.abs(late) - np.abs(views.level(BEFORE)), 0.0))
