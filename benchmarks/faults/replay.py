"""Judges again what a run recorded: `python -m benchmarks.faults.replay FOLDER`, after `… --record=FOLDER`.

Seconds instead of an hour, so that a change of models or judge can be tried on real faults. With `--one-life` they come
one after another in one host's life; with `--apart` spread over a day of it, within the budget that is the default.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from analyzer.judge import Budget
from benchmarks.faults.listed import FAULTS
from benchmarks.faults.one_life import outcomes_of_one_life
from benchmarks.faults.outcome import Outcome
from benchmarks.faults.recorded import QUIET, STEP, Recording, recordings
from benchmarks.faults.rejudged import Life, judged
from benchmarks.faults.spread import STEP as SPREAD_STEP
from benchmarks.faults.spread import spread
from benchmarks.faults.table import Quiet, heading, row, summary

# One false alarm an hour: a run takes half of one.
IN_A_RUN = 24.0


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.faults.replay", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--budget", type=float, help="false alarms a day; without, an hour's one, or the default's")
    parser.add_argument("--one-life", action="store_true", help="one after another, nothing is forgotten")
    parser.add_argument("--apart", type=int, help="one life at steps of 15 s, so many of them quiet between two faults")
    given = parser.parse_args()
    kept = recordings(given.folder)
    print(heading())
    told = []
    for one in outcomes(kept, given):
        told.append(one)
        print(row(one), flush=True)
    print(summary(told, Quiet(0.0, 0.0, 0.0, ())))
    return 0


def outcomes(kept: Mapping[str, Recording], given: argparse.Namespace) -> Iterator[Outcome]:
    if given.apart is not None:
        seconds = given.seconds * SPREAD_STEP.total_seconds() / STEP.total_seconds()
        return outcomes_of_one_life(
            spread(kept, given.apart), given.budget or Budget().false_alarms_per_day, seconds, SPREAD_STEP
        )
    each = outcomes_of_one_life if given.one_life else each_alone
    return each(kept, given.budget or IN_A_RUN, given.seconds)


def each_alone(kept: Mapping[str, Recording], budget: float, seconds: float) -> Iterator[Outcome]:
    for fault in FAULTS:
        if fault.name in kept:
            recording = kept[fault.name]
            yield judged(Life.of(kept[QUIET].frame, recording, budget), fault, recording.began, seconds)


if __name__ == "__main__":
    sys.exit(main())
