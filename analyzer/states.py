"""The usual states of a host: which one it is in, how each usually is, when it comes and what follows it."""

from __future__ import annotations

import string
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import permutations

import numpy as np

from analyzer.data import Frame, State, Times
from analyzer.errors import NotEnoughHistory
from analyzer.k_means import Members, Points
from analyzer.state_clusters import DEFAULTS, StateSettings, apart_by, cluster, kept

NEWEST_STEPS = 4
HOUR_SECONDS, DAY_SECONDS = 3600.0, 86400.0


@dataclass(frozen=True)
class States:
    """Fitted states of one host. `centroids[s, f]` are in the features' own units; `labels` survive a refit.

    `center` and `scale` standardise the features; a constant one has scale NaN and takes no part.
    `spreads` are each state's usual distance from its centroid, `shares` its part of the history. `by_hour[h, s]` is
    how much of hour h (UTC) the host spends in each state, NaN where that hour was not seen; `transitions[s, t]` is how
    often a step in s was followed by one in t.
    """

    host: str
    features: tuple[str, ...]
    labels: tuple[str, ...]
    centroids: Points
    center: Points
    scale: Points
    spreads: Points
    shares: Points
    by_hour: Points
    transitions: Points
    clip: float

    def state(self, recent: Frame) -> State | None:
        """Which state the newest rows tell of; None when none of the last few has a value of any feature.

        Where steps are as short as the time between two scrapes, the very last one may not have its values yet.
        """
        members, distances = self.assign(recent.tail(NEWEST_STEPS))
        known = np.flatnonzero(members >= 0)
        if not len(known):
            return None
        row, time = known[-1], recent.times[known[-1] - len(members)]
        usual = self.by_hour[int(time % DAY_SECONDS // HOUR_SECONDS), members[row]]
        unusual = 0.0 if np.isnan(usual) else 1.0 - float(usual)
        return State(self.labels[members[row]], len(self.labels), float(distances[row]), unusual)

    def assign(self, frame: Frame) -> tuple[Members, Points]:
        """Each row's state as an index of `labels`, -1 where nothing is known, and its distance in usual spreads."""
        values = aligned(frame, self.features)
        known = np.isfinite(values[:, np.isfinite(self.scale)]).any(axis=1)
        rows = standardised(values, self.center, self.scale, self.clip)
        distances = apart_by(rows, self._places)
        nearest = distances.argmin(axis=1)
        relative = distances[np.arange(len(rows)), nearest] / self.spreads[nearest]
        return np.where(known, nearest, -1), np.where(known, relative, np.nan)

    @cached_property
    def _places(self) -> Points:
        """The centroids in spreads from the centre: asked in each cycle, and always the same."""
        return standardised(self.centroids, self.center, self.scale, self.clip)


def fit_states(history: Frame, previous: States | None = None, settings: StateSettings = DEFAULTS) -> States:
    """Find the host's usual states; `previous` states hand their labels to the ones that replace them.

    NotEnoughHistory when too few rows have values, or when no feature moves.
    """
    values = history.values[np.isfinite(history.values).any(axis=1)].astype(np.float64)
    if len(values) < settings.minimum_steps:
        raise NotEnoughHistory(
            f"states of {history.host} need {settings.minimum_steps} steps with values, have {len(values)}"
        )
    values = values[np.linspace(0, len(values) - 1, min(len(values), settings.maximum_rows)).astype(np.intp)]
    center, scale = robust_scale(values)
    if not np.isfinite(scale).any():
        raise NotEnoughHistory(f"states of {history.host} need a feature that moves, all are constant so far")
    rows = standardised(values, center, scale, settings.clip)
    members = cluster(rows, settings)
    if previous is not None and previous.features == history.features and len(previous.labels) > members.max() + 1:
        members = kept(rows, standardised(previous.centroids, center, scale, settings.clip), members, settings)
    count = members.max() + 1
    means = np.array([rows[members == s].mean(axis=0) for s in range(count)])
    moving = np.isfinite(scale)
    centroids = np.tile(center, (count, 1))
    centroids[:, moving] += means * scale[moving]
    distances = np.linalg.norm(rows - means[members], axis=1)
    spreads = np.array([np.sqrt(np.mean(distances[members == s] ** 2)) for s in range(count)])
    shares = np.bincount(members, minlength=count) / len(rows)
    # A state of equal rows has no spread of its own.
    floor = max(float(np.sqrt(np.mean(distances**2))) * 0.1, 1e-6)
    labels = inherited_labels(history.features, centroids, scale, shares, previous)
    found = States(
        host=history.host,
        features=history.features,
        labels=labels,
        centroids=centroids,
        center=center,
        scale=scale,
        spreads=np.maximum(spreads, floor),
        shares=shares,
        by_hour=np.full((24, count), np.nan),
        transitions=np.zeros((count, count)),
        clip=settings.clip,
    )
    lived, _ = found.assign(history)
    return replace(found, by_hour=hourly(lived, history.times, count), transitions=followed(lived, count))


def hourly(members: Members, times: Times, count: int) -> Points:
    """How much of each hour of day (UTC) is spent in each state: shape (24, states), NaN for an hour never seen."""
    known = members >= 0
    hour = (times[known] % DAY_SECONDS // HOUR_SECONDS).astype(np.intp)
    seen = np.zeros((24, count))
    np.add.at(seen, (hour, members[known]), 1.0)
    total = seen.sum(axis=1, keepdims=True)
    return np.asarray(np.divide(seen, total, out=np.full_like(seen, np.nan), where=total > 0))


def followed(members: Members, count: int) -> Points:
    """How often each state was followed by each: rows add up to 1, or are all 0 for a state that nothing followed."""
    seen = np.zeros((count, count))
    known = (members[:-1] >= 0) & (members[1:] >= 0)
    np.add.at(seen, (members[:-1][known], members[1:][known]), 1.0)
    return np.asarray(seen / np.maximum(seen.sum(axis=1, keepdims=True), 1.0))


def aligned(frame: Frame, features: tuple[str, ...]) -> Points:
    """The frame's columns in the order of `features`; NaN where it has none of that name."""
    if frame.features == features:
        return frame.values.astype(np.float64)
    values = np.full((len(frame.times), len(features)), np.nan)
    place = {feature: f for f, feature in enumerate(frame.features)}
    for f, feature in enumerate(features):
        if feature in place:
            values[:, f] = frame.values[:, place[feature]]
    return values


def robust_scale(values: Points) -> tuple[Points, Points]:
    """Median and spread of each column; the spread is NaN where a column doesn't move or has no value.

    The middle 80% rather than the middle half: a state that holds a quarter of the time must widen the scale.
    """
    known = np.isfinite(values).any(axis=0)
    filled = np.where(known, values, 0.0)
    low, center, high = np.nanpercentile(filled, [10, 50, 90], axis=0)
    deviation = np.nanstd(filled, axis=0)
    scale = np.where(high > low, (high - low) / 2.56, deviation)
    moves = deviation > 1e-6 * np.maximum(np.abs(center), 1e-9)
    return np.where(known, center, np.nan), np.where(moves & known, scale, np.nan)


def standardised(values: Points, center: Points, scale: Points, clip: float) -> Points:
    """Moving columns only, in spreads from the centre; a gap stands at the centre, where it speaks for no state."""
    moving = np.isfinite(scale)
    rows = (values[:, moving] - center[moving]) / scale[moving]
    return np.clip(np.nan_to_num(rows, nan=0.0, posinf=clip, neginf=-clip), -clip, clip)


def inherited_labels(
    features: tuple[str, ...], centroids: Points, scale: Points, shares: Points, previous: States | None
) -> tuple[str, ...]:
    """Each state keeps the label of the nearest previous one; new states get letters never used by the previous.

    Without a previous fit the letters follow the share of time: A is where the host mostly is.
    """
    labels = [""] * len(centroids)
    if previous is not None and set(previous.features) & set(features):
        for old, new in matched(features, centroids, scale, previous):
            labels[new] = previous.labels[old]
    taken = set(labels) | set(previous.labels if previous else ())
    fresh = (letters for letters in alphabet() if letters not in taken)
    for s in np.argsort(-shares):
        labels[s] = labels[s] or next(fresh)
    return tuple(labels)


def matched(features: tuple[str, ...], centroids: Points, scale: Points, previous: States) -> list[tuple[int, int]]:
    """Pairs (previous state, new state) of least total distance, in the features that both fits know."""
    both = [f for f, feature in enumerate(features) if feature in previous.features and np.isfinite(scale[f])]
    before = [previous.features.index(features[f]) for f in both]
    old = np.nan_to_num(previous.centroids[:, before] / scale[both])
    new = np.nan_to_num(centroids[:, both] / scale[both])
    return cheapest(apart_by(old, new))


def cheapest(costs: Points) -> list[tuple[int, int]]:
    """As many pairs (row, column) as there can be, of least total cost. All ways are tried: there are few states."""
    if len(costs) > costs.shape[1]:
        return [(row, column) for column, row in cheapest(costs.T)]
    ways = np.array(list(permutations(range(costs.shape[1]), len(costs))))
    best = ways[costs[np.arange(len(costs)), ways].sum(axis=1).argmin()]
    return list(enumerate(best.tolist()))


def alphabet() -> list[str]:
    """A, B, … Z, then AA, AB and so on."""
    letters = list(string.ascii_uppercase)
    return letters + [first + second for first in letters for second in letters]
