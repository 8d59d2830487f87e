"""Detection on labelled hosts that are learned again while they are judged, as hosts are in life.

`score(train, test)` is that of benchmarks.detection for any evaluator, but the models are fitted anew each `REFIT_DAYS`
(1) on the last `HISTORY_DAYS` (14). What was told within the smaller budget is no lesson, as in the analyzer; with
`TOLD=learned` it is, for comparison.
"""

from __future__ import annotations

import os

import numpy as np

from analyzer.detectors.scores import blame_of
from analyzer.host_models import held_out_heights
from analyzer.judge import Budget, Rule
from analyzer.judge.ladder import DAY_SECONDS, heights_of
from analyzer.judge.unlearned import Spans
from analyzer.judge.watch import Flags
from benchmarks.detection import BUDGETS, STEP_SECONDS, Table, frame
from benchmarks.judged import Judged
from benchmarks.simulations.lives import chapters, since

REFIT_SECONDS = DAY_SECONDS * float(os.environ.get("REFIT_DAYS", "1"))
HISTORY_SECONDS = DAY_SECONDS * float(os.environ.get("HISTORY_DAYS", "14"))
TOLD_IS_LEARNED = os.environ.get("TOLD") == "learned"


def score(train: Table, test: Table) -> dict[str, object]:
    whole = frame(np.vstack([train, test]), 0.0, STEP_SECONDS)
    first = float(whole.times[len(train)])
    judged = {budget: Judged(Rule(Budget(budget)), STEP_SECONDS) for budget in BUDGETS}

    def told() -> Spans:
        return () if TOLD_IS_LEARNED else judged[min(BUDGETS)].spans()

    alarms: dict[float, list[Flags]] = {budget: [] for budget in BUDGETS}
    heights, causes = [], []
    for chapter in chapters(whole, len(train), STEP_SECONDS, REFIT_SECONDS, HISTORY_SECONDS, told=told):
        scores = since(chapter.scores, first)
        heights.append(heights_of(scores))
        causes.append(blame_of(scores))
        for budget, each in judged.items():
            alarms[budget].append(each.go_on(scores, chapter.models.calibration))
    held_out = held_out_heights(frame(train, 0.0, STEP_SECONDS))
    told_of = {budget: np.concatenate(each) for budget, each in alarms.items()}
    return {"test": np.concatenate(heights), "cal": held_out, "causes": np.vstack(causes), "alarms": told_of}
