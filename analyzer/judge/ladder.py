"""How often each height of score comes: episodes a day at a ladder of levels, and the bar that keeps a budget."""

from __future__ import annotations

import numpy as np

from analyzer.data import Times, Values

DAY_SECONDS = 86400.0
# Scores are told as ratios to the edge of what the model's history holds, so one ladder fits every host and model.
LEVELS: Values = np.geomspace(0.25, 500.0, 160).astype(np.float32)
# Rows no farther apart than this belong to one episode: an operator would see one alarm.
GAP_STEPS = 10


def episode_counts(ratios: Values, gap_steps: int = GAP_STEPS) -> Values:
    """How many episodes of one host's scores reach each level."""
    counts = np.zeros(len(LEVELS), np.float32)
    for position, level in enumerate(LEVELS):
        rows = np.flatnonzero(ratios >= level)
        counts[position] = 0 if len(rows) == 0 else 1 + int((np.diff(rows) > gap_steps).sum())
    return counts


def bars(counts: Values, days: Times, budget: float) -> Values:
    """For each host the lowest level from which on every level kept within `budget` episodes a day.

    `counts[h, l]` episodes reached level l in `days[h]` days.
    """
    within = counts <= (budget * days)[:, None]
    onward = np.logical_and.accumulate(within[:, ::-1], axis=1)[:, ::-1]
    lowest = np.where(onward.any(axis=1), onward.argmax(axis=1), len(LEVELS) - 1)
    return np.asarray(LEVELS[lowest], dtype=np.float32)
