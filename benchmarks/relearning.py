"""Detection on labelled hosts that are learned again while they are judged, as hosts are in life.

`score(train, test)` is that of benchmarks.detection for any evaluator, but the models are fitted anew each `REFIT_DAYS`
(1) on the last `HISTORY_DAYS` (14). What was told within the smaller budget is no lesson, as in the analyzer; with
`TOLD=learned` it is, for comparison.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field

import numpy as np

from analyzer.data import Times, Values
from analyzer.detectors.scores import blame_of
from analyzer.host_models import held_out_heights
from analyzer.judge import Budget, Rule
from analyzer.judge.anomaly import OUT, course, learned
from analyzer.judge.ladder import DAY_SECONDS, as_heights, heights_of
from analyzer.judge.unlearned import Spans
from analyzer.judge.watch import Flags, Learned, Watch
from benchmarks.detection import BUDGETS, STEP_SECONDS, Table, frame
from benchmarks.simulations.lives import chapters, since

REFIT_SECONDS = DAY_SECONDS * float(os.environ.get("REFIT_DAYS", "1"))
HISTORY_SECONDS = DAY_SECONDS * float(os.environ.get("HISTORY_DAYS", "14"))
TOLD_IS_LEARNED = os.environ.get("TOLD") == "learned"


@dataclass
class Watched:
    """One budget's decisions so far."""

    rule: Rule
    watch: Watch = field(default_factory=lambda: Watch.of(1))
    alarm: list[Flags] = field(default_factory=list)
    spans: list[tuple[float, float]] = field(default_factory=list)

    def go_on(self, known: Learned, times: Times, heights: Values, moments: Values) -> None:
        going_on = bool(self.watch.alarming[0])
        taken = course(self.rule, self.watch, known, times, heights[:, None], STEP_SECONDS)
        alarm, self.watch = taken.alarm[:, 0], taken.watch
        self.alarm.append(alarm)
        edges = np.flatnonzero(np.diff(np.r_[False, alarm, False].astype(np.int8)))
        for begin, end in edges.reshape(-1, 2).tolist():
            out = begin + np.flatnonzero(moments[begin:end] >= OUT * taken.bar[begin, 0])
            until = float(times[out[-1]]) if len(out) else float(times[begin])
            if begin == 0 and going_on:
                self.spans[-1] = (self.spans[-1][0], until if len(out) else self.spans[-1][1])
            else:
                self.spans.append((float(times[begin]), until))


def score(train: Table, test: Table) -> dict[str, object]:
    whole = frame(np.vstack([train, test]), 0.0, STEP_SECONDS)
    first = float(whole.times[len(train)])
    watched = {budget: Watched(Rule(Budget(budget))) for budget in BUDGETS}

    def told() -> Spans:
        return () if TOLD_IS_LEARNED else tuple(watched[min(BUDGETS)].spans)

    heights, causes = [], []
    for chapter in chapters(whole, len(train), STEP_SECONDS, REFIT_SECONDS, HISTORY_SECONDS, told=told):
        scores, calibration = since(chapter.scores, first), chapter.models.calibration
        assert scores.moments is not None
        known = learned((whole.host,), {whole.host: calibration})
        heights.append(heights_of(scores))
        causes.append(blame_of(scores))
        for each in watched.values():
            each.go_on(known, scores.times, heights[-1], as_heights(scores.moments))
    alarms = {budget: np.concatenate(each.alarm) for budget, each in watched.items()}
    held_out = held_out_heights(frame(train, 0.0, STEP_SECONDS))
    return {"test": np.concatenate(heights), "cal": held_out, "causes": np.vstack(causes), "alarms": alarms}
