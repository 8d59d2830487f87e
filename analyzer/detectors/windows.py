"""What a row means with those before it: causal windows and slow levels. No row sees a later one."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from analyzer.data import Values


def windows(z: Values, length: int) -> Values:
    """`[t, length * features]`: each row with the `length - 1` before it; before the first, the first is repeated."""
    padded = np.concatenate([np.repeat(z[:1], length - 1, axis=0), z])
    view = sliding_window_view(padded, length, axis=0)
    return np.ascontiguousarray(view).reshape(len(z), -1)


def levels(z: Values, span: float) -> Values:
    """Exponential average of the rows before each row, over about `span` of them; the first row has itself."""
    weight = np.float32(2.0 / (span + 1.0))
    level = np.empty_like(z)
    current = z[0].copy() if len(z) else np.zeros(0, np.float32)
    for row, value in enumerate(z):
        level[row] = current
        current += weight * (value - current)
    return level
