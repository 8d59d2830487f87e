"""The newest regime: since when a series has drifted at its present pace, found by a change point."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from analyzer.forecasters.grid import Array, median, picked

Places = npt.NDArray[np.intp]
QUARTERS = 4
SIGNIFICANT = 4.5
SHORTEST = 3
CHANGES = 2


def regime_slope(blocks: Array, newest: Places) -> Array:
    """The mean change of a block since the pace last changed, over all that is known where it never did.

    `blocks[n, b, p]` is looked at up to block `newest[j]` for each origin j; the result has shape (n, origins).
    """
    if blocks.shape[2] < QUARTERS or newest.min() < 1:
        return np.zeros((len(blocks), len(newest)))
    change = block_changes(blocks)
    sums, squares = running_sums(change), running_sums(change**2)
    end = newest * QUARTERS  # so many changes are known at each origin
    start = np.zeros((len(blocks), len(end)), dtype=np.intp)
    for _ in range(CHANGES):
        start = newest_change(sums, squares, start, end)
    return np.asarray((sums[:, end] - picked(sums, start)) / np.maximum(end - start, 1))


def block_changes(blocks: Array) -> Array:
    """What each quarter of a block gained on the same quarter of the block before: a daily season falls out."""
    cuts = [blocks.shape[2] * q // QUARTERS for q in range(QUARTERS + 1)]
    quarters = [median(blocks[:, :, cuts[q] : cuts[q + 1]], 2) for q in range(QUARTERS)]
    levels = np.stack(quarters, axis=2).reshape(len(blocks), -1)
    return np.asarray(levels[:, QUARTERS:] - levels[:, :-QUARTERS])


def running_sums(values: Array) -> Array:
    return np.concatenate([np.zeros((len(values), 1)), np.cumsum(values, axis=1)], axis=1)


def newest_change(sums: Array, squares: Array, start: Places, end: Places) -> Places:
    """Where between `start` and `end` the mean changes most, if by many standard errors; else `start`.

    Neighbouring changes share three quarters of their time, so only every fourth counts as a new observation.
    """
    place = np.arange(sums.shape[1])
    before, after = place - start[..., None], end[:, None] - place
    fits = (before >= SHORTEST) & (after >= SHORTEST)
    before, after = np.maximum(before, 1), np.maximum(after, 1)
    gained_before = sums[:, None, :] - picked(sums, start)[..., None]
    gained_after = sums[:, end][..., None] - sums[:, None, :]
    all_squares = (squares[:, end] - picked(squares, start))[..., None]
    rest = np.maximum(all_squares - gained_before**2 / before - gained_after**2 / after, 0.0)
    variance = rest / np.maximum(end - start - 2, 1)[..., None] + 1e-12
    gap = gained_after / after - gained_before / before
    score = np.where(fits, gap**2 / (variance * QUARTERS * (1 / before + 1 / after)), 0.0)
    best = score.argmax(axis=2)
    clear = picked(score, best[..., None])[..., 0] > SIGNIFICANT**2
    return np.where(clear, best, start)
