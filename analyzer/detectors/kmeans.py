"""Unusual is what no usual state resembles: the distance of the last steps to the nearest KMeans centroid."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analyzer.data import Level, Numbers, Values, Views
from analyzer.detectors.edge import Edge, usual
from analyzer.detectors.sampling import spread_out
from analyzer.k_means import moved, spread_apart

# Windows are laid out for so many rows at a time: these stay near the processor.
CHUNK = 512
# Centroids are near enough to where they go by then.
MOST_ROUNDS = 12


@dataclass(frozen=True, slots=True)
class KMeansModel:
    """`centroids[h, k, length * f]` in scaled units; `usual[h, f]` is the misfit of each feature that counts as 1."""

    centroids: Values
    usual: Values
    length: int
    edge: Edge
    name: str = "kmeans"
    levels: tuple[Level, ...] = ()

    def numbers(self, views: Views) -> Numbers:
        misfit = misfits(views, self.centroids, self.length) / self.usual[:, None]
        return Numbers(self.edge.ratio(misfit.mean(axis=2)), misfit)


@dataclass(frozen=True, slots=True)
class KMeansDetector:
    """`states` centroids of windows of `length` steps, learned from at most `sample` of them."""

    states: int = 20
    length: int = 10
    sample: int = 2000
    minimum_steps: int = 24
    needs: tuple[str, ...] = ()
    seed: int = 0
    name: str = "kmeans"
    levels: tuple[Level, ...] = ()

    def learn(self, views: Views) -> KMeansModel:
        found = self._centroids(views)[None]
        misfit = misfits(views, found, self.length)
        unit = usual(misfit, 1.0)
        return KMeansModel(found, unit, self.length, Edge.of((misfit / unit[:, None]).mean(axis=2)))

    def _centroids(self, views: Views) -> Values:
        """`[states, length * f]`; where history shows fewer different windows, the last is repeated."""
        drawn = views.at(spread_out(views.count, self.sample)).window(self.length)[0]
        begun = spread_apart(drawn, self.states, np.random.default_rng(self.seed))
        found, _ = moved(drawn, begun, MOST_ROUNDS)
        return np.concatenate([found, np.repeat(found[-1:], self.states - len(found), axis=0)])


def misfits(views: Views, states: Values, length: int) -> Values:
    """`[h, t, f]`: how far each feature's last steps are from those of the nearest state, root mean square."""
    if views.count <= CHUNK:
        return _misfits(views.window(length), states, length)
    parts = [views.at(np.arange(at, min(at + CHUNK, views.count))) for at in range(0, views.count, CHUNK)]
    return np.concatenate([_misfits(part.window(length), states, length) for part in parts], axis=1)


def _misfits(seen: Values, states: Values, length: int) -> Values:
    distances = (states**2).sum(axis=2)[:, None] - 2.0 * (seen @ states.swapaxes(1, 2))
    nearest = distances.argmin(axis=2)
    squares = (seen - states[np.arange(len(states))[:, None], nearest]) ** 2
    return np.asarray(np.sqrt(squares.reshape(*seen.shape[:2], length, -1).mean(axis=2)))
