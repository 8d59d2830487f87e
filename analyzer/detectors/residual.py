"""Unusual is a change: how far each feature is from its own level of late."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from analyzer.data import Frame, Scores, Values
from analyzer.detectors.scaling import Floors, Rows, Scaling, lesson
from analyzer.detectors.scores import USUAL, Edge, excess, scores
from analyzer.detectors.windows import levels


@dataclass(frozen=True, slots=True)
class ResidualScorer:
    """`usual[f]` is what each feature's own changes count as 1 against; `often[f]` the blame that it is used to."""

    name: str
    scaling: Scaling
    span: float
    usual: Values
    often: Values
    edge: Edge

    def residuals(self, z: Values) -> Values:
        return np.asarray(np.abs(z - levels(z, self.span)))

    def raw(self, residuals: Values) -> Values:
        return np.asarray((residuals / self.usual).mean(axis=1))

    def score(self, recent: Frame) -> Scores:
        z = self.scaling.apply(recent)
        residuals = self.residuals(z)
        parts = excess(self.blame(z, residuals), self.often)
        return scores(recent, self.name, self.scaling.features, self.edge.ratio(self.raw(residuals)), parts)

    def blame(self, z: Values, residuals: Values) -> Values:
        """A feature far out that has stopped moving still is a cause, one that moves now a greater one."""
        return np.asarray((np.abs(z) + residuals) * self.scaling.worth)


@dataclass(frozen=True, slots=True)
class ResidualDetector:
    """The level is an exponential average over about `span` steps.

    `equal` weighs each feature by its own usual changes, so that restless ones don't drown the rest; without it a
    feature counts by its spread alone, and what seldom moves is loud when it does. Each sees what the other misses.
    """

    name: str
    span: float
    equal: bool = False
    minimum_steps: int = 24
    floors: Floors = field(default_factory=dict)

    def fit(self, history: Frame, leave_out: Rows | None = None) -> ResidualScorer:
        learned = lesson(history, leave_out, self.minimum_steps, self.name)
        scaling = Scaling.fit(learned.frame, self.floors)
        ones = np.ones(len(learned.frame.features), np.float32)
        blank = ResidualScorer(self.name, scaling, self.span, ones, ones, Edge())
        z = scaling.apply(learned.frame)
        every = blank.residuals(z)
        residuals = every[learned.rows]
        often = np.quantile(blank.blame(z, every)[learned.rows], USUAL, axis=0).astype(np.float32)
        usual = np.maximum(np.quantile(residuals, USUAL, axis=0), 1.0).astype(np.float32) if self.equal else blank.usual
        weighed = replace(blank, usual=usual, often=often)
        return replace(weighed, edge=Edge.of(weighed.raw(residuals)))
