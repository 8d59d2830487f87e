"""KMeans in plain matrix products, in the precision of the rows: for windows of steps, and for a host's few states.

Lloyd's algorithm from k-means++ (Arthur and Vassilvitskii, SODA 2007). For so few rows scikit-learn's costs more in
checks than in work, and it would be 70 MB of every process that learns.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt

F = TypeVar("F", np.float32, np.float64)
Points = npt.NDArray[np.float64]
Members = npt.NDArray[np.intp]

# Of many starts most are told apart after few rounds; the best goes on until it arrives.
STARTS, FIRST_ROUNDS, MOST_ROUNDS = 8, 4, 100
# Centres that all together move less than this part of the rows' variance have arrived.
ARRIVED = 1e-4
# Rounding leaves something where there is nothing: rows that differ by less, of their squares, are the same.
SAME = 1e-5


@dataclass(frozen=True, slots=True)
class Clusters:
    """`centres[k]`, which of them each row is nearest to, and the sum of all squared distances to it."""

    centres: Points
    members: Members
    inertia: float


def k_means(rows: Points, count: int, *, starts: int = STARTS, seed: int = 0) -> Clusters:
    """`count` clusters of `rows[n, d]`, the best of some starts; fewer where fewer rows differ."""
    random, trials = np.random.default_rng(seed), 2 + int(math.log(count))
    found = [k_means_from(rows, spread_apart(rows, count, random, trials), FIRST_ROUNDS) for _ in range(starts)]
    return k_means_from(rows, min(found, key=lambda one: one.inertia).centres)


def k_means_from(rows: Points, centres: Points, most_rounds: int = MOST_ROUNDS) -> Clusters:
    """The clusters that these centres move to, or get near to in so many rounds."""
    centres, members = moved(rows, centres, most_rounds, ARRIVED * float(rows.var(axis=0).mean()))
    return Clusters(centres, members, float(((rows - centres[members]) ** 2).sum()))


def moved(
    rows: npt.NDArray[F], centres: npt.NDArray[F], most_rounds: int, arrived: float = 0.0
) -> tuple[npt.NDArray[F], Members]:
    """Where the centres come to, each to the mean of its rows, until they move no farther than `arrived`."""
    members = nearest(rows, centres)
    for _ in range(most_rounds):
        there = means(rows, members, centres)
        way, centres = float(((there - centres) ** 2).sum()), there
        before, members = members, nearest(rows, centres)
        if way <= arrived or np.array_equal(before, members):
            break
    return centres, members


def nearest(rows: npt.NDArray[F], centres: npt.NDArray[F]) -> Members:
    """Which centre each row is nearest to."""
    return np.asarray((np.einsum("kd,kd->k", centres, centres) - 2.0 * (rows @ centres.T)).argmin(axis=1))


def means(rows: npt.NDArray[F], members: Members, centres: npt.NDArray[F]) -> npt.NDArray[F]:
    """A centre that no row is nearest to any more stays where it is."""
    member = np.zeros((len(centres), len(rows)), rows.dtype)
    member[members, np.arange(len(rows))] = 1.0
    count = member.sum(axis=1, keepdims=True)
    return np.where(count > 0, (member @ rows) / np.maximum(count, 1.0), centres)


def spread_apart(rows: npt.NDArray[F], count: int, random: np.random.Generator, trials: int = 1) -> npt.NDArray[F]:
    """Rows far from each other, fewer where fewer differ.

    Each is drawn with odds that grow as the square of its distance to those before; the best of `trials` is taken.
    """
    chosen = [int(random.integers(len(rows)))]
    squares = np.einsum("nd,nd->n", rows, rows)
    distance = np.full(len(rows), np.inf, rows.dtype)
    while True:
        last = rows[chosen[-1]]
        distance = np.minimum(distance, np.maximum(squares - 2.0 * (rows @ last) + last @ last, 0.0))
        distance[chosen] = 0.0
        distance[distance < SAME * squares] = 0.0
        total = np.cumsum(distance, dtype=np.float64)
        if len(chosen) == count or total[-1] <= 0:
            return rows[chosen]
        drawn = np.searchsorted(total, random.random(trials) * total[-1], side="right")
        chosen.append(int(drawn[0] if trials == 1 else drawn[_best(rows, squares, distance, drawn)]))


def _best(rows: npt.NDArray[F], squares: npt.NDArray[F], distance: npt.NDArray[F], drawn: Members) -> int:
    """Which of the rows drawn would leave all others nearest to what is chosen."""
    away = squares[:, None] - 2.0 * (rows @ rows[drawn].T) + squares[drawn]
    return int(np.minimum(distance[:, None], np.maximum(away, 0.0)).sum(axis=0).argmin())
