"""KMeans of one host's rows in plain matrix products: small, and the same on every machine.

Lloyd's algorithm from k-means++ (Arthur and Vassilvitskii, SODA 2007). scikit-learn's costs more in checks than in work
for so few rows.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from analyzer.data import Values

MOST_ROUNDS = 12


def centroids(rows: Values, count: int, random: np.random.Generator) -> Values:
    """`[count, d]` of `rows[n, d]`; fewer where fewer rows differ."""
    found = _begun(rows, count, random)
    nearest = _nearest(rows, found)
    for _ in range(MOST_ROUNDS):
        found = _means(rows, nearest, found)
        before, nearest = nearest, _nearest(rows, found)
        if np.array_equal(before, nearest):
            break
    return found


def _begun(rows: Values, count: int, random: np.random.Generator) -> Values:
    """Rows far from each other: each drawn with odds that grow as the square of its distance to those before."""
    chosen = [int(random.integers(len(rows)))]
    squares = np.einsum("nd,nd->n", rows, rows)
    distance = np.full(len(rows), np.inf, np.float32)
    while True:
        last = rows[chosen[-1]]
        distance = np.minimum(distance, np.maximum(squares - 2.0 * (rows @ last) + last @ last, 0.0))
        distance[chosen] = 0.0
        # Rounding leaves something where there is nothing: rows that are the same are no new state.
        distance[distance < 1e-5 * squares] = 0.0
        total = np.cumsum(distance, dtype=np.float64)
        if len(chosen) == count or total[-1] <= 0:
            return rows[chosen]
        chosen.append(int(np.searchsorted(total, random.random() * total[-1], side="right")))


def _nearest(rows: Values, found: Values) -> npt.NDArray[np.intp]:
    return np.asarray((np.einsum("kd,kd->k", found, found) - 2.0 * (rows @ found.T)).argmin(axis=1))


def _means(rows: Values, nearest: npt.NDArray[np.intp], before: Values) -> Values:
    """One that no row is nearest to any more stays where it is."""
    member = np.zeros((len(before), len(rows)), np.float32)
    member[nearest, np.arange(len(rows))] = 1.0
    count = member.sum(axis=1, keepdims=True)
    return np.where(count > 0, (member @ rows) / np.maximum(count, 1.0), before)
