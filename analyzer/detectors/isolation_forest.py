"""Unusual is what few cuts set apart: an isolation forest over levels and residuals (Liu, Ting, Zhou 2008)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sklearn.ensemble import IsolationForest

from analyzer.data import Frame, Scores, Values
from analyzer.detectors.scaling import Scaling, usable
from analyzer.detectors.scores import scores, unit_of
from analyzer.detectors.windows import levels


@dataclass(frozen=True, slots=True)
class IsolationForestScorer:
    scaling: Scaling
    forest: IsolationForest
    span: float
    middle: float = 0.0
    unit: float = 1.0

    def views(self, recent: Frame) -> tuple[Values, Values]:
        """The scaled level of each feature, and its residual against the recent past."""
        z = self.scaling.apply(recent)
        return z, z - levels(z, self.span)

    def isolation(self, recent: Frame) -> Values:
        return np.asarray(-self.forest.score_samples(np.hstack(self.views(recent))), dtype=np.float32)

    def score(self, recent: Frame) -> Scores:
        z, residual = self.views(recent)
        isolation = -self.forest.score_samples(np.hstack([z, residual]))
        ratio = (np.maximum(isolation - self.middle, 0.0) / self.unit).astype(np.float32)
        # A forest names no feature; those farthest out are what its cuts reach first.
        parts = np.sqrt(np.abs(z)) + np.abs(residual)
        return scores(recent, "isolation_forest", self.scaling.features, ratio, parts)


@dataclass(frozen=True, slots=True)
class IsolationForestDetector:
    trees: int = 100
    sample: int = 256
    span: float = 60.0
    minimum_steps: int = 40
    seed: int = 0
    name: str = "isolation_forest"

    def fit(self, history: Frame) -> IsolationForestScorer:
        kept = usable(history, self.minimum_steps, self.name)
        forest = IsolationForest(
            n_estimators=self.trees, max_samples=min(self.sample, len(kept.times)), random_state=self.seed
        )
        unfinished = IsolationForestScorer(Scaling.fit(kept), forest, self.span)
        forest.fit(np.hstack(unfinished.views(kept)))
        raw = unfinished.isolation(kept)
        middle = float(np.median(raw))
        return IsolationForestScorer(unfinished.scaling, forest, self.span, middle, unit_of(raw - middle))
