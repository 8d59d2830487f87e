"""Unusual is what the recent past did not foretell: the residual of each feature against its own slow level."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analyzer.data import Frame, Scores, Values
from analyzer.detectors.scaling import Scaling, usable
from analyzer.detectors.scores import scores, unit_of
from analyzer.detectors.windows import levels


@dataclass(frozen=True, slots=True)
class RegressionScorer:
    scaling: Scaling
    span: float
    unit: float = 1.0

    def residuals(self, recent: Frame) -> Values:
        z = self.scaling.apply(recent)
        return np.asarray(np.abs(z - levels(z, self.span)))

    def score(self, recent: Frame) -> Scores:
        parts = self.residuals(recent)
        ratio = parts.mean(axis=1) / np.float32(self.unit)
        return scores(recent, "regression", self.scaling.features, ratio, parts)


@dataclass(frozen=True, slots=True)
class RegressionDetector:
    """An exponentially weighted regression on a level, over about `span` steps."""

    span: float = 60.0
    minimum_steps: int = 40
    name: str = "regression"

    def fit(self, history: Frame) -> RegressionScorer:
        kept = usable(history, self.minimum_steps, self.name)
        unfinished = RegressionScorer(Scaling.fit(kept), self.span)
        raw = unfinished.residuals(kept).mean(axis=1)
        return RegressionScorer(unfinished.scaling, self.span, unit_of(raw))
