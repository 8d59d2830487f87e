"""What the models say together: one Scores whose number is their mean and whose shares are theirs, weighted."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from analyzer.data import Scores
from analyzer.detectors.scores import ratio_of, score_of

ENSEMBLE = "ensemble"


def combined(votes: Sequence[Scores]) -> Scores:
    """The mean of the models' ratios to their own edge of the usual; all votes are on the same rows and features."""
    first = votes[0]
    ratios = np.stack([ratio_of(vote.values) for vote in votes])
    parts = sum(ratio[:, None] * vote.shares for ratio, vote in zip(ratios, votes, strict=True))
    parts = np.nan_to_num(np.asarray(parts, dtype=np.float32))
    total = parts.sum(axis=1, keepdims=True)
    shares = np.divide(parts, total, out=np.zeros_like(parts), where=total > 0)
    return Scores(first.host, ENSEMBLE, first.features, first.times, score_of(ratios.mean(axis=0)), shares)
