"""Unusual is what few cuts set apart: an isolation forest over what regression and level leave unexplained.

On raw features it hears half as much as on residuals.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analyzer.data import Level, Numbers, Values, Views
from analyzer.detectors.edge import Edge
from analyzer.detectors.forest import Forest, grow
from analyzer.detectors.sampling import spread_out
from analyzer.detectors.scaling import FARTHEST

LEVELS = (Level(20.0, FARTHEST),)


@dataclass(frozen=True, slots=True)
class IsolationForestModel:
    forest: Forest
    edge: Edge
    name: str = "isolation_forest"
    levels: tuple[Level, ...] = LEVELS

    def numbers(self, views: Views) -> Numbers:
        seen = unexplained(views)
        # A forest names no feature; these are the ones that its cuts reach first.
        parts = seen.reshape(*seen.shape[:2], 2, -1).sum(axis=2)
        return Numbers(self.edge.ratio(self.forest.isolation(seen)), parts)


@dataclass(frozen=True, slots=True)
class IsolationForestDetector:
    """`trees` of `sample` rows each; what is usual is told by at most `rows` of those learned from."""

    trees: int = 50
    sample: int = 256
    rows: int = 1500
    minimum_steps: int = 24
    needs: tuple[str, ...] = ("regression",)
    seed: int = 0
    name: str = "isolation_forest"
    levels: tuple[Level, ...] = LEVELS

    def learn(self, views: Views) -> IsolationForestModel:
        seen = unexplained(views)
        forest = grow(seen[0], self.trees, self.sample, np.random.default_rng(self.seed))
        some = seen[:, spread_out(views.count, self.rows)]
        return IsolationForestModel(forest, Edge.of(forest.isolation(some)))


def unexplained(views: Views) -> Values:
    """`[h, t, 2 * f]`: what does not follow from the rest, and what changed."""
    return np.concatenate([views.residuals, np.abs(views.z - views.level(LEVELS[0]))], axis=2)
