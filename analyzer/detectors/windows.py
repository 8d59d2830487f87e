"""What a row means with those before it: causal windows, slow levels, peaks that fade. No row sees a later one."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from scipy.signal import lfilter

from analyzer.data import Values
from analyzer.detectors.scaling import column_slices


def windows(z: Values, length: int) -> Values:
    """`[t, features, length]`: each row with the `length - 1` before it; before the first, the first is repeated.

    A view on one copy of `z`: pick rows before flattening it.
    """
    padded = np.concatenate([np.repeat(z[:1], length - 1, axis=0), z])
    return sliding_window_view(padded, length, axis=0)


def lagged(z: Values, steps: int) -> Values:
    """Each row's value `steps` rows ago; before the first, the first."""
    return np.concatenate([np.repeat(z[:1], steps, axis=0), z])[: len(z)]


def averages(z: Values, span: float) -> Values:
    """Exponential average over about `span` rows up to and with each row, starting at the first; of each column."""
    smooth = np.empty_like(z)
    for part in column_slices(z) if len(z) else ():
        smooth[:, part] = _averages(z[:, part], 2.0 / (span + 1.0))
    return smooth


def _averages(z: Values, weight: float) -> Values:
    before = (1.0 - weight) * z[:1].astype(np.float64)
    smooth, _ = lfilter([weight], [1.0, weight - 1.0], z, axis=0, zi=before)
    return np.asarray(smooth)


def levels(z: Values, span: float) -> Values:
    """Exponential average of the rows before each row; the first row has itself."""
    return lagged(averages(z, span), 1)


def fading_peaks(values: Values, fade: float) -> Values:
    """The highest value so far, each step worth `fade` of what it was a step before."""
    peaks, peak = np.empty_like(values), 0.0
    for row, value in enumerate(values.tolist()):
        peak = max(value, peak * fade)
        peaks[row] = peak
    return peaks
