"""Conformal intervals: as wide as the series' own forecasts missed before, the newest misses counting most."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np

from analyzer.forecasters.grid import Array, picked
from analyzer.forecasters.mixture import Missed, Reach

FORGETTING = 0.95
# Where nothing could be told at any origin, all count alike.
UNTOLD = 1e-6
SLOWEST, FASTEST = 0.0, 1.0
# A line's misses shrink with the root of the time it was seen, as the error of a mean does.
LEARNED = 0.5


def half_widths(
    missed: tuple[Missed, ...], reaches: tuple[Reach, ...], known: int, bins: int, level: float, trend: Array
) -> Array:
    """Half the interval's width for each of `bins` ahead of `known` ones: shape (series, bins).

    Never narrower farther ahead, and farther than the history is long in proportion to the distance: of that it says
    nothing. `trend` in [0, 1] is how far each series is a line: how steep it is was known less well at earlier moments.
    """
    missed = tuple(as_known_now(each, trend) for each in missed)
    counts = [np.minimum(2 * each.told, 1.0) for each in missed]  # an origin counts where half could be told
    sizes = np.stack([weighted_quantile(each, count, level) for each, count in zip(missed, counts, strict=True)], 1)
    seen = np.stack([count.sum(axis=1) for count in counts], axis=1)
    quantiles = never_falling(sizes * small_sample(seen, level))
    middles = tuple((reach.first + reach.end + 1) / 2 for reach in reaches)
    return growing(quantiles, middles, bins) * np.maximum(np.arange(1, bins + 1) / known, 1.0)


def as_known_now(missed: Missed, trend: Array) -> Missed:
    """What would have been missed then with as much history as there is now."""
    grown = missed.known[None, :] ** (LEARNED * trend[:, None])
    return replace(missed, size=missed.size * grown[..., None, None])


def never_falling(quantiles: Array) -> Array:
    """The middle between the smallest rows above and the largest below that don't fall: either alone leans one way."""
    above = np.maximum.accumulate(quantiles, axis=1)
    below = np.minimum.accumulate(quantiles[:, ::-1], axis=1)[:, ::-1]
    return np.asarray((above + below) / 2)


def small_sample(origins: Array, level: float) -> Array:
    """How much wider few origins make it: the values of one day are not independent, so days count, by Student's t."""
    from scipy.special import ndtri, stdtrit  # noqa: PLC0415 - a fleet's own process forecasts nothing and does without

    return np.asarray(stdtrit(np.maximum(origins, 1.0), (1 + level) / 2) / ndtri((1 + level) / 2))


def weighted_quantile(missed: Missed, count: Array, level: float) -> Array:
    """The absolute miss that `level` of the weight doesn't exceed; each origin weighs its `count`, the newer more."""
    series, origins = missed.size.shape[:2]
    size = np.abs(missed.size).reshape(series, -1)
    each = (count + UNTOLD) * FORGETTING ** np.arange(origins)
    weight = np.repeat(each, size.shape[1] // origins, axis=1)
    order = np.argsort(size, axis=1)  # NaN goes last
    size = picked(size, order)
    weights = np.where(np.isfinite(size), picked(weight, order), 0.0)
    held = np.cumsum(weights, axis=1)
    place = (held < level * held[:, -1:]).sum(axis=1)[:, None]
    return np.asarray(np.nan_to_num(picked(size, np.minimum(place, size.shape[1] - 1))[:, 0]))


def growing(quantiles: Array, middles: tuple[float, ...], bins: int) -> Array:
    """Straight between the distances that were checked; beyond, it grows by the power of time seen among them."""
    widths = quantiles @ between_middles(middles, bins)
    beyond = np.arange(1, bins + 1) / middles[-1]
    if len(middles) > 1 and beyond[-1] > 1:
        ratio = np.maximum(quantiles[:, -1], 1e-12) / np.maximum(quantiles[:, 0], 1e-12)
        power = np.clip(np.log(ratio) / np.log(middles[-1] / middles[0]), SLOWEST, FASTEST)
        widths *= np.maximum(beyond, 1.0) ** power[:, None]
    return np.asarray(widths)


@lru_cache
def between_middles(middles: tuple[float, ...], bins: int) -> Array:
    """How much of each reach's quantile each bin takes: shape (reaches, bins)."""
    ahead = np.arange(1, bins + 1, dtype=np.float64)
    return np.stack([np.interp(ahead, middles, row) for row in np.eye(len(middles))], axis=0)
