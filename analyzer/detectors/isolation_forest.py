"""Unusual is what few cuts set apart: an isolation forest over what regression and level leave unexplained.

Liu, Ting and Zhou, Isolation Forest, ICDM 2008. On raw features it hears half as much as on residuals.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
from sklearn import config_context
from sklearn.ensemble import IsolationForest

from analyzer.data import Frame, Scores, Values
from analyzer.detectors.regression import RegressionDetector, RegressionScorer
from analyzer.detectors.scaling import Floors, Rows, lesson
from analyzer.detectors.scores import Edge, scores
from analyzer.detectors.windows import levels

# scikit-learn would take a gibibyte for the depths of many rows in many trees.
WORKING_MEBIBYTES = 16


@dataclass(frozen=True, slots=True)
class IsolationForestScorer:
    regression: RegressionScorer
    forest: IsolationForest
    span: float
    edge: Edge

    def views(self, z: Values, rows: npt.NDArray[np.intp] | slice) -> Values:
        """`[t, 2 * features]`: what does not follow from the rest, and what changed."""
        changes = np.abs(z - levels(z, self.span))[rows]
        return np.hstack([self.regression.residuals(z, rows), changes])

    def isolation(self, views: Values) -> Values:
        with config_context(working_memory=WORKING_MEBIBYTES):
            return np.asarray(-self.forest.score_samples(views), dtype=np.float32)

    def score(self, recent: Frame) -> Scores:
        scaling = self.regression.scaling
        views = self.views(scaling.apply(recent), slice(None))
        # A forest names no feature; these are the ones that its cuts reach first.
        parts = views.reshape(len(views), 2, -1).sum(axis=1)
        return scores(recent, "isolation_forest", scaling.features, self.edge.ratio(self.isolation(views)), parts)


@dataclass(frozen=True, slots=True)
class IsolationForestDetector:
    """`trees` of `sample` rows each; what is usual is told by at most `rows` spread over the history."""

    trees: int = 100
    sample: int = 256
    rows: int = 4000
    span: float = 20.0
    minimum_steps: int = 24
    floors: Floors = field(default_factory=dict)
    seed: int = 0
    name: str = "isolation_forest"

    def fit(self, history: Frame, leave_out: Rows | None = None) -> IsolationForestScorer:
        learned = lesson(history, leave_out, self.minimum_steps, self.name)
        regression = RegressionDetector(minimum_steps=self.minimum_steps, floors=self.floors).fit(history, leave_out)
        forest = IsolationForest(n_estimators=self.trees, max_samples=self.sample, random_state=self.seed)
        blank = IsolationForestScorer(regression, forest, self.span, Edge())
        rows = learned.spread_out(self.rows)
        views = blank.views(regression.scaling.apply(learned.frame), rows)
        forest.set_params(max_samples=min(self.sample, len(views))).fit(views)
        return replace(blank, edge=Edge.of(blank.isolation(views)))
