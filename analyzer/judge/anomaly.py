"""Scores in, episodes of kind "anomaly" out: at most a stated number of false ones a day and host."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace

import numpy as np

from analyzer.data import Scores, Times, Values
from analyzer.judge.calibration import Calibration
from analyzer.judge.ladder import LEVELS, as_heights, heights_of
from analyzer.judge.memory import Episode, Memory
from analyzer.judge.telling import ANOMALY, NOISE, Telling
from analyzer.judge.watch import Flags, Learned, Rule, Watch

_NONE: Times = np.zeros(0)
# The height that a host is known to reach at a time.
Expected = Callable[[str, float], float]


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
    telling, watch = Telling(rule, scores, step_seconds, memory.past, before), memory.watch
    for times, rows in _together(memory, scores):
        names = tuple(memory.hosts[row] for row in rows)
        heights, own = _of_all(names, times, scores, heights_of), _of_all(names, times, scores, _moments)
        known = _expected(names, times, heights, told_now, expected)
        taught, part = learned(names, calibrations), watch.rearranged([*rows])
        for row, time in enumerate(times.tolist()):
            no_news = None if known is None else known[row]
            anew = telling.anew(names, time, np.fmin(heights[row], own[row]), part, taught)
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
