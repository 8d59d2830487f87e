"""Unusual is what doesn't follow: each feature against a linear regression on all others and on the recent past."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analyzer.data import Level, Numbers, Values, Views
from analyzer.detectors.edge import Edge, excess, usual

# What is far out must not bend the prediction of everything else.
BOUND = 8.0
# What breaks a relation is a cause even when it moved little; its size says less than its being there.
BLAME = np.float32(0.1)
# Residuals up to so many usual ones are not heard at all where there are many features.
DEAF = np.float32(1.25)
LAGS = (1, 2)
LEVELS = (Level(10.0, BOUND), Level(60.0, BOUND))


@dataclass(frozen=True, slots=True)
class RegressionModel:
    """`weights[h, (now, lags, levels) * f, f]` give the residual of each feature given all the rest.

    `usual[h, f]` is the residual of each feature that counts as 1.
    """

    weights: Values
    usual: Values
    edge: Edge
    name: str = "regression"
    levels: tuple[Level, ...] = LEVELS

    def numbers(self, views: Views) -> Numbers:
        residuals = unforeseen(design(views), views.z, self.weights) / self.usual[:, None]
        parts = BLAME * np.log1p(excess(residuals, np.float32(1.0)))
        return Numbers(self.edge.ratio(heard(residuals)), parts, residuals)


@dataclass(frozen=True, slots=True)
class RegressionDetector:
    """Ridge regression of every feature at once, by the inverse of the joint covariance (`ridge` added to it)."""

    ridge: float = 1.0
    least_usual: float = 0.2
    minimum_steps: int = 24
    needs: tuple[str, ...] = ()
    name: str = "regression"
    levels: tuple[Level, ...] = LEVELS

    def learn(self, views: Views) -> RegressionModel:
        seen, count = design(views), views.padded.shape[2]
        weights = weights_of(seen, count, self.ridge)
        residuals = unforeseen(seen, views.z, weights)
        unit = usual(residuals, self.least_usual)
        return RegressionModel(weights, unit, Edge.of(heard(residuals / unit[:, None])))


def weights_of(seen: Values, count: int, ridge: float) -> Values:
    """`[1, d, count]` of one host's `seen[1, t, d]`: what is left of each of its first features by the rest."""
    covariance = (seen[0].T @ seen[0]).astype(np.float64) / seen.shape[1] + ridge * np.eye(seen.shape[2])
    precision = np.linalg.inv(covariance)[:, :count]
    return np.asarray(precision / np.diag(precision), np.float32)[None]


def unforeseen(seen: Values, z: Values, weights: Values) -> Values:
    """`[h, t, f]`: how far each feature is from what follows; what is beyond the bound follows from nothing."""
    return np.asarray(np.abs(seen @ weights + (z - np.clip(z, -BOUND, BOUND))))


def heard(residuals: Values) -> Values:
    """Many features off their course together matter more than one far off: hence the logarithm.

    What a feature does about one row in a hundred is nothing among many: their noise must not hide a few.
    """
    deaf = DEAF * np.float32(1.0 - 1.0 / residuals.shape[2])
    return np.asarray(np.log1p(np.maximum(residuals - deaf, 0.0)).mean(axis=2))


def design(views: Views) -> Values:
    """The rows with what stands beside them in time: `[h, t, (1 + lags + levels) * f]`, bounded."""
    now_and_before = [np.clip(views.lag(steps), -BOUND, BOUND) for steps in (0, *LAGS)]
    return np.concatenate([*now_and_before, *(views.level(level) for level in LEVELS)], axis=2)
