"""How often each height of score comes: episodes a day at a ladder of levels, and the bar that keeps a budget."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analyzer.data import Scores, Times, Values

DAY_SECONDS = 86400.0
# Heights are -log(1 - score): 0.7 where every model is at the edge of its history. One ladder fits every host.
LEVELS: Values = np.geomspace(0.2, 12.0, 128).astype(np.float32)
# With no more quiet rows than this between them, rows belong to one episode: an operator would see one alarm.
GAP_STEPS = 10
# Neighbouring steps say much the same: so many of them are worth one.
RELATED_STEPS = 2.0
# From so many steps on what held-out scores reached may be an upset, and one more with each doubling.
SETTLED_STEPS, MOST_UPSETS = 200.0, 3


@dataclass(frozen=True, slots=True)
class Budget:
    """How many alarms are allowed.

    `false_alarms_per_day` are. Real incidents come on top, and nobody labels them: up to `incidents_per_day` more
    episodes are believed to be real, but only above `noise`, a height that noise by itself hardly ever reaches.
    A host watched for less than the time of one alarm gets the benefit of the doubt: its bar stands above what its
    held-out scores reached, and more than one episode since, as far as chance alone would carry that in the time of
    one alarm. It is taken for no calmer than `calmest` and no wilder than `wildest`.
    Within hours no more than `of_a_bad_day` of what a day may have is heard of one height, at least `once`.
    """

    false_alarms_per_day: float = 0.2
    incidents_per_day: float = 0.56
    noise: float = 0.8
    calmest: float = 0.3
    wildest: float = 2.0
    of_a_bad_day: float = 0.9
    once: float = 0.7

    @property
    def believed_per_day(self) -> float:
        """How many episodes a host may have, real ones included: who bears more alarms hears more of the real ones."""
        return 1.44 * self.false_alarms_per_day + self.incidents_per_day

    def bars(
        self, counts: Values, days: Times, held_out: HeldOut | None = None, known_days: Times | None = None
    ) -> Values:
        """For each host the lowest height that keeps the budget; `counts[h, l]` episodes reached level l in `days`.

        It is known for `known_days`, where that is not the same.
        """
        strict = lowest_within(counts, self.false_alarms_per_day * days)
        believed = self.believed_per_day
        # one episode, which may be the one that is going on, proves nothing, however short the time it came in
        lenient = lowest_within(counts, np.maximum(believed * days, 1.5))
        bar = np.minimum(strict, np.maximum(lenient, self.noise))
        told = HeldOut.nothing(len(days)) if held_out is None else held_out
        doubts = self.doubts(days if known_days is None else known_days, told.steps)
        reached = np.clip(np.maximum(told.reached, lenient), self.calmest, self.wildest)
        doubted = np.maximum(bar, reached * doubts)
        return np.asarray(np.where(doubts > 1, doubted, bar), dtype=np.float32)

    def brief_bars(self, counts: Values, days: float) -> Values:
        """For each host the lowest height that is not reached too often in a short time; `counts[h, l]` fade in it."""
        allowed = max(self.of_a_bad_day * self.believed_per_day * days, self.once)
        return lowest_within(counts, np.full(len(counts), allowed))

    def doubts(self, days: Times, steps: Times) -> Times:
        """By how much the bar stands above what was reached, for want of time; 1 once one alarm could have come.

        Heights are logarithms, so the highest of n grows like log n: what `steps` of history reached is carried on to
        as many as there will be until one alarm may come.
        """
        believed = self.believed_per_day
        missing = np.log(np.maximum(1.0 / np.maximum(believed * days, 1e-6), 1.0))
        return np.asarray(1.0 + missing / np.log(np.maximum(steps / RELATED_STEPS, np.e)))


@dataclass(frozen=True, slots=True)
class HeldOut:
    """What each host's held-out scores reached, in how many steps."""

    reached: Values
    steps: Times

    @classmethod
    def of(cls, episodes: Values, steps: Times, middles: Times) -> HeldOut:
        """Of `episodes[h, l]` that reached level l in so many steps; a host without steps may have reached anything.

        Upsets in a host's first minutes, a cold disk or an update, must not make the judge deaf to all else. However
        many there were, none counts for more than log(n) times the median height `middles[h]`, which a few rows don't
        move: the highest of n that have nothing but exponential tails is seldom more. And once steps suffice to tell it
        from the rest, the highest episode counts for no more than the next ones let expect: of such heights the k-th
        highest is log(n / k) / log(n) of the highest. Each time the steps have doubled since SETTLED_STEPS one more may
        be an upset, MOST_UPSETS in all.
        """
        worth = np.maximum(steps / RELATED_STEPS, np.e)
        upsets = np.clip(np.log2(worth * RELATED_STEPS / SETTLED_STEPS), 0.0, MOST_UPSETS)
        expected = highest(episodes, MOST_UPSETS + 2)
        for place in range(1, len(expected)):
            rest = np.log(worth) / np.maximum(np.log(worth / (place + 1)), 1.0)
            expected[place] = np.minimum(expected[place] * rest, expected[place - 1])
        known, hosts = upsets.astype(np.intp), np.arange(len(steps))
        part = upsets - known
        reached = expected[known, hosts] ** (1.0 - part) * expected[known + 1, hosts] ** part
        reached = np.minimum(reached, np.log(worth) * middles)
        return cls(np.where(steps > 0, reached, np.inf).astype(np.float32), steps)

    @classmethod
    def nothing(cls, hosts: int) -> HeldOut:
        """Nothing is known of them: they may be as wild as any."""
        return cls(np.full(hosts, np.inf, np.float32), np.zeros(hosts))


def lowest_within(counts: Values, allowed: Times) -> Values:
    """The lowest level from which on no level was reached more often than `allowed[h]`."""
    within = counts <= allowed[:, None]
    onward = np.logical_and.accumulate(within[:, ::-1], axis=1)[:, ::-1]
    lowest = np.where(onward.any(axis=1), onward.argmax(axis=1), len(LEVELS) - 1)
    return np.asarray(LEVELS[lowest], dtype=np.float32)


def highest(counts: Values, most: int) -> Values:
    """`[k, h]`: the level that no more than k of a host's episodes reached, from none to fewer than `most`."""
    onward = np.maximum.accumulate(counts[:, ::-1], axis=1)[:, ::-1]
    within = [onward <= few + 0.5 for few in range(most)]
    lowest = [np.where(few.any(axis=1), few.argmax(axis=1), len(LEVELS) - 1) for few in within]
    return np.asarray(LEVELS[np.stack(lowest)], dtype=np.float32)


def episode_counts(heights: Values, gap_steps: int = GAP_STEPS) -> Values:
    """How many episodes of one host's scores reach each level."""
    counts = np.zeros(len(LEVELS), np.float32)
    for position, level in enumerate(LEVELS):
        rows = np.flatnonzero(heights >= level)
        counts[position] = 0 if len(rows) == 0 else 1 + int((np.diff(rows) > gap_steps + 1).sum())
    return counts


def heights_of(scores: Scores) -> Values:
    """-log(1 - score): heights add up where rarities multiply, and don't crowd below 1."""
    return as_heights(scores.values)


def as_heights(values: Values) -> Values:
    return np.asarray(-np.log1p(-np.minimum(values, np.float32(1.0 - 1e-7))), dtype=np.float32)
