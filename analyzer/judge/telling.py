"""Anomalies while rows are judged: begun, grown and ended row by row, each with what it is put down to."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from analyzer.data import Scores, Values
from analyzer.judge.ladder import GAP_STEPS, Budget, as_heights, heights_of
from analyzer.judge.memory import Episode
from analyzer.judge.recurrence import Precedents
from analyzer.judge.stories import Story, another, leading
from analyzer.judge.watch import Learned, Rule, Watch

ANOMALY = "anomaly"
NOISE = Budget().noise
# A row that by itself would be so much of its alarm's bar is still a part of what is wrong.
OUT = 0.8
# What an alarm goes on with after its rows were usual for a while is not quite the same: what was before counts less.
OLD_STORY = 0.7


@dataclass(slots=True)
class Telling:
    """The anomalies of one call, row by row: those `open` by host, and those that ended in it."""

    rule: Rule
    scores: Mapping[str, Scores]
    step_seconds: float
    past: Precedents
    open: dict[str, Episode]
    over: dict[str, list[Episode]] = field(default_factory=lambda: defaultdict(list))

    def of(self, host: str) -> list[Episode]:
        """In the order in which they began."""
        return [*self.over.get(host, ()), *([self.open[host]] if host in self.open else ())]

    def anew(
        self, names: tuple[str, ...], time: float, heights: Values, watch: Watch, taught: Learned
    ) -> Values | None:
        """The bar by which another story than all that was told begins with this row; NaN where none does.

        `heights[h]` is how high the row is, alone and with what is remembered.
        """
        high = np.flatnonzero((np.nan_to_num(heights) >= NOISE) & (time > watch.until)).tolist()
        places = [place for place in high if not watch.alarming[place] or self._rests(names[place], time)]
        if not places:
            return None
        bars = np.full(len(names), np.nan, np.float32)
        ceilings = self.rule.ceilings(watch.days[places], taught.of(places), self.step_seconds).tolist()
        for place, ceiling in zip(places, ceilings, strict=True):
            height = float(heights[place])
            if height >= ceiling and self._another(names[place], time, height):
                bars[place] = ceiling
        return bars if np.isfinite(bars).any() else None

    def go_on(self, names: tuple[str, ...], time: float, watch: Watch, anew: Values | None) -> None:
        """What this row began, ended or added to, by the watch after it."""
        for place in np.flatnonzero(watch.alarming | [name in self.open for name in names]).tolist():
            host, bar = names[place], float(watch.bar[place])
            ceiling = math.nan if anew is None else float(anew[place])
            current = self.open.pop(host, None)
            if current is not None and (not watch.alarming[place] or math.isfinite(ceiling)):
                self.over[host].append(replace(current, ends_at=_over(current, time, self.step_seconds)))
                current = None
            if watch.alarming[place]:
                # How bad another story is, is told by what history lets expect.
                known = min(bar, ceiling / self.rule.over_history) if math.isfinite(ceiling) else bar
                current, said = current or Episode(ANOMALY, host, time, bar=known), self.scores.get(host)
                self.open[host] = current if said is None else _grown(current, said, time, self.step_seconds)

    def _rests(self, host: str, time: float) -> bool:
        """Whether what was told last is only remembered: then what comes may be another alarm's."""
        current = self.open.get(host)
        return current is not None and _goes_on_anew(current, time, self.step_seconds)

    def _another(self, host: str, time: float, peak: float) -> bool:
        known = self.scores[host]
        parts = _parts(known, int(np.flatnonzero(known.times == time)[0]))
        before = [*map(Story.past, self.past.get(host, ())), *map(Story.of, self.of(host))]
        return another(Story(time, peak, leading(parts)), before, self.rule.budget.believed_per_day)


def _over(episode: Episode, time: float, step_seconds: float) -> float:
    """When what an alarm told was over; the alarm itself lasts as long as scores remember."""
    return time if episode.out_until is None else min(time, episode.out_until + step_seconds)


def _grown(episode: Episode, scores: Scores, time: float, step_seconds: float) -> Episode:
    """The episode with one more row: each feature's part is the most it ever was, less for a story before this one."""
    rows = np.flatnonzero(scores.times == time)
    if len(rows) == 0 or not np.isfinite(scores.values[rows[0]]):
        return episode
    row = rows[0]
    out_until = _out_until(episode, scores, int(row))
    kept = OLD_STORY if _goes_on_anew(episode, out_until, step_seconds) else 1.0
    parts = {feature: kept * part for feature, part in episode.parts.items()}
    for feature, part in _parts(scores, int(row)).items():
        parts[feature] = max(parts.get(feature, 0.0), part)
    peak = max(episode.peak, float(heights_of(scores)[row]))
    return replace(episode, peak=peak, parts=parts, out_until=out_until)


def _parts(scores: Scores, row: int) -> dict[str, float]:
    """What a step is blamed for, not what is remembered: no feature is to blame for what was some steps ago."""
    amount = 1.0 if scores.blame is None else float(scores.blame[row])
    return {
        name: amount * float(share)
        for name, share in zip(scores.features, scores.shares[row], strict=True)
        if share > 0
    }


def _goes_on_anew(episode: Episode, out_until: float | None, step_seconds: float) -> bool:
    """Whether rows are unusual again after so many usual ones that without memory they would be another alarm's."""
    if out_until is None or episode.out_until is None:
        return False
    return out_until - episode.out_until > (GAP_STEPS + 0.5) * step_seconds


def _out_until(episode: Episode, scores: Scores, row: int) -> float | None:
    if scores.moments is None:
        return None
    out = float(as_heights(scores.moments)[row]) >= OUT * episode.bar
    return float(scores.times[row]) if out or episode.out_until is None else episode.out_until
