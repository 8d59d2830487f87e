"""One host's life: learned again and again as the analyzer does, its rows scored by what was known when they came."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from analyzer.data import Frame, Scores, Values
from analyzer.detectors import LOOKBACK_STEPS
from analyzer.host_models import EVERYTHING, NOTHING, Curriculum, HostModels, fit_host
from analyzer.judge import Rule
from analyzer.judge.memory import Episode
from analyzer.judge.unlearned import Spans
from benchmarks.judged import Judged, rows

HOST = "simulated"
# A Monday.
BEGIN = datetime(2026, 1, 5, tzinfo=UTC).timestamp()
# What the analyzer learns anew it spreads over a fifth more than its period.
SPREAD = 1.1
REFIT_SECONDS, HISTORY_SECONDS = 3600.0, 2 * 86400.0


@dataclass(frozen=True)
class Chapter:
    """Rows that were scored by one set of models; before the first learning, as far as the analyzer looks back."""

    models: HostModels
    scores: Scores


def frame_of(values: Values, step_seconds: float) -> Frame:
    names = tuple(f"feature_{column}" for column in range(values.shape[1]))
    return Frame(HOST, names, BEGIN + step_seconds * np.arange(len(values), dtype=np.float64), values)


def chapters(
    whole: Frame,
    first: int,
    step_seconds: float,
    refit_seconds: float = REFIT_SECONDS,
    history_seconds: float = HISTORY_SECONDS,
    curriculum: Curriculum = EVERYTHING,
    told: Callable[[], Spans] = tuple,
) -> Iterator[Chapter]:
    """From the first learning, after `first` rows, to the end: again at each doubling, later at each period.

    `told` is asked when the host was told to be unusual so far, by who judges one chapter before the next is begun.
    """
    at, back, inherited = first, LOOKBACK_STEPS, NOTHING
    while at < len(whole.times):
        known = part(whole, max(0, at - round(history_seconds / step_seconds)), at)
        models = fit_host(known, moment(whole.times[at - 1]), step_seconds, curriculum, inherited, told())
        end = at + max(1, int(min(len(known.times) * step_seconds, refit_seconds) * SPREAD / step_seconds))
        scores = models.score(part(whole, max(0, at - LOOKBACK_STEPS), end))[-1]
        yield Chapter(models, since(scores, float(whole.times[max(0, at - back)])))
        at, back, inherited = end, 0, models.inheritance


def alarms(
    rule: Rule,
    whole: Frame,
    first: int,
    step_seconds: float,
    refit_seconds: float = REFIT_SECONDS,
    history_seconds: float = HISTORY_SECONDS,
) -> list[Episode]:
    """Every alarm of a life, in order; all count as told."""
    judged = Judged(rule, step_seconds)
    for chapter in chapters(whole, first, step_seconds, refit_seconds, history_seconds, told=judged.spans):
        judged.go_on(chapter.scores, chapter.models.calibration)
    return list(judged.alarms.values())


def part(whole: Frame, begin: int, end: int) -> Frame:
    return Frame(whole.host, whole.features, whole.times[begin:end], whole.values[begin:end])


def since(scores: Scores, time: float, until: float = np.inf) -> Scores:
    """The scores of the rows from `time` on, before `until`."""
    return rows(scores, np.asarray((scores.times >= time) & (scores.times < until)))


def moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(float(seconds), UTC)
