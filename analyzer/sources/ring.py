"""The newest scrapes of all targets: a bounded table with a row for each series and a column for each round.

Each target keeps the times of its own scrapes. A series that a round did not give is NaN there, and so is all of a
target that did not answer: what Prometheus marks as stale.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analyzer.data import Times

_FEWEST_ROWS = 64
_FEWEST_ROUNDS = 8
Labels = Mapping[str, str]
Rows = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Scraped:
    """What one target gave in one round: values for rows of the ring; none when it did not answer."""

    target: int
    at: float
    rows: Sequence[int] = ()
    values: Sequence[float] = ()


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The ring at one moment. `times` holds each target's scrapes, oldest first (targets × rounds)."""

    times: Times
    _values: Times
    _labels: Sequence[Labels]
    _target: Sequence[int]
    _by_name: Mapping[str, Sequence[int]]

    def named(self, name: str) -> list[int]:
        """Rows of all series of a metric."""
        return [row for row in self._by_name.get(name, ()) if row < len(self._values)]

    def labels(self, row: int) -> Labels:
        return self._labels[row]

    def targets_of(self, rows: Sequence[int]) -> Rows:
        return np.array([self._target[row] for row in rows], dtype=np.intp)

    def values(self, rows: Sequence[int]) -> Times:
        """What the rounds gave (rows × rounds); NaN where nothing."""
        return self._values[np.array(rows, dtype=np.intp)]


class Ring:
    """Keeps the last `rounds` rounds of `targets` targets; fewer when more than `most_samples` would be held.

    `generation` changes whenever rows get new numbers, because series that are long gone were forgotten.
    """

    def __init__(self, targets: int, rounds: int, most_samples: int = 20_000_000) -> None:
        self.generation = 0
        self._rounds = rounds
        self._most_samples = most_samples
        self._series: dict[tuple[int, frozenset[tuple[str, str]]], int] = {}
        self._labels: list[Labels] = []
        self._target: list[int] = []
        self._by_name: dict[str, list[int]] = {}
        self._times = np.full((targets, 0), np.nan)
        self._values = np.full((_FEWEST_ROWS, 0), np.nan)
        self._end = 0
        self._make_room(_FEWEST_ROWS)

    def row(self, target: int, labels: Labels) -> int:
        """The row of a target's series; a new one when it was not seen before."""
        key = (target, frozenset(labels.items()))
        found = self._series.get(key)
        if found is None:
            found = self._series[key] = len(self._labels)
            self._labels.append(labels)
            self._target.append(target)
            self._by_name.setdefault(labels["__name__"], []).append(found)
            if found >= len(self._values):
                self._make_room(2 * len(self._values))
        return found

    def add(self, scrapes: Sequence[Scraped]) -> None:
        """One round: a scrape of every target, each newer than the target's last."""
        if len(scrapes) != len(self._times):
            raise ValueError(f"{len(scrapes)} scrapes for {len(self._times)} targets")
        for scraped in scrapes:
            self._times[scraped.target, self._end] = scraped.at
            self._values[_rows(scraped.rows), self._end] = scraped.values
        self._end += 1
        if self._end == self._values.shape[1]:
            self._make_room(len(self._values))
            self._forget_the_gone()

    def snapshot(self) -> Snapshot:
        """What is held now; rounds that come later don't change it."""
        first = max(0, self._end - self._kept(len(self._values)))
        return Snapshot(
            self._times[:, first : self._end],
            self._values[: len(self._labels), first : self._end],
            self._labels,
            self._target,
            self._by_name,
        )

    def _kept(self, rows: int) -> int:
        return max(_FEWEST_ROUNDS, min(self._rounds, self._most_samples // rows))

    def _make_room(self, rows: int) -> None:
        """Tables of `rows` rows with the kept rounds at their beginning and free columns behind."""
        kept = self._kept(rows)
        first, width = max(0, self._end - kept), kept + max(_FEWEST_ROUNDS, kept // 4)
        self._times = _moved(self._times[:, first : self._end], (len(self._times), width))
        self._values = _moved(self._values[:, first : self._end], (rows, width))
        self._end -= first

    def _forget_the_gone(self) -> None:
        """Give up the rows of series without a value in any kept round; the others move up."""
        alive = np.flatnonzero(~np.isnan(self._values[: len(self._labels)]).all(axis=1))
        if len(alive) == len(self._labels):
            return
        self._values = _moved(self._values[alive], self._values.shape)
        self._labels = [self._labels[row] for row in alive]
        self._target = [self._target[row] for row in alive]
        self._series, self._by_name = {}, {}
        for row, (target, labels) in enumerate(zip(self._target, self._labels, strict=True)):
            self._series[target, frozenset(labels.items())] = row
            self._by_name.setdefault(labels["__name__"], []).append(row)
        self.generation += 1


def _rows(rows: Sequence[int]) -> Rows:
    return np.array(rows, dtype=np.intp)


def _moved(part: Times, shape: tuple[int, int]) -> Times:
    table = np.full(shape, np.nan)
    table[: part.shape[0], : part.shape[1]] = part
    return table
