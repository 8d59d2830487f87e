"""From a model's own numbers to Scores: in [0, 1], 0.5 at the edge of what its history holds."""

from __future__ import annotations

import numpy as np

from analyzer.data import Frame, Scores, Values
from analyzer.detectors.scaling import observed

# What a model's score reached in this part of its history is its unit: ratio 1, score 0.5.
USUAL = 0.99


def unit_of(raw: Values) -> float:
    """The edge of the usual: a high quantile of the model's own numbers in history."""
    return max(float(np.quantile(raw, USUAL)), 1e-6)


def ratio_of(values: Values) -> Values:
    """How many times the edge of the usual a score is: the inverse of the squashing into [0, 1]."""
    return np.asarray(values / np.maximum(1.0 - values, 1e-7), dtype=np.float32)


def score_of(ratio: Values) -> Values:
    return np.asarray(ratio / (1.0 + ratio), dtype=np.float32)


def scores(recent: Frame, model: str, features: tuple[str, ...], ratio: Values, parts: Values) -> Scores:
    """`parts[t, f]` >= 0 say what made up each row's number; rows that hold no value at all are NaN."""
    seen = observed(recent, features)
    total = parts.sum(axis=1, keepdims=True)
    shares = np.divide(parts, total, out=np.zeros_like(parts), where=total > 0)
    values = np.where(seen, score_of(ratio), np.float32(np.nan))
    return Scores(recent.host, model, features, recent.times, values, np.where(seen[:, None], shares, 0.0))
