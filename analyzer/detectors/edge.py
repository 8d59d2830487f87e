"""What a model's numbers usually are: 0 at their middle in history, 1 at the edge of what history holds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analyzer.data import Times, Values

# What a model's number reached in this part of its history is the edge of the usual: ratio 1, score 0.5.
USUAL = 0.99
# What a feature is used to doing counts this much when causes are ranked.
USED_TO = 0.2
# All models count in spreads, averaged over features: on a host where nothing ever moves, less than this is nothing.
SMALLEST_UNIT = 0.1


@dataclass(frozen=True, slots=True)
class Edge:
    """`middle[h]` of a model's numbers, and how far above it their 99th percentile lies."""

    middle: Times
    unit: Times

    @classmethod
    def of(cls, raw: Values) -> Edge:
        """Of one host's `raw[1, t]`."""
        middle, high = np.quantile(raw, [0.5, USUAL], axis=1)
        return cls(middle, np.maximum(high - middle, SMALLEST_UNIT))

    def ratio(self, raw: Values) -> Values:
        """`[h, t]` of `raw[h, t]`."""
        return np.asarray(np.maximum(raw - self.middle[:, None], 0.0) / self.unit[:, None], dtype=np.float32)


def usual(parts: Values, least: float) -> Values:
    """What each feature's part reached in history, `[1, f]` of one host's `parts[1, t, f]`: it counts as 1."""
    columns = np.ascontiguousarray(parts[0].T)
    return np.asarray(np.maximum(np.quantile(columns, USUAL, axis=1), least), dtype=np.float32)[None]


def excess(parts: Values, often: Values | np.float32) -> Values:
    """What goes beyond what each feature does one row in a hundred: who always cries is not to blame.

    A fifth of it counts all the same, so that the quietest rows have an order too.
    """
    return np.asarray(np.maximum(parts - often, 0.0) + USED_TO * parts, dtype=np.float32)
