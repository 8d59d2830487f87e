"""Unusual is what one feature alone does: a jump far beyond the greatest it ever made, however calm the rest is.

An average over all features doesn't hear a full table of descriptors; this does, and hears nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analyzer.data import Level, Numbers, Values, Views
from analyzer.detectors.edge import USED_TO
from analyzer.detectors.scaling import FARTHEST


@dataclass(frozen=True, slots=True)
class AloneModel:
    """`greatest[h, f]` is the greatest jump that each feature made in history, in spreads."""

    greatest: Values
    levels: tuple[Level, ...]
    name: str = "alone"

    def numbers(self, views: Views) -> Numbers:
        jumped = jumps(views, self.levels[0]) / self.greatest[:, None]
        # The first row of all has no level to jump from: where a feature is counts a little too.
        parts = np.asarray(jumped + USED_TO * np.abs(views.z), np.float32)
        return Numbers(np.maximum(jumped.max(axis=2, initial=0.0) - np.float32(1.0), 0.0), parts)


@dataclass(frozen=True, slots=True)
class AloneDetector:
    """A jump leads away from the average over about `span` steps; none below `least` spreads counts as great."""

    span: float = 20.0
    least: float = 1.0
    minimum_steps: int = 24
    needs: tuple[str, ...] = ()
    name: str = "alone"

    @property
    def levels(self) -> tuple[Level, ...]:
        return (Level(self.span, FARTHEST),)

    def learn(self, views: Views) -> AloneModel:
        return AloneModel(np.maximum(jumps(views, self.levels[0]).max(axis=1), np.float32(self.least)), self.levels)


def jumps(views: Views, level: Level) -> Values:
    """How far each feature is from its own level of late, `[h, t, f]`."""
    return np.asarray(np.abs(views.z - views.level(level)))
