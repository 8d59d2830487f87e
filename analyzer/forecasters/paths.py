"""Ways a series may go on: a level, a usual day and a drift, put together differently. None decides which is right."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from analyzer.forecasters.drift import Origins
from analyzer.forecasters.grid import Array, Rows, median
from analyzer.forecasters.periods import Periodic

WEEK = 7


class Candidate(Protocol):
    """`path(n)` is what the next n blocks after each origin will be: shape (series, origins, bins).

    An origin with fewer than `blocks_needed` blocks before it says nothing about how good this one is. `speaks_of` are
    the series that it has a path for, None all. `now` asks for the newest origin alone.
    """

    @property
    def blocks_needed(self) -> int: ...

    @property
    def speaks_of(self) -> Rows | None: ...

    def path(self, blocks: int, *, now: bool = False) -> Array: ...


@dataclass(frozen=True)
class Usual:
    """A usual block, moved and drifting; `off`, what now differs by, is forgotten by `memory` each bin."""

    shape: Array
    moved: Array | None = None
    change: Array | None = None
    off: Array | None = None
    memory: float = 1.0
    blocks_needed: int = 1
    speaks_of: None = None

    def path(self, blocks: int, *, now: bool = False) -> Array:
        origins = slice(0, 1) if now else slice(None)
        shape = self.shape[:, origins]
        ahead = np.arange(1, blocks * shape.shape[2] + 1)
        told = shape if self.moved is None else shape + self.moved[:, origins]
        told = np.concatenate([told] * blocks, axis=2)
        if self.change is not None:
            told += self.change[:, origins] * (ahead / shape.shape[2])
        if self.off is not None:
            told += self.off[:, origins] * self.memory**ahead
        return told


@dataclass(frozen=True)
class LastWeek:
    """The same weekday a week before, plus what a week brought, or `off`, which is forgotten by `memory` each bin.

    Halfway between that and the usual block `beside` it, if there is one.
    """

    blocks: Array
    newest: npt.NDArray[np.intp]
    brought: Array | None = None
    off: Array | None = None
    memory: float = 1.0
    beside: Array | None = None
    blocks_needed: int = WEEK + 1
    speaks_of: None = None

    def path(self, blocks: int, *, now: bool = False) -> Array:
        origins = slice(0, 1) if now else slice(None)
        newest = self.newest[origins]
        block = np.arange(blocks)
        like = np.maximum(newest[:, None] - WEEK + block % WEEK + 1, 0)
        told = self.blocks[:, like]
        if self.brought is not None:
            told += self.brought[:, origins, None] * (block // WEEK + 1)[:, None]
        if self.beside is not None:
            told = (told + self.beside[:, origins, None]) / 2
        told = told.reshape(len(self.blocks), len(newest), -1)
        if self.off is not None:
            told += self.off[:, origins] * self.memory ** np.arange(1, told.shape[2] + 1)
        return np.asarray(told)


def candidate_paths(blocks: Array, slope: Array, period: Array, origins: Origins, *, daily: bool) -> list[Candidate]:
    """All candidates for `blocks[n, b, p]` that drift by `slope[n, origin]` a block; `period[n]` in bins or NaN."""
    width = blocks.shape[2]
    phase = np.arange(1, width + 1) / width - 1  # a bin's place in its block; the newest bin's is 0
    change = slope[..., None]
    newest = blocks[:, origins.newest]
    shape, tilt = usual(blocks, origins, WEEK, phase)
    few, _ = usual(blocks, origins, 3, phase)
    level = shape + tilt
    off = newest - level
    now, today = recent(off), median(off, 2)[..., None]
    of_fortnight = blocks[:, origins.back(min(14, blocks.shape[1]))]
    fortnight = median(of_fortnight, 2)
    straight = newest - change * phase
    flat = np.zeros_like(shape)
    found: list[Candidate] = [
        Usual(shape, median(straight - shape, 2)[..., None], change),
        Usual(shape, recent(straight - shape), change),
        Usual(few, median(straight - few, 2)[..., None], change),
        Usual(flat, recent(straight), change),
        Usual(level, off=now, memory=0.95),
        Usual(level, off=now, memory=0.98),
        Usual(level, today / 2),
        Usual(fortnight),
        Usual(flat, median(newest, 2)[..., None]),
        Usual(level, off=now, memory=0.8),
        Usual(flat, median(of_fortnight.reshape(len(blocks), len(newest[0]), -1), 2)[..., None]),
    ]
    if daily and blocks.shape[1] > WEEK + 1:
        before = blocks[:, np.maximum(origins.newest - WEEK, 0)]
        brought = (median(newest, 2) - median(before, 2))[..., None]
        found += [
            LastWeek(blocks, origins.newest, brought),
            LastWeek(blocks, origins.newest, off=recent(newest - before), memory=0.8),
            LastWeek(blocks, origins.newest, beside=level),
        ]
    rows = np.flatnonzero(np.isfinite(period))
    if len(rows):
        found.append(Periodic(blocks, origins.newest, rows, period[rows]))
    return found


def recent(values: Array) -> Array:
    """Where the newest three bins stand."""
    return median(values[:, :, -3:], 2)[..., None]


def usual(blocks: Array, origins: Origins, count: int, phase: Array) -> tuple[Array, Array]:
    """The median of the last `count` blocks without their own tilt, and that tilt."""
    window = origins.back(count)
    levels = median(blocks, 2)
    change = np.diff(levels, axis=1, prepend=2 * levels[:, :1] - levels[:, 1:2])
    tilt = median(change[:, np.maximum(window[:, :-1], 1)], 2)[..., None] * phase
    return median(blocks[:, window], 2) - tilt, tilt
