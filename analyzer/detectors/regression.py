"""Unusual is what doesn't follow: each feature against a linear regression on all others and on the recent past."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from analyzer.data import Frame, Scores, Values
from analyzer.detectors.scaling import Floors, Rows, Scaling, lesson
from analyzer.detectors.scores import USUAL, Edge, excess, scores
from analyzer.detectors.windows import lagged, levels

# What is far out must not bend the prediction of everything else.
BOUND = 8.0
# What breaks a relation is a cause even when it moved little; its size says less than its being there.
BLAME = np.float32(0.3)
LAGS = (1, 2)
SPANS = (10.0, 60.0)


@dataclass(frozen=True, slots=True)
class RegressionScorer:
    """`weights[(now, lags, averages) * features, features]` give the residual of each feature given all the rest."""

    scaling: Scaling
    weights: Values
    usual: Values
    edge: Edge

    def residuals(self, z: Values, rows: npt.NDArray[np.intp] | slice = slice(None)) -> Values:
        """`[t, f]`, in units of each feature's own usual residual; what is beyond the bound counts as unforeseen."""
        beyond = z[rows] - np.clip(z[rows], -BOUND, BOUND)
        return np.asarray(np.abs(design(z, rows) @ self.weights + beyond) / self.usual)

    def raw(self, residuals: Values) -> Values:
        """Many features off their course together matter more than one far off: hence the logarithm."""
        return np.asarray(np.log1p(residuals).mean(axis=1))

    def score(self, recent: Frame) -> Scores:
        residuals = self.residuals(self.scaling.apply(recent))
        parts = BLAME * np.log1p(excess(residuals, np.float32(1.0)))
        return scores(recent, "regression", self.scaling.features, self.edge.ratio(self.raw(residuals)), parts)


@dataclass(frozen=True, slots=True)
class RegressionDetector:
    """Ridge regression of every feature at once, by the inverse of the joint covariance (`ridge` added to it).

    Learned from at most `sample` rows spread over the history.
    """

    ridge: float = 1.0
    sample: int = 8000
    minimum_steps: int = 24
    floors: Floors = field(default_factory=dict)
    name: str = "regression"

    def fit(self, history: Frame, leave_out: Rows | None = None) -> RegressionScorer:
        learned = lesson(history, leave_out, self.minimum_steps, self.name)
        scaling = Scaling.fit(learned.frame, self.floors)
        z, count = scaling.apply(learned.frame), len(learned.frame.features)
        rows = learned.spread_out(self.sample)
        seen = design(z, rows)
        covariance = (seen.T @ seen).astype(np.float64) / len(seen) + self.ridge * np.eye(seen.shape[1])
        precision = np.linalg.inv(covariance)[:, :count]
        weights = (precision / np.diag(precision)).astype(np.float32)
        blank = RegressionScorer(scaling, weights, np.ones(count, np.float32), Edge())
        usual = np.maximum(np.quantile(blank.residuals(z, rows), USUAL, axis=0), 0.2).astype(np.float32)
        weighed = replace(blank, usual=usual)
        return replace(weighed, edge=Edge.of(weighed.raw(weighed.residuals(z, rows))))


def design(z: Values, rows: npt.NDArray[np.intp] | slice) -> Values:
    """The rows with what stands beside them in time: `[t, (1 + lags + averages) * features]`, bounded."""
    bounded = np.clip(z, -BOUND, BOUND)
    past = [lagged(bounded, steps)[rows] for steps in LAGS]
    slow = [levels(bounded, span)[rows] for span in SPANS]
    return np.hstack([bounded[rows], *past, *slow])
