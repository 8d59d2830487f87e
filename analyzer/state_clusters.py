"""Which rows of a history are one state: KMeans, with as many clusters as the data shows again and again."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analyzer.k_means import Clusters, Members, Points, k_means, k_means_from

BLOCKS = 24
NEAR = 0.15


@dataclass(frozen=True)
class StateSettings:
    """`minimum_strength`: the share of neighbours that must stay together when another part of the history is asked."""

    minimum_steps: int = 60
    maximum_states: int = 6
    maximum_rows: int = 2000
    minimum_strength: float = 0.8
    minimum_share: float = 0.02
    clip: float = 6.0
    seed: int = 0


DEFAULTS = StateSettings()


def cluster(rows: Points, settings: StateSettings) -> Members:
    """The largest number of states whose prediction strength holds (Tibshirani and Walther, JCGS 2005).

    The halves compared are of blocks of time, not alternating rows: neighbouring rows are nearly copies. The blocks
    are dealt at random, for turns would fall in step with the day.
    """
    dealt = np.random.default_rng(settings.seed).permutation(BLOCKS) % 2
    halves = dealt[np.arange(len(rows)) * BLOCKS // len(rows)]
    one, other = rows[halves == 0], rows[halves == 1]
    chosen = np.zeros(len(rows), dtype=np.intp)
    distinct = min(len(np.unique(half, axis=0)) for half in (one, other))
    for count in range(2, min(settings.maximum_states, distinct) + 1):
        of_one, of_other = (k_means(half, count, seed=settings.seed) for half in (one, other))
        strength = min(prediction_strength(of_one, of_other, other), prediction_strength(of_other, of_one, one))
        if strength < settings.minimum_strength:
            continue
        members = k_means(rows, count, seed=settings.seed).members
        if met_and_apart(rows, members, count, settings):
            chosen = members
    return chosen


def kept(rows: Points, places: Points, otherwise: Members, settings: StateSettings) -> Members:
    """The previous states, their centroids at `places`, while all of them are still met and apart.

    What the halves of the history agree on wavers as it moves on: a state that was once shown needs no new proof.
    """
    if len(np.unique(places, axis=0)) < len(places):
        return otherwise
    members = k_means_from(rows, places).members
    return members if met_and_apart(rows, members, len(places), settings) else otherwise


def met_and_apart(rows: Points, members: Members, count: int, settings: StateSettings) -> bool:
    return bool(
        np.bincount(members, minlength=count).min() >= settings.minimum_share * len(rows) and apart(rows, members)
    )


def apart(rows: Points, members: Members) -> bool:
    """Whether a valley lies between every two states: fewer rows half way than near either centroid.

    KMeans also cuts one wide cloud in two, and does so again each time; such halves are no states.
    """
    means = [rows[members == s].mean(axis=0) for s in range(members.max() + 1)]
    for s, one in enumerate(means):
        for t, other in enumerate(means[:s]):
            between = other - one
            way = (rows[(members == s) | (members == t)] - one) @ between / max(float(between @ between), 1e-12)
            start, middle, end = (np.count_nonzero(np.abs(way - place) < NEAR) for place in (0.0, 0.5, 1.0))
            if middle >= 0.5 * min(start, end):
                return False
    return True


def prediction_strength(learned: Clusters, own: Clusters, asked: Points) -> float:
    """Of the pairs that share a state of `own`, fitted on `asked`, the part that also shares one of `learned`.

    The worst state counts. 1 means that both parts of the history show the same states.
    """
    others = apart_by(asked, learned.centres).argmin(axis=1)
    worst = 1.0
    for state in range(len(own.centres)):
        together = np.bincount(others[own.members == state])
        size = together.sum()
        if size > 1:
            worst = min(worst, float((together * (together - 1)).sum() / (size * (size - 1))))
    return worst


def apart_by(rows: Points, others: Points) -> Points:
    """The distance of each row to each other one: shape (rows, others)."""
    return np.asarray(np.linalg.norm(rows[:, None] - others, axis=2))
