"""One host before the judge, row after row as the analyzer's cycles bring them; all its alarms count as told."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import numpy as np

from analyzer.data import Precedent, Scores
from analyzer.judge import Calibration, Memory, Rule
from analyzer.judge.anomaly import anomalies
from analyzer.judge.memory import Episode
from analyzer.judge.recurrence import recalled
from analyzer.judge.stories import leading
from analyzer.judge.unlearned import Spans
from analyzer.judge.watch import Flags


@dataclass
class Judged:
    """By one rule: what is remembered, and every alarm so far by its beginning (epoch seconds)."""

    rule: Rule
    step_seconds: float
    memory: Memory = field(default_factory=Memory)
    alarms: dict[float, Episode] = field(default_factory=dict)

    def go_on(self, scores: Scores, calibration: Calibration) -> Flags:
        """After these rows, each of which was scored by the same models: which of them belong to an alarm."""
        self.memory = self.memory.covering((scores.host,))
        alarming = np.zeros(len(scores.times), bool)
        for row in range(len(scores.times)):
            known, given = {scores.host: calibration}, {scores.host: rows(scores, slice(row, row + 1))}
            memory, told = anomalies(self.rule, self.memory, given, known, self.step_seconds)
            self.memory, alarming[row] = self._after(memory, told), memory.watch.alarming[0]
        return alarming

    def spans(self) -> Spans:
        """When it was told to be unusual."""
        return tuple((one.starts_at, _until(one)) for one in self.alarms.values())

    def _after(self, memory: Memory, told: Sequence[Episode]) -> Memory:
        if not told:
            return replace(memory, episodes=()) if memory.episodes else memory
        self.alarms |= {one.starts_at: one for one in told}
        over = [_precedent(one, one.ends_at) for one in told if one.ends_at is not None]
        past = recalled(memory.past, over, over[-1].ends_at) if over else memory.past
        return replace(memory, episodes=tuple(one for one in told if one.ends_at is None), past=past)


def rows(scores: Scores, kept: slice | Flags) -> Scores:
    """Of these rows alone."""
    blame, moments = (None if each is None else each[kept] for each in (scores.blame, scores.moments))
    times, values, shares = scores.times[kept], scores.values[kept], scores.shares[kept]
    return replace(scores, times=times, values=values, shares=shares, blame=blame, moments=moments)


def _until(episode: Episode) -> float:
    """When it was over, as far as that is known."""
    known = episode.out_until if episode.ends_at is None else episode.ends_at
    return math.inf if known is None else known


def _precedent(episode: Episode, ends_at: float) -> Precedent:
    begun, ended = (datetime.fromtimestamp(seconds, UTC) for seconds in (episode.starts_at, ends_at))
    return Precedent(episode.host, begun, ended, 0, -math.expm1(-episode.peak), leading(episode.parts))
