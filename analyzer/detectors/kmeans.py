"""Unusual is what no usual state resembles: the distance of the last steps to the nearest KMeans centroid."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from sklearn.cluster import KMeans
from threadpoolctl import threadpool_limits

from analyzer.data import Frame, Scores, Values
from analyzer.detectors.scaling import Floors, Rows, Scaling, lesson
from analyzer.detectors.scores import USUAL, Edge, scores
from analyzer.detectors.windows import windows

# Windows are flattened for so many rows at a time: a week of them at once would not fit the memory budget.
CHUNK = 2048


@dataclass(frozen=True, slots=True)
class KMeansScorer:
    """`centroids[k, features * length]` in scaled units; `usual[f]` is the misfit of each feature that counts as 1."""

    scaling: Scaling
    centroids: Values
    length: int
    usual: Values
    edge: Edge

    def misfit(self, z: Values) -> Values:
        """`[t, f]`: how far each feature's last steps are from those of the nearest state, root mean square."""
        every = windows(z, self.length)
        return np.concatenate([self._misfit(every[at : at + CHUNK]) for at in range(0, len(z), CHUNK)])

    def _misfit(self, some: Values) -> Values:
        seen = some.reshape(len(some), -1)
        nearest = ((self.centroids**2).sum(axis=1) - 2.0 * (seen @ self.centroids.T)).argmin(axis=1)
        squares = (seen - self.centroids[nearest]) ** 2
        return np.asarray(np.sqrt(squares.reshape(some.shape).mean(axis=2)) / self.usual)

    def score(self, recent: Frame) -> Scores:
        misfit = self.misfit(self.scaling.apply(recent))
        return scores(recent, "kmeans", self.scaling.features, self.edge.ratio(misfit.mean(axis=1)), misfit)


@dataclass(frozen=True, slots=True)
class KMeansDetector:
    """`states` centroids of windows of `length` steps, learned from at most `sample` of them."""

    states: int = 20
    length: int = 10
    sample: int = 2000
    minimum_steps: int = 24
    floors: Floors = field(default_factory=dict)
    seed: int = 0
    name: str = "kmeans"

    def fit(self, history: Frame, leave_out: Rows | None = None) -> KMeansScorer:
        learned = lesson(history, leave_out, self.minimum_steps, self.name)
        scaling = Scaling.fit(learned.frame, self.floors)
        z = scaling.apply(learned.frame)
        centroids = self._centroids(z, learned.spread_out(self.sample))
        blank = KMeansScorer(scaling, centroids, self.length, np.ones(len(learned.frame.features), np.float32), Edge())
        misfit = blank.misfit(z)[learned.rows]
        usual = np.maximum(np.quantile(misfit, USUAL, axis=0), 1.0).astype(np.float32)
        return replace(blank, usual=usual, edge=Edge.of((misfit / usual).mean(axis=1)))

    def _centroids(self, z: Values, rows: Rows) -> Values:
        drawn = windows(z, self.length)[rows].reshape(len(rows), -1)
        different = len(np.unique(drawn, axis=0))
        with threadpool_limits(limits=1):  # a refit must leave the other cores to the host
            model = KMeans(min(self.states, different), n_init=1, random_state=self.seed).fit(drawn)
        return np.asarray(model.cluster_centers_, dtype=np.float32)
