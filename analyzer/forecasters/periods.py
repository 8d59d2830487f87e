"""Periods that are no day: a log rotated every 37 hours, a retention that deletes every third day."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analyzer.forecasters.grid import Array, Rows

SHORTEST = 4
# A period is one that was seen so often at least; two drops say it, where the series began and ended between others.
CYCLES = 2.2
# How much more like itself a series' changes must be a period later than somewhat sooner and later: a pace that
# changed once is alike at many distances.
CLEAR = 0.4
NEAR = 3
# Twice a period is a period as well: the shortest whose likeness is nearly the greatest counts.
FUNDAMENTAL = 0.85
MULTIPLES = (1, 2, 4, 8)
# Less likeness than the root of this says nothing of where a multiple lies.
NOTABLE = 1e-2
ROUNDING = 1e-6  # of bins: a whole period later is the same bin


def find_periods(blocks: Array) -> Array:
    """Each series' period in bins of `blocks[n, b, p]`, fractions included; NaN where its changes show none."""
    bins = blocks.reshape(len(blocks), -1)
    count = bins.shape[1]
    longest = int(count / CYCLES)
    found = np.full(len(bins), np.nan)
    if longest <= SHORTEST:
        return found
    lag = np.arange(SHORTEST, longest + 1)
    aside = np.maximum(lag // 4, NEAR)
    likeness = autocorrelation(np.diff(bins, axis=1), int(lag[-1] + aside[-1]) + 2)
    at = likeness[:, lag]
    peaks = (at >= likeness[:, lag - 1]) & (at >= likeness[:, lag + 1])
    beside = (likeness[:, lag - aside] + likeness[:, lag + aside]) / 2
    height = np.where(peaks & (at - beside > CLEAR * count / (count - lag)), at, 0.0)
    best = height.max(axis=1)
    rows = np.flatnonzero(best > 0)
    first = lag[(height[rows] >= FUNDAMENTAL * best[rows, None]).argmax(axis=1)]
    found[rows] = refined(likeness[rows, : longest + 2], first.astype(np.float64))
    return found


def autocorrelation(values: Array, lags: int) -> Array:
    """Of each row with itself 0 to lags - 1 later, by the power spectrum (Wiener and Khinchin).

    With the more alike of both neighbours: a fraction of a bin spreads a peak over two lags.
    """
    values = values - values.mean(axis=1, keepdims=True)
    size = 1 << (values.shape[1] + lags).bit_length()
    power = np.abs(np.fft.rfft(values, size, axis=1)) ** 2
    products = np.fft.irfft(power, size, axis=1)[:, :lags]
    overlap = values.shape[1] / (values.shape[1] - np.arange(lags))
    likeness = products * overlap / np.maximum(products[:, :1], 1e-12)
    beside = np.maximum(np.maximum(likeness[:, :-2], likeness[:, 2:]), 0.0)
    likeness[:, 2:-1] += beside[:, 1:]
    return np.asarray(likeness)


def refined(likeness: Array, period: Array) -> Array:
    """Far multiples tell the fraction: each moves the period to the middle of the peak that stands near it."""
    rows = np.arange(len(period))[:, None]
    last = likeness.shape[1] - 2
    for times in MULTIPLES:
        near = np.round(period * times).astype(np.intp)
        place = np.minimum(near, last)[:, None] + np.array([-1, 0, 1])
        weight = np.maximum(likeness[rows, place], 0.0) ** 2
        total = weight.sum(axis=1)
        middle = (weight * place).sum(axis=1) / np.maximum(total, NOTABLE)
        period = np.where((near <= last) & (total > NOTABLE), middle / times, period)
    return period


@dataclass(frozen=True)
class Periodic:
    """Each bin as the middle of where it stood one, two and three periods before, plus what a period brings.

    Of the series `speaks_of`, whose `period` is known in bins.
    """

    blocks: Array
    newest: Rows
    speaks_of: Rows
    period: Array
    blocks_needed: int = 1

    def path(self, blocks: int, *, now: bool = False) -> Array:
        newest = self.newest[:1] if now else self.newest
        width = self.blocks.shape[2]
        told = np.zeros((len(self.blocks), len(newest), blocks * width))
        bins = self.blocks[self.speaks_of].reshape(len(self.speaks_of), -1)
        period = self.period[:, None, None]
        end = (newest[None, :, None] + 1.0) * width - 1
        ahead = np.arange(1, told.shape[2] + 1)
        cycles = np.ceil(ahead / period - ROUNDING)
        gain = gained(bins, period, end)
        once = between_bins(bins, end + ahead - cycles * period)
        twice, thrice = (
            earlier(bins, end + ahead - (cycles + more) * period, once - more * gain) + more * gain for more in (1, 2)
        )
        told[self.speaks_of] = middle_of_three(once, twice, thrice) + cycles * gain
        return told


def gained(bins: Array, period: Array, end: Array) -> Array:
    """What a period brings: the mean of the newest less that of the oldest known, by the periods between."""
    sums = np.concatenate([np.zeros((len(bins), 1)), np.cumsum(bins, axis=1)], axis=1)
    cycles = np.maximum(np.floor((end + 1) / period) - 1, 1)

    def mean(until: Array) -> Array:
        return (between_bins(sums, until) - between_bins(sums, until - period)) / period

    return np.asarray((mean(end + 1) - mean(np.maximum(end + 1 - cycles * period, period))) / cycles)


def earlier(bins: Array, places: Array, otherwise: Array) -> Array:
    """What stood at `places`, or what is said `otherwise` where that is before the history."""
    return np.asarray(np.where(places >= 0, between_bins(bins, places), otherwise))


def between_bins(values: Array, places: Array) -> Array:
    """`values[n, t]` at the fractional `places[n, …]`, straight between; before the first, the first."""
    left = np.clip(places.astype(np.intp), 0, values.shape[1] - 2)
    part = np.clip(places - left, 0.0, 1.0)
    flat = values.ravel()
    left = left + np.arange(len(values)).reshape(-1, *[1] * (places.ndim - 1)) * values.shape[1]
    before = flat[left]
    return np.asarray(before + part * (flat[left + 1] - before))


def middle_of_three(a: Array, b: Array, c: Array) -> Array:
    return np.asarray(np.maximum(np.minimum(a, b), np.minimum(np.maximum(a, b), c)))
