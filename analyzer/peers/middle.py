"""Medians that pass over gaps, of many series at once."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.floating[Any]]


def middle(values: Array, axis: int) -> Array:
    """The median along one axis, which is dropped; NaN where nothing is known."""
    ordered = np.sort(values, axis=axis)  # NaN goes last
    count = np.isfinite(values).sum(axis=axis, keepdims=True)
    low = np.take_along_axis(ordered, np.maximum((count - 1) // 2, 0), axis)
    high = np.take_along_axis(ordered, np.minimum(count // 2, values.shape[axis] - 1), axis)
    return np.asarray((low / 2 + high / 2).squeeze(axis))
