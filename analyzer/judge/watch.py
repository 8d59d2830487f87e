"""The alarm of each host, row by row: a bar that follows the scores within a budget, and hysteresis. No host loop."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace

import numpy as np
import numpy.typing as npt

from analyzer.data import Times, Values
from analyzer.judge.ladder import DAY_SECONDS, GAP_STEPS, LEVELS, Budget, HeldOut

Flags = npt.NDArray[np.bool_]

NEXT_TO_NOTHING = 0.01


@dataclass(frozen=True, slots=True)
class Watch:
    """One row for each host. `counts[h, l]` episodes reached level l in `days[h]` days, old ones fading.

    `lately[h, l]` are the same, fading within hours. `last[h, l]` is when level l was last reached, `until[h]` the
    newest row counted; `alarming[h]` since some row over `bar[h]`, and `last_bad[h]` the newest row that kept it so.
    Times are epoch seconds.
    """

    counts: Values
    lately: Values
    last: Times
    days: Times
    until: Times
    alarming: Flags
    bar: Values
    last_bad: Times

    @classmethod
    def of(cls, hosts: int) -> Watch:
        """Nothing seen yet."""
        shape, never = (hosts, len(LEVELS)), np.full(hosts, -np.inf)
        counts, last, bar = np.zeros(shape, np.float32), np.full(shape, -np.inf), np.zeros(hosts, np.float32)
        return cls(counts, counts.copy(), last, np.zeros(hosts), never, np.zeros(hosts, bool), bar, never.copy())

    def no_later_than(self, moment: float) -> Watch:
        """The same as if nothing had been seen after `moment`."""
        last, until, last_bad = (np.minimum(seen, moment) for seen in (self.last, self.until, self.last_bad))
        return replace(self, last=last, until=until, last_bad=last_bad)

    def rearranged(self, rows: list[int | None]) -> Watch:
        """A watch whose row i is this one's row `rows[i]`, or a fresh one for None."""
        if rows == list(range(len(self.days))):
            return self
        fresh = Watch.of(len(rows))
        new = [row for row, old in enumerate(rows) if old is not None]
        old = [row for row in rows if row is not None]
        for part in fields(Watch):
            getattr(fresh, part.name)[new] = getattr(self, part.name)[old]
        return fresh

    def replaced(self, rows: list[int], new: Watch) -> Watch:
        """The same with `new` in place of these rows."""
        if rows == list(range(len(self.days))):
            return new
        every = Watch(*(getattr(self, part.name).copy() for part in fields(Watch)))
        for part in fields(Watch):
            getattr(every, part.name)[rows] = getattr(new, part.name)
        return every


@dataclass(frozen=True, slots=True)
class Learned:
    """`episodes[h, l]` that reached level l of held-out scores in `days[h]` days, for each host of a watch.

    `middles[h]` is the median of those scores' heights.
    """

    episodes: Values
    days: Times
    middles: Times

    def of(self, places: list[int]) -> Learned:
        """Of these hosts alone."""
        return Learned(self.episodes[places], self.days[places], self.middles[places])

    def held_out(self, step_seconds: float) -> HeldOut:
        return HeldOut.of(self.episodes, self.days * DAY_SECONDS / step_seconds, self.middles)


@dataclass(frozen=True, slots=True)
class Rule:
    """How heights become alarms: over the bar it begins, and it ends `hold_steps` after the last row over `calm` of it.

    What was seen fades over `memory_days`; the held-out history counts `learned_part` of its days beside it, for hosts
    drift away from what they were trained on. What came within about `brief_days` has a bar of its own: a bad day must
    not spend what a week may cost. Whatever came since, another story is heard from `over_history` times the bar that
    history alone would set.
    """

    budget: Budget = field(default_factory=Budget)
    memory_days: float = 10.0
    learned_part: float = 0.15
    brief_days: float = 1 / 3
    calm: float = 0.5
    hold_steps: int = GAP_STEPS
    over_history: float = 1.5

    def step(
        self,
        watch: Watch,
        learned: Learned,
        time: float,
        heights: Values,
        step_seconds: float,
        expected: Values | None = None,
        anew: Values | None = None,
    ) -> Watch:
        """The watch after one row of all hosts; rows counted before change nothing. `heights[h]` NaN: not scored.

        What is no higher than `expected[h]` is no news at this time, and does not count towards the bar. Where
        `anew[h]` is a bar, another story begins with this row, by that one, also over an alarm that goes on.
        """
        scored = np.isfinite(heights) & (time > watch.until)
        heights = np.where(scored, heights, -np.inf).astype(np.float32)
        counts = watch.counts + self.learned_part * learned.episodes
        days = watch.days + self.learned_part * learned.days
        allowed = self.budget.bars(counts, days, learned.held_out(step_seconds))
        allowed = np.maximum(allowed, self.budget.brief_bars(watch.lately, self.brief_days))
        bar = np.where(watch.alarming, watch.bar, allowed)
        begins = np.zeros(len(bar), bool)
        if anew is not None:
            begins = np.isfinite(anew) & scored
            bar = np.where(begins, np.fmin(allowed, anew), bar)
        bad = begins | (heights >= np.where(watch.alarming, self.calm * bar, bar))
        last_bad = np.where(bad, time, watch.last_bad)
        alarming = bad | (watch.alarming & (time - last_bad <= (self.hold_steps + 0.5) * step_seconds))
        news = heights if expected is None else np.where(heights > expected, heights, np.float32(-np.inf))
        counted = self._counted(watch, time, news, scored, step_seconds)
        return Watch(*counted, alarming=alarming, bar=bar, last_bad=last_bad)

    def ceilings(self, watched_days: Times, learned: Learned, step_seconds: float) -> Values:
        """For each host the height from which another story is heard, whatever was reached in its `watched_days`."""
        counts, days = self.learned_part * learned.episodes, self.learned_part * learned.days
        bars = self.budget.bars(counts, days, learned.held_out(step_seconds), watched_days + days)
        return np.asarray(self.over_history * bars, dtype=np.float32)

    def _counted(
        self, watch: Watch, time: float, heights: Values, scored: Flags, step_seconds: float
    ) -> tuple[Values, Values, Times, Times, Times]:
        above = heights[:, None] >= LEVELS
        begins = above & (time - watch.last > (GAP_STEPS + 1.5) * step_seconds)
        passed = np.where(scored, step_seconds / DAY_SECONDS, 0.0)
        kept, kept_lately = np.exp(-passed / self.memory_days), np.exp(-passed / self.brief_days)
        counts = (watch.counts * kept[:, None] + begins).astype(np.float32)
        lately = (watch.lately * kept_lately[:, None] + begins).astype(np.float32)
        # Next to nothing takes as much room when it is saved.
        lately[lately < NEXT_TO_NOTHING] = 0.0
        days = watch.days * kept + passed
        return counts, lately, np.where(above, time, watch.last), days, np.where(scored, time, watch.until)
