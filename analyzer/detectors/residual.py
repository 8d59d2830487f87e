"""Unusual is a change: how far each feature is from its own level of late."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analyzer.data import Level, Numbers, Values, Views
from analyzer.detectors.edge import Edge, excess, usual
from analyzer.detectors.past import STIRS_FROM
from analyzer.detectors.scaling import FARTHEST

# What is far out but no longer moves is to blame by so much of what moved as far just now.
STILL_OUT = np.float32(0.25)
# A feature that has stirred more in the long run than it did in history is heard less, but by no less than half; one
# that hardly stirred in history, by less than so many spreads on average, is not held to that.
LEAST_HEARD = np.float32(0.5)
LEAST_STIRS = np.float32(0.02)


@dataclass(frozen=True, slots=True)
class ResidualModel:
    """`usual[h, f]` is what each feature's own changes count as 1 against.

    `stirs[h, f]` is how far each is from its own level on average: who is restless for longer than history knows is
    heard less. `often[h, f]` is how far out, in spreads, each is used to be: that is what features are blamed by. Who
    weighs all equally has None, for that is not the same unit: its parts are the changes themselves, which cost it
    nothing.
    """

    name: str
    levels: tuple[Level, ...]
    usual: Values
    stirs: Values
    often: Values | None
    edge: Edge

    def numbers(self, views: Views) -> Numbers:
        changes = np.abs(views.z - views.level(self.levels[0])) / self.usual[:, None]
        changes /= np.clip(views.restless(self.stirs), 1.0, 1.0 / LEAST_HEARD)
        ratio = self.edge.ratio(changes.mean(axis=2))
        if self.often is None:
            return Numbers(ratio, changes)
        return Numbers(ratio, excess(farness(views, self.levels[0]), self.often[:, None]) * views.worth)


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
    needs: tuple[str, ...] = ()

    @property
    def levels(self) -> tuple[Level, ...]:
        return (Level(self.span, FARTHEST), STIRS_FROM)

    def learn(self, views: Views) -> ResidualModel:
        z = views.z
        changes = np.abs(z - views.level(self.levels[0]))
        unit = usual(changes, 1.0) if self.equal else np.ones((1, changes.shape[2]), np.float32)
        edge = Edge.of((changes / unit[:, None]).mean(axis=2))
        often = None if self.equal else usual(farness(views, self.levels[0]), 0.0)
        return ResidualModel(self.name, self.levels, unit, stirring(views), often, edge)


def stirring(views: Views) -> Values:
    """How far each feature is from its own level on average, `[1, f]` of one host."""
    near = np.clip(views.z, -STIRS_FROM.bound, STIRS_FROM.bound)
    return np.asarray(np.abs(near - views.level(STIRS_FROM)).mean(axis=1) + LEAST_STIRS)


def farness(views: Views, level: Level) -> Values:
    """A feature far out that has stopped moving still is a cause, one that moves now a greater one.

    Without bounds: what went ten times as far is to blame before what did not.
    """
    far = views.far
    return np.asarray(STILL_OUT * np.abs(far) + np.abs(far - views.level(level)))
