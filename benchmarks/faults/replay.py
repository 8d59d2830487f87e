"""Judges again what a run recorded: `python -m benchmarks.faults.replay FOLDER`, after `… --record=FOLDER`.

Seconds instead of an hour, so that a change of models or judge can be tried on real faults. With `--one-life` they come
one after another in one host's life.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from benchmarks.faults.listed import FAULTS
from benchmarks.faults.one_life import outcomes_of_one_life
from benchmarks.faults.outcome import Outcome
from benchmarks.faults.recorded import QUIET, Recording, recordings
from benchmarks.faults.rejudged import Life, judged
from benchmarks.faults.table import Quiet, heading, row, summary


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.faults.replay", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--budget", type=float, default=24)
    parser.add_argument("--one-life", action="store_true", help="one after another, nothing is forgotten")
    given = parser.parse_args()
    kept = recordings(given.folder)
    outcomes = outcomes_of_one_life if given.one_life else each_alone
    print(heading())
    told = []
    for one in outcomes(kept, given.budget, given.seconds):
        told.append(one)
        print(row(one), flush=True)
    print(summary(told, Quiet(0.0, 0.0, 0.0, ())))
    return 0


def each_alone(kept: Mapping[str, Recording], budget: float, seconds: float) -> Iterator[Outcome]:
    for fault in FAULTS:
        if fault.name in kept:
            recording = kept[fault.name]
            yield judged(Life.of(kept[QUIET].frame, recording, budget), fault, recording.began, seconds)


if __name__ == "__main__":
    sys.exit(main())
