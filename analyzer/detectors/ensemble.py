"""What the models say together, with a short memory: an incident is not over with its first quiet step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np

from analyzer.data import Numbers, Values
from analyzer.detectors.past import averages, fading_peaks

ENSEMBLE = "ensemble"
# A step is worth what it is, what the last ones were on average, and what the worst of late has faded to.
SPAN, FADE = 10.0, 0.98
MOMENT, AVERAGE, PEAK = 0.25, 0.5, 0.5
# A single feature makes itself heard, but does not shout down what many features do together.
MOST_BEYOND = 0.8
# One reading far out is blamed less than two in a row: the step before has this much of the blame.
BEFORE = np.float32(0.5)
# After so many steps nothing of an earlier one is left that could change a decision, but how restless features were:
# who looks back no farther takes them for what they were in history.
LOOKBACK_STEPS = 240


@dataclass(frozen=True, slots=True)
class Vote:
    """How much a model counts for how abnormal a step is, and for which features are to blame.

    `single` is added where there is but one feature, half of it where there are two, and so on. Where `beyond` is set,
    what the model's log(1 + ratio) has beyond it is not averaged with the others but comes on top of them, up to
    MOST_BEYOND. `besides` is a vote that makes louder but never calmer: it is added as the others are, and the sum is
    divided as if it were not there.
    """

    abnormal: float = 1.0
    blame: float = 0.0
    single: float = 0.0
    beyond: float | None = None
    besides: float = 0.0

    def of(self, features: int) -> float:
        return self.abnormal + self.single / max(features, 1)


# Measured: docs/detection.md. Those that tell features apart in their own units are the ones to blame by.
VOTES: Mapping[str, Vote] = MappingProxyType(
    {
        # an average would drown it: four and a half times the greatest jump in history counts, less does not
        "alone": Vote(abnormal=0.0, beyond=1.5),
        "isolation_forest": Vote(abnormal=0.25),
        # a feature that no others explain is told by the shape of its course
        "kmeans": Vote(abnormal=0.75, single=1.25),
        "regression": Vote(blame=1.0),
        # a relation breaks seldom and stays broken: that it holds says nothing about a short blow
        "regression_slow": Vote(abnormal=0.0, besides=0.5),
        "residual_fast": Vote(),
        "residual_slow": Vote(blame=1.0),
    }
)


def momentary(told: Mapping[str, Numbers], votes: Mapping[str, Vote] = VOTES) -> Values:
    """`[h, t]`: the models' log(1 + ratio), averaged; ratios that multiply in rarity add up. Then what goes beyond."""
    asked = [(votes.get(name, Vote()), numbers) for name, numbers in told.items()]
    weights = [vote.of(numbers.parts.shape[2]) for vote, numbers in asked]
    counted = [weight + vote.besides * _others(numbers) for weight, (vote, numbers) in zip(weights, asked, strict=True)]
    total = sum(np.float32(each) * np.log1p(numbers.ratio) for each, (_, numbers) in zip(counted, asked, strict=True))
    averaged = total / np.float32(sum(weights) or 1.0)
    return np.asarray(averaged + sum(beyond(numbers, vote) for vote, numbers in asked), np.float32)


def lasting(moment: Values) -> Values:
    """What each of the rows `moment[h, t]` would be worth had all before it been like it."""
    return np.asarray((MOMENT + AVERAGE + PEAK) * moment, np.float32)


def beyond(numbers: Numbers, vote: Vote) -> Values | float:
    """What comes on top of the average, `[h, t]`; nothing where there is one feature and no other to drown it."""
    if vote.beyond is None:
        return 0.0
    above = np.clip(np.log1p(numbers.ratio) - np.float32(vote.beyond), 0.0, MOST_BEYOND)
    return np.asarray(np.float32(_others(numbers)) * above)


def _others(numbers: Numbers) -> float:
    """0 where there is one feature, nearly 1 where there are many others."""
    features = int(numbers.parts.shape[2])
    return 1.0 - 1.0 / max(features, 1)


def blamed(told: Mapping[str, Numbers], votes: Mapping[str, Vote] = VOTES) -> Values:
    """`[h, t, f]`: what each feature contributed."""
    weights = {name: votes.get(name, Vote()).blame for name in told}
    if not any(weights.values()):
        weights = dict.fromkeys(told, 1.0)
    asked = {name: weight for name, weight in weights.items() if weight}
    return np.asarray(sum(np.float32(weight) * told[name].parts for name, weight in asked.items()), np.float32)


def shares_of(parts: Values) -> Values:
    """Each row's parts as shares of their sum; all 0 where nothing contributed."""
    total = parts.sum(axis=-1, keepdims=True)
    return np.asarray(np.divide(parts, total, out=np.zeros_like(parts), where=total > 0))


@dataclass(frozen=True, slots=True)
class Remembered:
    """What the ensemble carries from row to row of each host: `average[h]` (NaN before the first) and `peak[h]`.

    `blame[h, f]` is what each feature contributed to the newest row.
    """

    average: Values
    peak: Values
    blame: Values

    @classmethod
    def nothing(cls, hosts: int, features: int) -> Remembered:
        blame = np.zeros((hosts, features), np.float32)
        return cls(np.full(hosts, np.nan, np.float32), np.zeros(hosts, np.float32), blame)

    def blamed(self, parts: Values) -> tuple[Values, Remembered]:
        """What each feature is blamed for at the rows `parts[h, t, f]`, given what came before them."""
        before = np.concatenate([self.blame[:, None], parts[:, :-1]], axis=1)
        return np.asarray(parts + BEFORE * (before - parts)), replace(self, blame=parts[:, -1])

    def advance(self, moment: Values) -> tuple[Values, Remembered]:
        """What the rows `moment[h, t]` are worth with what came before them."""
        start = np.where(np.isnan(self.average), moment[:, 0], self.average)
        average = averages(moment[..., None], SPAN, start[:, None])[:, 1:, 0]
        peak = fading_peaks(moment, FADE, self.peak)
        worth = MOMENT * moment + AVERAGE * average + PEAK * peak
        return np.asarray(worth, np.float32), replace(self, average=average[:, -1], peak=peak[:, -1])
