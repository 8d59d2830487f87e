"""How seldom members of a group were as far from it as one is now, by the group's own history.

A distance by itself says nothing: the largest of forty deviations among three noisy hosts is always large. So each
feature counts in what its group hardly ever exceeds, only what lasts counts, and the result is compared with what the
same arithmetic gave on the days before, each half of them measured by what the other half taught.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import reduce

import numpy as np
import numpy.typing as npt

from analyzer.data import Fleet, Times
from analyzer.peers.middle import Array, middle

DAY_SECONDS = 86400.0
# What has lasted so long is how the host is now: nothing newer teaches what is usual.
SETTLING_SECONDS = 2 * DAY_SECONDS
LEAST_LEARNED_SECONDS = 4 * DAY_SECONDS
# Away for so many steps without a break, on the same side: one odd step is no departure.
LASTING_STEPS = 3
# A feature counts in what its group's members exceed in this share of the steps.
SELDOM_EXCEEDED = 0.995
# Far away in one piece of time is one departure, however often it comes and goes within it.
PIECE_SECONDS = 0.25 * DAY_SECONDS
SHOWN = 5


@dataclass(frozen=True)
class Seldom:
    """A host's `distance` over the last steps, and `per_day`: how often a day a member was so far away before.

    At most so often: one more time is counted than was seen, so a young or small group never says "never". `by` has
    the features that made the distance, signed, the greatest first.
    """

    distance: float
    per_day: float
    by: Mapping[str, float] = field(default_factory=dict)


def seldom(history: Fleet, rows: npt.NDArray[np.intp], names: tuple[str, ...], least: Array) -> dict[int, Seldom]:
    """By row of `history` for the members `rows` of one group; empty where the history is too short.

    `least[f]` is the smallest difference that counts as one, of each of the features `names`.
    """
    seen = Looks(rows, history.times, len(names))
    columns = [history.features.index(name) for name in names]
    for place, column in enumerate(columns):
        seen.at(history, column, place, float(least[place]))
    return seen.found(names)


class Looks:
    """Looks at one group's members a feature at a time, so that a large fleet's history need not be held at once."""

    def __init__(self, rows: npt.NDArray[np.intp], times: Times, features: int) -> None:
        step = float(np.median(np.diff(times))) if len(times) > LASTING_STEPS else 0.0
        learned = int((times <= times[-1] - SETTLING_SECONDS).sum()) if step else 0
        self._rows, self._step = rows, step
        self._learned = learned if learned * step >= LEAST_LEARNED_SECONDS else 0
        self._before = np.zeros((len(rows), self._learned), dtype=np.float32)
        self._now = np.zeros((len(rows), features), dtype=np.float32)
        self._present = np.zeros((len(rows), len(times)), dtype=np.bool_)

    def at(self, history: Fleet, column: int, place: int, least: float) -> None:
        """The feature in that column of the history is the one at `place` of all."""
        if not self._learned:
            return
        values = history.values[self._rows, column][None]  # feature, member, step
        self._present |= np.isfinite(values[0])
        floor = floors(values, np.array([least]))
        away = values - middle(values, 1)[:, None]
        np.maximum(self._before, crossed(away[..., : self._learned], floor)[0], out=self._before)
        self._now[:, place] = newest(away, self._learned, floor)[0]

    def found(self, names: tuple[str, ...]) -> dict[int, Seldom]:
        """By row; empty where the history is too short."""
        if not self._learned:
            return {}
        days = float(self._present[:, : self._learned].sum()) * self._step / DAY_SECONDS
        peaks = piece_peaks(self._before, max(int(PIECE_SECONDS / self._step), 1))
        return {
            int(row): told(names, self._now[i], peaks, days)
            for i, row in enumerate(self._rows)
            if self._present[i, -LASTING_STEPS:].all()
        }


def floors(values: Array, least: Array) -> Array:
    """The smallest spread of each feature: what a person would care about, and more than rounding."""
    usual = np.abs(np.nan_to_num(middle(values.reshape(len(values), -1), 1)))
    return np.asarray(np.maximum(np.maximum(least, 1e-3 * usual), 1e-9))[:, None]


def crossed(away: Array, floor: Array) -> Array:
    """Each step's lasting distance in each feature, each half measured by what the other half taught."""
    half = away.shape[-1] // 2
    one, other = away[..., :half], away[..., half:]
    return np.concatenate([measured(one, other, floor), measured(other, one, floor)], axis=-1)


def newest(away: Array, learned: int, floor: Array) -> Array:
    """The signed lasting distance of the newest step, measured by all that is settled."""
    teaching, last = away[..., :learned], away[..., -LASTING_STEPS:]
    side = np.nan_to_num(last[..., -1] - middle(teaching, -1))
    return np.asarray(np.copysign(measured(last, teaching, floor)[..., -1], side))


def measured(away: Array, teaching: Array, floor: Array) -> Array:
    """How far each step is from each member's usual place for some steps already, in what is seldom exceeded.

    That is the member's own, or its group's where the member was calmer than the others.
    """
    usual = middle(teaching, -1)[..., None]
    taught = lasting(np.nan_to_num(teaching - usual))
    own = highest(taught)
    group = highest(taught.reshape(len(taught), -1))[:, None]
    size = np.maximum(np.maximum(own, group), floor)
    return np.asarray(lasting(np.nan_to_num(away - usual)) / size[..., None], dtype=np.float32)


def highest(sizes: Array) -> Array:
    """What the last axis exceeds in few steps only."""
    place = min(int(SELDOM_EXCEEDED * sizes.shape[-1]), sizes.shape[-1] - 1)
    return np.asarray(np.partition(sizes, place, axis=-1)[..., place])


def lasting(moved: Array) -> Array:
    """The least of the last steps where all lie on one side; 0 where they don't, or there are fewer."""
    found = np.zeros_like(moved)
    count = moved.shape[-1] - LASTING_STEPS + 1
    if count > 0:
        steps = [moved[..., i : i + count] for i in range(LASTING_STEPS)]
        above, below = reduce(np.minimum, steps), reduce(np.maximum, steps)
        found[..., LASTING_STEPS - 1 :] = np.maximum(np.maximum(above, -below), 0.0)
    return found


def piece_peaks(before: Array, steps: int) -> Array:
    """The greatest distance of each member in each piece of time, in one ascending row."""
    missing = -before.shape[1] % steps
    padded = np.pad(before, ((0, 0), (missing, 0)))
    return np.sort(padded.reshape(len(before), -1, steps).max(axis=2).ravel())


def told(names: tuple[str, ...], now: Array, peaks: Array, days: float) -> Seldom:
    distance = float(np.abs(now).max(initial=0.0))
    as_far = len(peaks) - int(np.searchsorted(peaks, distance, side="left"))
    first = np.argsort(-np.abs(now))[:SHOWN]
    return Seldom(distance, (as_far + 1) / max(days, 1e-9), {names[f]: float(now[f]) for f in first if now[f]})
