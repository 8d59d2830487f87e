"""How fast a series drifts: many slopes of the past, each weighed by how well it told what came then."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analyzer.forecasters.grid import Array, median
from analyzer.forecasters.regime import regime_slope

AHEAD = 4
MEAN_BLOCKS = (1, 2, 3, 5, 7, 14, 21)
ROBUST_BLOCKS = (3, 5, 7, 13)
SHARPNESS = 4.0
# The regime's slope uses all that belongs together, so it is trusted more than its own short past proves.
REGIME_TRUST = 3.0
FORGETTING = 0.85
FLOOR = 1e-6


@dataclass(frozen=True)
class Origins:
    """The moments a forecast is made from: now first, then the end of each earlier block that can be checked.

    `newest[j]` is the last block known at origin j, `weights[j]` how much that origin's errors count (now: none).
    """

    newest: npt.NDArray[np.intp]
    weights: Array

    @classmethod
    def of(cls, blocks: int, most: int = 12) -> Origins:
        count = max(min(blocks - 3, most), 1)
        ago = np.arange(count + 1)
        return cls(blocks - 1 - ago, np.where(ago > 0, FORGETTING**ago, 0.0))

    def back(self, count: int) -> npt.NDArray[np.intp]:
        """The `count` newest blocks known at each origin, newest first; the oldest stands in for what is before it."""
        return np.asarray(np.maximum(self.newest[:, None] - np.arange(count), 0))


def drift(blocks: Array, origins: Origins) -> Array:
    """The change to expect from one block to the next: shape (series, origins)."""
    levels = median(blocks, 2)
    none = np.zeros((len(blocks), len(origins.newest)))
    slopes = np.stack([none, *candidates(blocks, levels, origins), regime_slope(blocks, origins.newest)], axis=2)
    last = blocks.shape[1] - 1
    ahead = np.arange(1, AHEAD + 1)
    target = origins.newest[1:, None] + ahead
    weight = np.where(target <= last, origins.weights[1:, None], 0.0) / ahead
    moved = levels[:, np.minimum(target, last)] - levels[:, origins.newest[1:], None]
    miss = np.abs(moved[..., None] - slopes[:, 1:, None, :] * ahead[:, None])
    error = (miss * weight[..., None]).sum(axis=(1, 2)) / max(weight.sum(), FLOOR)
    error[:, -1] /= REGIME_TRUST
    shares = shares_of(error, SHARPNESS)
    return np.asarray((slopes * shares[:, None, :]).sum(axis=2))


def candidates(blocks: Array, levels: Array, origins: Origins) -> list[Array]:
    """Mean and Theil-Sen-like median changes over whole blocks, least squares within the newest one."""
    newest, last, width = origins.newest, blocks.shape[1] - 1, blocks.shape[2]
    change = np.diff(levels, axis=1, prepend=2 * levels[:, :1] - levels[:, 1:2])
    spans = np.array([span for span in MEAN_BLOCKS if span < last], dtype=np.intp)
    start = np.maximum(newest - spans[:, None], 0)
    means = (levels[:, None, newest] - levels[:, start]) / np.maximum(newest - start, 1)
    slopes: list[Array] = list(means.transpose(1, 0, 2))
    slopes.extend(median(change[:, origins.back(span)], 2) for span in ROBUST_BLOCKS if span <= last)
    for bins in sorted({width // 4, width // 2, width}):
        if bins >= 3:  # noqa: PLR2004 - two points are no regression
            place = np.arange(bins) - (bins - 1) / 2
            slopes.append(((blocks[:, :, width - bins :] * place).sum(axis=2) / (place @ place) * width)[:, newest])
    return slopes


def shares_of(error: Array, sharpness: float) -> Array:
    """Weights along the last axis that add up to 1: the smaller an error beside the smallest, the larger its share."""
    relative = error / np.maximum(error.min(axis=-1, keepdims=True), FLOOR)
    weights = (relative + 1e-3) ** -sharpness
    return np.asarray(weights / weights.sum(axis=-1, keepdims=True))
