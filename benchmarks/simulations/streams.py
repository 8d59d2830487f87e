"""Streams that a calm host may show: noise of many kinds, `values[t, f]` each. Nothing in them is an incident."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np
from scipy.signal import lfilter

from analyzer.data import Values

DAY_SECONDS, HOUR_SECONDS = 86400.0, 3600.0
# (random, rows, features, seconds between rows)
Stream = Callable[[np.random.Generator, int, int, float], Values]


def independent(random: np.random.Generator, rows: int, features: int, _step: float) -> Values:
    return random.normal(size=(rows, features)).astype(np.float32)


def related(random: np.random.Generator, rows: int, features: int, _step: float) -> Values:
    """Each feature goes on from where it was."""
    return _lasting(random, rows, features, 0.9)


def wandering(random: np.random.Generator, rows: int, features: int, _step: float) -> Values:
    """The same, for as long as hours."""
    return _lasting(random, rows, features, 0.999)


def joint(random: np.random.Generator, rows: int, features: int, _step: float) -> Values:
    """Two causes behind all features."""
    behind = _lasting(random, rows, 2, 0.95) @ random.normal(size=(2, features))
    return np.asarray(behind + 0.3 * random.normal(size=(rows, features)), np.float32)


def seasonal(random: np.random.Generator, rows: int, features: int, step: float) -> Values:
    times = np.arange(rows)[:, None] * step
    day = 2.0 * np.sin(2.0 * np.pi * (times / DAY_SECONDS + random.random())) * random.random(features)
    return np.asarray(day + 0.3 * _lasting(random, rows, features, 0.8), np.float32)


def heavy_tailed(random: np.random.Generator, rows: int, features: int, _step: float) -> Values:
    return random.standard_t(3, size=(rows, features)).astype(np.float32)


def bursting(random: np.random.Generator, rows: int, features: int, _step: float) -> Values:
    """What is mostly low and seldom high, as logarithms of noise are."""
    return np.asarray(np.exp(_lasting(random, rows, features, 0.9)), np.float32)


def scheduled(random: np.random.Generator, rows: int, features: int, step: float) -> Values:
    """A job each five minutes and a larger one each hour."""
    values = 0.3 * _lasting(random, rows, features, 0.7)
    for period, lasts, size in ((300.0, 30.0, 2.0), (HOUR_SECONDS, 120.0, 4.0)):
        on = (np.arange(rows) * step + random.random() * period) % period < lasts
        values[on] += size * random.random(features) * (1 + 0.2 * random.normal(size=(int(on.sum()), 1)))
    return np.asarray(values, np.float32)


def requested(random: np.random.Generator, rows: int, features: int, step: float) -> Values:
    """Counts of requests, whose rate has its day and its moods."""
    day = np.sin(2.0 * np.pi * np.arange(rows) * step / DAY_SECONDS)[:, None]
    rate = np.exp(0.5 * _lasting(random, rows, 1, 0.995) + 0.5 * day)
    return np.asarray(random.poisson(rate * random.uniform(0.5, 30.0, features)), np.float32)


def drifting(random: np.random.Generator, rows: int, features: int, _step: float) -> Values:
    """A random walk under noise."""
    way = 0.02 * np.cumsum(random.normal(size=(rows, features)), axis=0)
    return np.asarray(way + 0.3 * random.normal(size=(rows, features)), np.float32)


def violent(random: np.random.Generator, rows: int, features: int, step: float) -> Values:
    """Noise, and ten times a day a burst of a few rows, as high as chance will have it."""
    values = independent(random, rows, features, step)
    for begin in np.flatnonzero(random.random(rows) < 10.0 * step / DAY_SECONDS).tolist():
        values[begin : begin + int(random.integers(1, 6))] += 4.0 * random.exponential() * random.random(features)
    return values


def _lasting(random: np.random.Generator, rows: int, features: int, kept: float) -> Values:
    """Of variance 1, each row `kept` times the one before and something new."""
    noise = random.normal(size=(rows, features)) * np.sqrt(1.0 - kept**2)
    values: Values = lfilter([1.0], [1.0, -kept], noise, axis=0).astype(np.float32)
    return values


STREAMS: Mapping[str, Stream] = MappingProxyType(
    {
        "independent": independent,
        "related": related,
        "wandering": wandering,
        "joint": joint,
        "seasonal": seasonal,
        "heavy-tailed": heavy_tailed,
        "bursting": bursting,
        "scheduled": scheduled,
        "requested": requested,
        "drifting": drifting,
    }
)
