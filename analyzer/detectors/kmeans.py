"""Unusual is what no usual state resembles: the distance of the last steps to the nearest KMeans centroid."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sklearn.cluster import KMeans

from analyzer.data import Frame, Scores, Values
from analyzer.detectors.scaling import Scaling, usable
from analyzer.detectors.scores import scores, unit_of
from analyzer.detectors.windows import windows


@dataclass(frozen=True, slots=True)
class KMeansScorer:
    """`centroids[k, length * features]` in scaled units."""

    scaling: Scaling
    centroids: Values
    length: int
    unit: float = 1.0

    def misfit(self, recent: Frame) -> Values:
        """`[t, f]`: how far each feature's last steps are from the nearest state, squared and averaged."""
        seen = windows(self.scaling.apply(recent), self.length)
        nearest = ((self.centroids**2).sum(axis=1) - 2.0 * (seen @ self.centroids.T)).argmin(axis=1)
        squares = (seen - self.centroids[nearest]) ** 2
        return np.asarray(squares.reshape(len(seen), -1, self.length).mean(axis=2))

    def score(self, recent: Frame) -> Scores:
        parts = self.misfit(recent)
        ratio = np.sqrt(parts.mean(axis=1)) / np.float32(self.unit)
        return scores(recent, "kmeans", self.scaling.features, ratio, parts)


@dataclass(frozen=True, slots=True)
class KMeansDetector:
    """`states` centroids of windows of `length` steps, learned from at most `sample` of them."""

    states: int = 20
    length: int = 10
    sample: int = 5000
    minimum_steps: int = 40
    seed: int = 0
    name: str = "kmeans"

    def fit(self, history: Frame) -> KMeansScorer:
        kept = usable(history, self.minimum_steps, self.name)
        scaling = Scaling.fit(kept)
        seen = windows(scaling.apply(kept), self.length)
        drawn = seen[np.linspace(0, len(seen) - 1, min(len(seen), self.sample)).astype(int)]
        different = len(np.unique(drawn, axis=0))
        model = KMeans(min(self.states, different), n_init=1, random_state=self.seed).fit(drawn)
        unfinished = KMeansScorer(scaling, model.cluster_centers_.astype(np.float32), self.length)
        raw = np.sqrt(unfinished.misfit(kept).mean(axis=1))
        return KMeansScorer(scaling, unfinished.centroids, self.length, unit_of(raw))
