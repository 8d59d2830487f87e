"""Detection on labelled hosts, through the product's own pipeline and default settings, for any evaluator.

`score(train, test)` is causal: no row's score, cause or alarm uses a later row. Both tables are [rows, features] on one
grid without labels. The evaluator's days are made of rows, so the caller says how long a row is only for the judge.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime

import numpy as np
import numpy.typing as npt

from analyzer.data import Frame
from analyzer.detectors.scores import blame_of
from analyzer.host_models import fit_host, held_out_heights
from analyzer.judge import Budget, Rule
from analyzer.judge.ladder import heights_of
from benchmarks.judged import Judged

Table = npt.NDArray[np.float64]
STEP_SECONDS = 60.0 * float(os.environ.get("STEP_MINUTES", "1"))
BUDGETS = (1.0, 0.2)
HOST = "bench"


def frame(table: Table, begin: float, step_seconds: float) -> Frame:
    names = tuple(f"feature_{column}" for column in range(table.shape[1]))
    return Frame(
        HOST,
        names,
        begin + np.arange(len(table), dtype=np.float64) * np.float64(step_seconds),
        table.astype(np.float32),
    )


def score(train: Table, test: Table) -> dict[str, object]:
    history = frame(train, 0.0, STEP_SECONDS)
    recent = frame(test, history.times[-1] + STEP_SECONDS, STEP_SECONDS)
    now = datetime.fromtimestamp(history.times[-1], tz=UTC)
    models = fit_host(history, now, STEP_SECONDS)
    told = models.score(recent)[-1]
    heights = heights_of(told)
    judged = {budget: Judged(Rule(Budget(budget)), STEP_SECONDS) for budget in BUDGETS}
    alarms = {budget: each.go_on(told, models.calibration) for budget, each in judged.items()}
    held_out = held_out_heights(history)
    causes = blame_of(told)
    return {"test": heights, "cal": held_out, "causes": causes, "alarms": alarms}
