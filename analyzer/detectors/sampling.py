"""Which rows of a history are learned from: enough to tell the usual, no more."""

from __future__ import annotations

import numpy as np

from analyzer.data import Rows


def spread_out(count: int, most: int) -> Rows:
    """At most `most` of `count` places, evenly."""
    return np.linspace(0, count - 1, min(count, most)).astype(np.intp)
