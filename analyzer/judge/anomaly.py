"""Scores in, episodes of kind "anomaly" out: at most a stated number of false ones a day and host."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from analyzer.data import Scores, Times, Values
from analyzer.judge.calibration import Calibration
from analyzer.judge.ladder import LEVELS, heights_of
from analyzer.judge.memory import Episode, Memory
from analyzer.judge.watch import Flags, Learned, Rule, Watch

ANOMALY = "anomaly"


@dataclass(frozen=True, slots=True)
class Course:
    """What a rule made of rows of scores: `alarm[t, h]` and the `bar[t, h]` that it went by."""

    alarm: Flags
    bar: Values
    watch: Watch


def course(rule: Rule, watch: Watch, learned: Learned, times: Times, heights: Values, step_seconds: float) -> Course:
    """The rule applied to `heights[t, h]`, one row after the other."""
    alarm, bar = np.zeros(heights.shape, bool), np.zeros(heights.shape, np.float32)
    for row, time in enumerate(times):
        watch = rule.step(watch, learned, float(time), heights[row], step_seconds)
        alarm[row], bar[row] = watch.alarming, watch.bar
    return Course(alarm, bar, watch)


def learned(hosts: tuple[str, ...], calibrations: Mapping[str, Calibration]) -> Learned:
    """The hosts' calibrations as arrays; a host without one has learned nothing."""
    episodes, days = np.zeros((len(hosts), len(LEVELS)), np.float32), np.zeros(len(hosts))
    for row, host in enumerate(hosts):
        if host in calibrations:
            episodes[row], days[row] = calibrations[host].episodes, calibrations[host].days
    return Learned(episodes, days)


def anomalies(
    rule: Rule,
    memory: Memory,
    scores: Mapping[str, Scores],
    calibrations: Mapping[str, Calibration],
    step_seconds: float,
) -> tuple[Memory, list[Episode]]:
    """The memory after the rows not judged before, and every anomaly that lasts or has just ended."""
    times = _new_times(memory, scores)
    heights = np.full((len(times), len(memory.hosts)), np.nan, np.float32)
    for row, host in enumerate(memory.hosts):
        if host in scores:
            known, where = _positions(times, scores[host].times)
            heights[where, row] = heights_of(scores[host])[known]
    taken = course(rule, memory.watch, learned(memory.hosts, calibrations), times, heights, step_seconds)
    before = {episode.host: episode for episode in memory.episodes if episode.kind == ANOMALY}
    episodes = []
    for row, host in enumerate(memory.hosts):
        if host in before or taken.alarm[:, row].any():
            episodes += _told(host, before.get(host), times, taken.alarm[:, row], taken.bar[:, row], scores.get(host))
    return replace(memory, watch=taken.watch), episodes


def _new_times(memory: Memory, scores: Mapping[str, Scores]) -> Times:
    if not scores:
        return np.zeros(0)
    oldest = memory.watch.until.min(initial=np.inf)
    times = np.unique(np.concatenate([each.times for each in scores.values()]))
    return np.asarray(times[times > oldest])


def _positions(times: Times, own: Times) -> tuple[Flags, npt.NDArray[np.intp]]:
    """Which of a host's own rows are new, and at which of `times` they stand."""
    known = np.isin(own, times)
    return known, np.searchsorted(times, own[known])


def _told(
    host: str, before: Episode | None, times: Times, alarm: Flags, bar: Values, scores: Scores | None
) -> list[Episode]:
    """The episodes of one host: the one that was open, brought up to date, and those that began since."""
    episodes: list[Episode] = []
    current = before
    for time, alarming, height in zip(times, alarm, bar, strict=True):
        if alarming and current is None:
            current = Episode(ANOMALY, host, float(time), bar=float(height))
        elif not alarming and current is not None:
            episodes.append(replace(current, ends_at=float(time)))
            current = None
        if alarming and current is not None and scores is not None:
            current = _grown(current, scores, float(time))
    return [*episodes, current] if current is not None else episodes


def _grown(episode: Episode, scores: Scores, time: float) -> Episode:
    """The episode with one more row: each feature's part is the most it ever was."""
    rows = np.flatnonzero(scores.times == time)
    if len(rows) == 0 or not np.isfinite(scores.values[rows[0]]):
        return episode
    row = rows[0]
    parts = dict(episode.parts)
    # What a step is blamed for, not what is remembered of others: no feature is to blame for what was some steps ago.
    amount = 1.0 if scores.blame is None else float(scores.blame[row])
    for feature, share in zip(scores.features, scores.shares[row], strict=True):
        if share > 0:
            parts[feature] = max(parts.get(feature, 0.0), amount * float(share))
    return replace(episode, peak=max(episode.peak, float(heights_of(scores)[row])), parts=parts)
