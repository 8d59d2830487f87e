"""Unusual is what lastingly doesn't go together: each feature's level of late against those of all others.

Noise of single steps is averaged away, and no past explains a level: what two features have to do with each other is
all that is asked. A single feature has no others, and is never heard.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analyzer.data import Level, Numbers, Values, Views
from analyzer.detectors.edge import Edge, usual
from analyzer.detectors.regression import BOUND, heard, weights_of

LEVEL = Level(10.0, BOUND)


@dataclass(frozen=True, slots=True)
class SlowRegressionModel:
    """`weights[h, f, f]` give what is left of each feature's level given all others; `usual[h, f]` counts as 1."""

    weights: Values
    usual: Values
    edge: Edge
    name: str = "regression_slow"
    levels: tuple[Level, ...] = (LEVEL,)

    def numbers(self, views: Views) -> Numbers:
        residuals = np.abs(reached(views) @ self.weights) / self.usual[:, None]
        return Numbers(self.edge.ratio(heard(residuals)), residuals)


@dataclass(frozen=True, slots=True)
class SlowRegressionDetector:
    """Ridge regression as of single steps; less than `least_usual` spreads is no break."""

    ridge: float = 1.0
    least_usual: float = 0.1
    minimum_steps: int = 24
    needs: tuple[str, ...] = ()
    name: str = "regression_slow"
    levels: tuple[Level, ...] = (LEVEL,)

    def learn(self, views: Views) -> SlowRegressionModel:
        seen = reached(views)
        weights = weights_of(seen, seen.shape[2], self.ridge)
        residuals = np.abs(seen @ weights)
        unit = usual(residuals, self.least_usual)
        return SlowRegressionModel(weights, unit, Edge.of(heard(residuals / unit[:, None])))


def reached(views: Views) -> Values:
    """The level with the row itself in it, `[h, t, f]`."""
    before = views.level(LEVEL)
    return np.asarray(before + np.float32(2.0 / (LEVEL.span + 1.0)) * (np.clip(views.z, -BOUND, BOUND) - before))
