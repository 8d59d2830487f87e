"""From a model's own numbers to Scores in [0, 1]: 0.5 where they reach the edge of what its history holds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analyzer.data import Frame, Scores, Values
from analyzer.detectors.scaling import observed

# What a model's number reached in this part of its history is the edge of the usual: ratio 1, score 0.5.
USUAL = 0.99
# What a feature is used to doing counts this much when causes are ranked.
USED_TO = 0.1
# All models count in spreads, averaged over features: on a host where nothing ever moves, less than this is nothing.
SMALLEST_UNIT = 0.1


@dataclass(frozen=True, slots=True)
class Edge:
    """A model's own numbers in history: their middle counts as 0, their 99th percentile as 1."""

    middle: float = 0.0
    unit: float = 1.0

    @classmethod
    def of(cls, raw: Values) -> Edge:
        middle, high = (float(q) for q in np.quantile(raw, [0.5, USUAL]))
        return cls(middle, max(high - middle, SMALLEST_UNIT))

    def ratio(self, raw: Values) -> Values:
        return np.asarray(np.maximum(raw - self.middle, 0.0) / self.unit, dtype=np.float32)


def log_ratio(values: Values) -> Values:
    """log(1 + ratio) of a score: scores that multiply in rarity add up here."""
    return np.asarray(-np.log1p(-np.minimum(values, np.float32(1.0 - 1e-7))), dtype=np.float32)


def score_of(log_ratios: Values) -> Values:
    """The inverse of `log_ratio`."""
    return np.asarray(-np.expm1(-log_ratios), dtype=np.float32)


def excess(parts: Values, often: Values | np.float32) -> Values:
    """What goes beyond what each feature does one row in a hundred: who always cries is not to blame.

    A tenth of the rest is kept, so that the quietest rows have an order too.
    """
    return np.asarray(np.maximum(parts - often, 0.0) + USED_TO * parts, dtype=np.float32)


def shares_of(parts: Values) -> Values:
    """Each row's parts as shares of their sum; all 0 where nothing contributed."""
    total = parts.sum(axis=1, keepdims=True)
    return np.asarray(np.divide(parts, total, out=np.zeros_like(parts), where=total > 0))


def blamed(scores: Scores) -> Values:
    """What each feature contributed, in a size that compares steps and models; shares alone where none was told."""
    return scores.shares if scores.blame is None else np.asarray(scores.shares * scores.blame[:, None])


def scores(recent: Frame, model: str, features: tuple[str, ...], ratio: Values, parts: Values) -> Scores:
    """`parts[t, f]` >= 0 say what made up each row's number; rows that hold no value at all are NaN."""
    seen = observed(recent, features)
    values = np.where(seen, score_of(np.log1p(ratio)), np.float32(np.nan))
    shares = np.where(seen[:, None], shares_of(parts.astype(np.float32)), np.float32(0.0))
    blame = np.where(seen, parts.sum(axis=1), np.float32(0.0)).astype(np.float32)
    return Scores(recent.host, model, features, recent.times, values, shares, blame=blame)
