"""The forecast: all candidates, each with the share it earned by telling this series' own past, by distance ahead."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analyzer.forecasters.drift import AHEAD, FLOOR, Origins, drift, shares_of
from analyzer.forecasters.grid import Array
from analyzer.forecasters.paths import Candidate, candidate_paths

SHARPNESS = 6.0


@dataclass(frozen=True)
class Reach:
    """One distance ahead that is weighed by itself: bins `first` to `end` of block `block` after an origin."""

    block: int
    first: int
    end: int


@dataclass(frozen=True)
class Mixture:
    """`point[n, bin]` for each bin ahead; `residuals[r][n, origin, bin, raw]` what it missed in the past, by reach."""

    point: Array
    residuals: tuple[Array, ...]
    reaches: tuple[Reach, ...]


def reaches_of(width: int, blocks: int) -> tuple[Reach, ...]:
    """The first quarter of a block, its rest, and each whole block after it that some origin can check."""
    quarter = max(width // 4, 1)
    checked = min(AHEAD, max(blocks - 3, 1))
    near = (Reach(1, 0, quarter), Reach(1, quarter, width)) if quarter < width else (Reach(1, 0, width),)
    return near + tuple(Reach(k, 0, width) for k in range(2, checked + 1))


def mix(blocks: Array, raw: Array, ahead_blocks: int, *, daily: bool) -> Mixture:
    """Forecast `blocks[n, b, p]` for `ahead_blocks` more; `raw[n, b, p, i]` are the values that intervals must hold."""
    origins = Origins.of(blocks.shape[1])
    candidates = candidate_paths(blocks, drift(blocks, origins), origins, daily=daily)
    reaches = reaches_of(blocks.shape[2], blocks.shape[1])
    checked = max(reach.block for reach in reaches)
    paths = {(c, k): c.path(k) for c in candidates for k in range(1, checked + 1)}
    shares, residuals = [], []
    for reach in reaches:
        told = np.stack([paths[c, reach.block][:, :, reach.first : reach.end] for c in candidates], axis=3)
        share = shares_of(errors(blocks, told[:, 1:], reach, candidates, origins), SHARPNESS)
        shares.append(share)
        residuals.append(misses(raw, np.einsum("njpc,nc->njp", told[:, 1:], share), reach, origins))
    ahead = []
    for k in range(1, ahead_blocks + 1):
        now = np.stack([(paths[c, k] if (c, k) in paths else c.path(k))[:, 0] for c in candidates], axis=2)
        ahead += [
            np.einsum("npc,nc->np", now[:, reach.first : reach.end], shares[r])
            for r, reach in enumerate(reaches)
            if reach.block == min(k, checked)
        ]
    return Mixture(np.concatenate(ahead, axis=1), tuple(residuals), reaches)


def errors(blocks: Array, told: Array, reach: Reach, candidates: list[Candidate], origins: Origins) -> Array:
    """Mean absolute error of each candidate at one reach: shape (series, candidates)."""
    target = origins.newest[1:] + reach.block
    came = blocks[:, np.minimum(target, blocks.shape[1] - 1), reach.first : reach.end]
    error = np.abs(told - came[..., None]).mean(axis=2)
    needed = np.array([c.blocks_needed for c in candidates])
    can_tell = origins.newest[1:, None] >= needed - 1
    weights = np.where((target <= blocks.shape[1] - 1)[:, None] & can_tell, origins.weights[1:, None], 0.0)
    total = weights.sum(axis=0)
    mean = (error * weights).sum(axis=1) / np.maximum(total, FLOOR)
    return np.asarray(np.where(total > 0, mean, mean.max(axis=1, keepdims=True) + 1.0))


def misses(raw: Array, told: Array, reach: Reach, origins: Origins) -> Array:
    """What came less what was told, for every value seen; NaN where nothing came yet or was seen."""
    target = origins.newest[1:] + reach.block
    known = target <= raw.shape[1] - 1
    came = raw[:, target[known], reach.first : reach.end]
    return np.asarray(came - told[:, known][..., None])
