"""The forecast: all candidates, each with the share it earned by telling this series' own past, by distance ahead."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from analyzer.forecasters.drift import FLOOR, Origins, drift, shares_of
from analyzer.forecasters.grid import Array
from analyzer.forecasters.jumps import Mended
from analyzer.forecasters.paths import Candidate, candidate_paths

SHARPNESS = 7.0
FARTHEST = 4
# The error of what could never be checked: it earns no share.
UNKNOWN = 1e9


@dataclass(frozen=True)
class Reach:
    """One distance ahead that is weighed by itself: the bins from `first` to before `end` of a path."""

    first: int
    end: int


@dataclass(frozen=True)
class Missed:
    """`size[n, origin, bin, raw]` is what came less what was told, newest origin first, gaps NaN.

    `told[n, origin]` is the share of the mixture that could already be told there: what needs a week of history can't
    be blamed for earlier. `known[origin]` is the share of the present history that was known there.
    """

    size: Array
    told: Array
    known: Array


@dataclass(frozen=True)
class Mixture:
    """`point[n, bin]` for each bin ahead; `missed[r]` what it missed in the past at each reach."""

    point: Array
    missed: tuple[Missed, ...]
    reaches: tuple[Reach, ...]


def reaches_of(width: int, blocks: int) -> tuple[Reach, ...]:
    """The first quarter of a block, its rest, and each whole block after it that some origin can check."""
    quarter = max(width // 4, 1)
    checked = min(FARTHEST, max(blocks - 3, 1))
    ends = [quarter, *(width * k for k in range(1, checked + 1))]
    return tuple(Reach(first, end) for first, end in pairwise([0, *ends]) if end > first)


def mix(history: Mended, raw: Array, period: Array, ahead_blocks: int, *, daily: bool) -> Mixture:
    """Forecast a history for `ahead_blocks` more; `raw[n, b, p, i]` are the values that intervals must hold.

    `period[n]` is that of each series in bins, NaN where it has none.
    """
    blocks = history.blocks
    origins = Origins.of(blocks.shape[1])
    candidates = candidate_paths(blocks, drift(history.pace, origins), period, origins, daily=daily)
    reaches = reaches_of(blocks.shape[2], blocks.shape[1])
    checked = reaches[-1].end // blocks.shape[2]
    told = np.empty((len(candidates), len(blocks), len(origins.newest) - 1, reaches[-1].end))
    for path, candidate in zip(told, candidates, strict=True):
        path[:] = candidate.path(checked)[:, 1:]
    shares = shares_of(errors(came(blocks, origins, checked), told, reaches, candidates, origins), SHARPNESS)
    could = np.einsum("nrc,jc->nrj", shares, can_tell(candidates, origins))
    return Mixture(
        mixed(np.stack([candidate.path(ahead_blocks, now=True) for candidate in candidates]), shares, reaches)[:, 0],
        misses(
            came(raw, origins, checked) - mixed(told, shares, reaches)[..., None],
            could,
            origins,
            reaches,
            blocks.shape[2],
        ),
        reaches,
    )


def came(values: Array, origins: Origins, count: int) -> Array:
    """The `count` blocks that followed each earlier origin, as (series, origins, bins, …); NaN where none did yet."""
    target = origins.newest[1:, None] + np.arange(1, count + 1)
    later = values[:, np.minimum(target, values.shape[1] - 1)]
    later[:, target > values.shape[1] - 1] = np.nan
    return np.asarray(later.reshape(len(values), len(target), -1, *values.shape[3:]))


def errors(
    truth: Array, told: Array, reaches: tuple[Reach, ...], candidates: list[Candidate], origins: Origins
) -> Array:
    """Mean absolute error of each candidate at each reach: shape (series, reaches, candidates).

    One that could be asked at some origins only is compared with the others there, and at a reach where it could not
    be checked at all it is what it was at the reach before. One that has no path for a series earns nothing of it.
    """
    error = np.moveaxis(missed_by(told, truth, reaches), 0, 3)
    checks = np.isfinite(error[0, :, :, :1])
    everyone = [candidate.blocks_needed == 1 and candidate.speaks_of is None for candidate in candidates]
    all_weights = np.where(checks, origins.weights[1:, None, None], 0.0)
    weights = np.where(can_tell(candidates, origins)[:, None], all_weights, 0.0)
    error = np.where(all_weights > 0, error, 0.0)
    everyones = error[..., everyone].mean(axis=3, keepdims=True)
    share = (error * weights).sum(axis=1) / np.maximum((everyones * weights).sum(axis=1), FLOOR)
    share = np.where((weights.sum(axis=0) > 0) & has_path(candidates, len(told[0]))[:, None], share, np.inf)
    for r in range(1, len(reaches)):
        share[:, r] = np.where(np.isinf(share[:, r]), share[:, r - 1], share[:, r])
    lengths = np.array([reach.end - reach.first for reach in reaches])
    mean = (everyones * all_weights).sum(axis=1) / np.maximum(all_weights.sum(axis=0), FLOOR) / lengths[:, None]
    unknown = np.isinf(share)
    return np.asarray(np.where(unknown, UNKNOWN, np.where(unknown, 0.0, share) * mean))


def missed_by(told: Array, truth: Array, reaches: tuple[Reach, ...]) -> Array:
    """What each path missed in all, by reach: shape (candidates, series, origins, reaches).

    One path at a time: what is between stays near the processor.
    """
    starts = [reach.first for reach in reaches]
    found, away = np.empty((*told.shape[:3], len(reaches))), np.empty_like(truth)
    for path, total in zip(told, found, strict=True):
        np.abs(np.subtract(path, truth, out=away), out=away)
        np.add.reduceat(away, starts, axis=2, out=total)
    return found


def mixed(told: Array, shares: Array, reaches: tuple[Reach, ...]) -> Array:
    """The paths `told[candidate, n, origin, bin]` added up by their shares; beyond the last reach by its own."""
    bins = told.shape[3]
    counts = [min(reach.end, bins) - min(reach.first, bins) for reach in reaches]
    counts[-1] += bins - sum(counts)
    each = np.repeat(shares.transpose(2, 0, 1), counts, axis=2)
    return np.asarray(np.einsum("cnjh,cnh->njh", told, each))


def can_tell(candidates: list[Candidate], origins: Origins) -> npt.NDArray[np.bool_]:
    """Which candidate had the history it needs at which earlier origin: shape (origins, candidates)."""
    needed = np.array([candidate.blocks_needed for candidate in candidates])
    return np.asarray(origins.newest[1:, None] >= needed - 1)


def has_path(candidates: list[Candidate], series: int) -> npt.NDArray[np.bool_]:
    """Which candidate speaks of which series: shape (series, candidates)."""
    found = np.ones((series, len(candidates)), dtype=bool)
    for place, candidate in enumerate(candidates):
        if candidate.speaks_of is not None:
            found[:, place] = np.isin(np.arange(series), candidate.speaks_of)
    return found


def misses(missed: Array, could: Array, origins: Origins, reaches: tuple[Reach, ...], width: int) -> tuple[Missed, ...]:
    """By reach, of the origins whose whole reach came."""
    known = (origins.newest[1:] + 1) / (origins.newest[0] + 1)
    came_at = [(reach.end - 1) // width for reach in reaches]
    return tuple(
        Missed(missed[:, first:, reach.first : reach.end], could[:, r, first:], known[first:])
        for r, (reach, first) in enumerate(zip(reaches, came_at, strict=True))
    )
