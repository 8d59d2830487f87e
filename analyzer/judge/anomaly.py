"""Scores in, episodes of kind "anomaly" out: at most a stated number of false ones a day and host."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace

import numpy as np

from analyzer.data import Scores, Times, Values
from analyzer.judge.calibration import Calibration
from analyzer.judge.ladder import GAP_STEPS, LEVELS, Budget, as_heights, heights_of
from analyzer.judge.memory import Episode, Memory
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
    watch, told = memory.watch, dict[str, list[Episode]]()
    for times, rows in _together(memory, scores):
        names = tuple(memory.hosts[row] for row in rows)
        heights = np.stack([_heights(scores.get(name), times) for name in names], axis=1)
        told_now = frozenset(host for host, episode in before.items() if episode.told)
        known = _expected(names, times, heights, told_now, expected)
        taken = course(
            rule, watch.rearranged([*rows]), learned(names, calibrations), times, heights, step_seconds, known
        )
        watch = watch.replaced(rows, taken.watch)
        for place in np.flatnonzero(taken.alarm.any(axis=0) | np.isin(names, list(before))).tolist():
            host, alarm, bar = names[place], taken.alarm[:, place], taken.bar[:, place]
            told[host] = _told(host, before.get(host), times, alarm, bar, scores.get(host), step_seconds)
    return replace(memory, watch=watch), [each for host in memory.hosts for each in told.get(host, ())]


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


def _heights(scores: Scores | None, times: Times) -> Values:
    """At these times, where they are a host's last ones; else NaN."""
    if scores is None or not np.array_equal(scores.times[len(scores.times) - len(times) :], times):
        return np.full(len(times), np.nan, np.float32)
    return heights_of(scores)[len(scores.times) - len(times) :]


def _told(
    host: str,
    before: Episode | None,
    times: Times,
    alarm: Flags,
    bar: Values,
    scores: Scores | None,
    step_seconds: float,
) -> list[Episode]:
    """The episodes of one host: the one that was open, brought up to date, and those that began since."""
    episodes: list[Episode] = []
    current = before
    for time, alarming, height in zip(times, alarm, bar, strict=True):
        if alarming and current is None:
            current = Episode(ANOMALY, host, float(time), bar=float(height))
        elif not alarming and current is not None:
            episodes.append(replace(current, ends_at=_over(current, float(time), step_seconds)))
            current = None
        if alarming and current is not None and scores is not None:
            current = _grown(current, scores, float(time), step_seconds)
    return [*episodes, current] if current is not None else episodes


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
    # What a step is blamed for, not what is remembered of others: no feature is to blame for what was some steps ago.
    amount = 1.0 if scores.blame is None else float(scores.blame[row])
    for feature, share in zip(scores.features, scores.shares[row], strict=True):
        if share > 0:
            parts[feature] = max(parts.get(feature, 0.0), amount * float(share))
    peak = max(episode.peak, float(heights_of(scores)[row]))
    return replace(episode, peak=peak, parts=parts, out_until=out_until)


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
