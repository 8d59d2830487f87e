"""Scores in, episodes of kind "anomaly" out: at most a stated number of false ones a day and host."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from analyzer.data import Scores, Times, Values
from analyzer.judge.calibration import Calibration
from analyzer.judge.ladder import GAP_STEPS, LEVELS, Budget, as_heights, heights_of
from analyzer.judge.memory import Episode, Memory
from analyzer.judge.recurrence import Precedents
from analyzer.judge.stories import Story, another, leading
from analyzer.judge.watch import Flags, Learned, Rule, Watch

ANOMALY = "anomaly"
_NONE: Times = np.zeros(0)
# The height that a host is known to reach at a time.
Expected = Callable[[str, float], float]
NOISE = Budget().noise
# A row that by itself would be so much of its alarm's bar is still a part of what is wrong.
OUT = 0.8
# What an alarm goes on with after its rows were usual for a while is another story: the one before counts so much less.
OLD_STORY = 0.7


def nothing(_host: str, _time: float) -> float:
    """No host is known to reach any height at any hour."""
    return -math.inf


@dataclass(frozen=True, slots=True)
class Course:
    """What a rule made of rows of scores: `alarm[t, h]` and the `bar[t, h]` that it went by."""

    alarm: Flags
    bar: Values
    watch: Watch


def course(
    rule: Rule,
    watch: Watch,
    learned: Learned,
    times: Times,
    heights: Values,
    step_seconds: float,
    expected: Values | None = None,
) -> Course:
    """The rule applied to `heights[t, h]`, one row after the other; `expected[t, h]` is what would be no news then."""
    alarm, bar = np.zeros(heights.shape, bool), np.zeros(heights.shape, np.float32)
    for row, time in enumerate(times):
        no_news = None if expected is None else expected[row]
        watch = rule.step(watch, learned, float(time), heights[row], step_seconds, no_news)
        alarm[row], bar[row] = watch.alarming, watch.bar
    return Course(alarm, bar, watch)


def learned(hosts: tuple[str, ...], calibrations: Mapping[str, Calibration]) -> Learned:
    """The hosts' calibrations as arrays; a host without one has learned nothing."""
    episodes, days = np.zeros((len(hosts), len(LEVELS)), np.float32), np.zeros(len(hosts))
    middles = np.full(len(hosts), np.inf)
    for row, host in enumerate(hosts):
        if host in calibrations:
            known = calibrations[host]
            episodes[row], days[row], middles[row] = known.episodes, known.days, known.middle
    return Learned(episodes, days, middles)


def anomalies(
    rule: Rule,
    memory: Memory,
    scores: Mapping[str, Scores],
    calibrations: Mapping[str, Calibration],
    step_seconds: float,
    expected: Expected = nothing,
) -> tuple[Memory, list[Episode]]:
    """The memory after the rows not judged before, and every anomaly that lasts or has just ended.

    What a host is `expected` to reach at a time costs nobody anything, so it does not raise its bar; once it is told
    it does.
    """
    before = {episode.host: episode for episode in memory.episodes if episode.kind == ANOMALY}
    told_now = frozenset(host for host, episode in before.items() if episode.told)
    telling, watch = _Telling(rule, scores, step_seconds, memory.past, before), memory.watch
    for times, rows in _together(memory, scores):
        names = tuple(memory.hosts[row] for row in rows)
        heights, own = _of_all(names, times, scores, heights_of), _of_all(names, times, scores, _moments)
        known = _expected(names, times, heights, told_now, expected)
        taught, part = learned(names, calibrations), watch.rearranged([*rows])
        for row, time in enumerate(times.tolist()):
            no_news = None if known is None else known[row]
            anew = telling.anew(
                names,
                time,
                np.fmin(heights[row], own[row]),
                part,
                taught,
            )
            part = rule.step(part, taught, time, heights[row], step_seconds, no_news, anew)
            telling.go_on(names, time, part, anew)
        watch = watch.replaced(rows, part)
    return replace(memory, watch=watch), [each for host in memory.hosts for each in telling.of(host)]


def _together(memory: Memory, scores: Mapping[str, Scores]) -> list[tuple[Times, list[int]]]:
    """The hosts whose rows not judged before are of the same times: most hosts have one, a new one many.

    Hosts that were not scored go with the most of them, for an alarm ends also where nothing more is heard.
    """
    alike: dict[bytes, tuple[Times, list[int]]] = {}
    unheard = []
    for row, (host, until) in enumerate(zip(memory.hosts, memory.watch.until.tolist(), strict=True)):
        known = scores.get(host)
        times = known.times[np.searchsorted(known.times, until, side="right") :] if known is not None else _NONE
        if len(times):
            alike.setdefault(times.tobytes(), (times, []))[1].append(row)
        else:
            unheard.append(row)
    every = sorted(alike.values(), key=lambda group: -len(group[1])) or [(_NONE, [])]
    every[0][1].extend(unheard)
    return [group for group in every if group[1]]


def _expected(
    names: tuple[str, ...], times: Times, heights: Values, told: Collection[str], expected: Expected
) -> Values | None:
    """Asked only where it may matter: what is as low as noise raises no bar that anyone would miss."""
    known = np.full(heights.shape, -np.inf, np.float32)
    for row, column in np.argwhere(np.nan_to_num(heights, nan=-np.inf) >= NOISE).tolist():
        if names[column] not in told:
            known[row, column] = expected(names[column], float(times[row]))
    return known if np.isfinite(known).any() else None


def _of_all(
    names: tuple[str, ...], times: Times, scores: Mapping[str, Scores], told: Callable[[Scores], Values | None]
) -> Values:
    """`[t, h]` of what is told of each host's last rows, where these are at these times; else NaN."""
    every = np.full((len(names), len(times)), np.nan, np.float32)
    for place, name in enumerate(names):
        known = scores.get(name)
        if known is not None and np.array_equal(known.times[len(known.times) - len(times) :], times):
            values = told(known)
            if values is not None:
                every[place] = values[len(values) - len(times) :]
    return every.T


def _moments(scores: Scores) -> Values | None:
    return None if scores.moments is None else as_heights(scores.moments)


@dataclass(slots=True)
class _Telling:
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

    def anew(self, names: tuple[str, ...], time: float, heights: Values, watch: Watch, taught: Learned) -> Flags | None:
        """Where another story than all that was told begins with this row, which alone and remembered is so high."""
        high = np.flatnonzero((np.nan_to_num(heights) >= NOISE) & (time > watch.until)).tolist()
        places = [place for place in high if not watch.alarming[place] or self._rests(names[place], time)]
        if not places:
            return None
        ceilings = self.rule.ceilings(watch.days[places], taught.of(places), self.step_seconds)
        over = [place for place, ceiling in zip(places, ceilings, strict=True) if heights[place] >= ceiling]
        anew = np.zeros(len(names), bool)
        anew[[place for place in over if self._another(names[place], time, float(heights[place]))]] = True
        return anew if anew.any() else None

    def go_on(self, names: tuple[str, ...], time: float, watch: Watch, anew: Flags | None) -> None:
        """What this row began, ended or added to, by the watch after it."""
        for place in np.flatnonzero(watch.alarming | [name in self.open for name in names]).tolist():
            host, alarming = names[place], bool(watch.alarming[place])
            current = self.open.pop(host, None)
            if current is not None and (not alarming or (anew is not None and anew[place])):
                self.over[host].append(replace(current, ends_at=_over(current, time, self.step_seconds)))
                current = None
            if alarming:
                current = current or Episode(ANOMALY, host, time, bar=float(watch.bar[place]))
                known = self.scores.get(host)
                self.open[host] = current if known is None else _grown(current, known, time, self.step_seconds)

    def _rests(self, host: str, time: float) -> bool:
        """Whether what was told last is only remembered: then what comes may be another alarm's."""
        current = self.open.get(host)
        return current is not None and _goes_on_anew(current, time, self.step_seconds)

    def _another(self, host: str, time: float, peak: float) -> bool:
        known = self.scores[host]
        parts = _parts(known, int(np.flatnonzero(known.times == time)[0]))
        told = [*map(Story.past, self.past.get(host, ())), *map(Story.of, self.of(host))]
        return another(Story(time, peak, leading(parts)), told)


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
