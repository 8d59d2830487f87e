"""KMeans in plain matrix products, for the few states of one host: scikit-learn's would be 70 MB of every process.

Lloyd's algorithm from greedy k-means++ (Arthur and Vassilvitskii, SODA 2007), the best of some starts.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Points = npt.NDArray[np.float64]
Members = npt.NDArray[np.intp]

# Of many starts most are told apart after few rounds; the best goes on until it arrives.
STARTS, FIRST_ROUNDS, MOST_ROUNDS = 8, 4, 100
# Centres that all together move less than this part of the rows' variance have arrived.
ARRIVED = 1e-4


@dataclass(frozen=True, slots=True)
class Clusters:
    """`centres[k]`, which of them each row is nearest to, and the sum of all squared distances to it."""

    centres: Points
    members: Members
    inertia: float


def k_means(rows: Points, count: int, *, starts: int = STARTS, seed: int = 0) -> Clusters:
    """`count` clusters of `rows[n, d]`, of which at least so many differ."""
    random = np.random.default_rng(seed)
    found = [k_means_from(rows, spread_apart(rows, count, random), FIRST_ROUNDS) for _ in range(starts)]
    return k_means_from(rows, min(found, key=lambda one: one.inertia).centres)


def k_means_from(rows: Points, centres: Points, most_rounds: int = MOST_ROUNDS) -> Clusters:
    """The clusters that these centres move to, or get near to in so many rounds."""
    arrived = ARRIVED * float(rows.var(axis=0).mean())
    members = nearest(rows, centres)
    for _ in range(most_rounds):
        moved = means(rows, members, centres)
        way, centres = float(((moved - centres) ** 2).sum()), moved
        members = nearest(rows, centres)
        if way <= arrived:
            break
    return Clusters(centres, members, float(((rows - centres[members]) ** 2).sum()))


def nearest(rows: Points, centres: Points) -> Members:
    """Which centre each row is nearest to."""
    farther = rows @ (-2.0 * centres.T)
    farther += np.einsum("kd,kd->k", centres, centres)
    return np.asarray(farther.argmin(axis=1))


def spread_apart(rows: Points, count: int, random: np.random.Generator) -> Points:
    """Rows far from each other: each the best of some that are drawn with odds that grow as their squared distance."""
    chosen = [int(random.integers(len(rows)))]
    lengths = np.einsum("nd,nd->n", rows, rows)
    away = squares(rows, lengths, chosen)[:, 0]
    trials = 2 + int(math.log(count))
    while len(chosen) < count:
        total = np.cumsum(away)
        drawn = np.searchsorted(total, random.random(trials) * total[-1], side="right").clip(max=len(rows) - 1)
        left = np.minimum(away[:, None], squares(rows, lengths, drawn))
        best = int(left.sum(axis=0).argmin())
        chosen.append(int(drawn[best]))
        away = left[:, best]
    return rows[chosen]


def means(rows: Points, members: Members, centres: Points) -> Points:
    """Where a centre has no row, the row that is farthest from its own takes its place."""
    share = np.zeros((len(centres), len(rows)))
    share[members, np.arange(len(rows))] = 1.0
    counts = share.sum(axis=1)
    moved = np.asarray((share @ rows) / np.maximum(counts, 1.0)[:, None])
    empty = np.flatnonzero(counts == 0)
    if len(empty):
        away = ((rows - centres[members]) ** 2).sum(axis=1)
        moved[empty] = rows[np.argsort(-away)[: len(empty)]]
    return moved


def squares(rows: Points, lengths: Points, chosen: Sequence[int] | Members) -> Points:
    """Squared distances of all rows from those chosen, `[n, k]`; `lengths[n]` are the rows' own squares."""
    return np.asarray(np.maximum(lengths[:, None] - 2.0 * (rows @ rows[chosen].T) + lengths[chosen], 0.0))
