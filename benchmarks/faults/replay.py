"""Judges again what a run recorded: `python -m benchmarks.faults.replay FOLDER`, after `… --record=FOLDER`.

The models learn the recorded quiet time; then each fault is judged step by step, as the analyzer does. Seconds instead
of an hour, so that a change of models or judge can be tried on real faults; what is lost is the delay of the programs.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from analyzer.data import Finding, Fleet, Frame, Host, Scores
from analyzer.detectors import LOOKBACK_STEPS
from analyzer.detectors.scaling import aligned
from analyzer.features import load_features
from analyzer.judge import Judge, Memory
from analyzer.training import HostModels, curriculum_for, fit_host
from benchmarks.faults.listed import FAULTS, Fault
from benchmarks.faults.outcome import Outcome, Told, outcome
from benchmarks.faults.recorded import QUIET, STEP, Recording, recordings
from benchmarks.faults.table import Quiet, heading, row, summary
from benchmarks.faults.trial import EARLY_SECONDS, GATHER_SECONDS

CATALOGUE = load_features()


@dataclass(frozen=True)
class Court:
    """The models of the quiet time, and the judge."""

    quiet: Frame
    models: HostModels
    judge: Judge

    @classmethod
    def of(cls, quiet: Frame, budget: float) -> Court:
        models = fit_host(quiet, moment(quiet.times[-1]), STEP.total_seconds(), curriculum_for(CATALOGUE))
        judge = Judge(CATALOGUE, STEP, 4.0, budget, saturated_seconds=20.0, silent_seconds=20.0)
        return cls(quiet, models, judge)

    def told(self, frame: Frame, since: float, until: float) -> list[tuple[float, Told]]:
        """(when it was told first, its newest form) of each finding that was told between two times."""
        begin = int(np.searchsorted(frame.times, since))
        ensemble = self.models.score(frame)[-1]
        calibrations, host = {frame.host: self.models.calibration}, Host(frame.host)
        memory, found = Memory(), dict[str, tuple[float, Finding]]()
        for at in range(max(0, begin - LOOKBACK_STEPS), int(np.searchsorted(frame.times, until, "right"))):
            now, newest = float(frame.times[at]), slice(max(0, at - LOOKBACK_STEPS), at + 1)
            fleet = Fleet((host,), frame.features, frame.times[newest], frame.values[newest].T[None])
            scores = {host.name: upto(ensemble, at + 1)}
            verdict = self.judge.judge(moment(now), fleet, scores, calibrations, memory)
            memory = verdict.memory
            for finding in verdict.findings:
                if finding.told and now >= since:
                    found[finding.fingerprint] = (found.get(finding.fingerprint, (now,))[0], finding)
        return [(when, told(finding)) for when, finding in found.values()]


def upto(scores: Scores, rows: int) -> Scores:
    """The scores of the first rows alone."""
    blame = scores.blame[:rows] if scores.blame is not None else None
    return replace(
        scores, times=scores.times[:rows], values=scores.values[:rows], shares=scores.shares[:rows], blame=blame
    )


def told(finding: Finding) -> Told:
    causes = tuple(cause.feature for cause in finding.causes)
    return Told(finding.kind, finding.severity.label, finding.starts_at.timestamp(), finding.firing, causes, "")


def judged(court: Court, fault: Fault, recording: Recording, seconds: float) -> Outcome:
    """What would have been told of the fault within `seconds`, its causes as they stood a little later."""
    frame, began = joined(court.quiet.tail(LOOKBACK_STEPS), recording.frame), recording.began
    heard = [when for when, one in court.told(frame, began, began + seconds) if one.starts_at >= began - EARLY_SECONDS]
    if not heard:
        return outcome(fault, None, [])
    read_at = min(min(heard) + GATHER_SECONDS, began + seconds)
    read = [one for _, one in court.told(frame, began, read_at) if one.starts_at >= began - EARLY_SECONDS]
    return outcome(fault, min(heard) - began, read)


def joined(before: Frame, after: Frame) -> Frame:
    return Frame(
        before.host,
        before.features,
        np.r_[before.times, after.times],
        np.r_[before.values, aligned(after, before.features)],
    )


def moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(float(seconds), UTC)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.faults.replay", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--budget", type=float, default=24)
    given = parser.parse_args()
    kept = recordings(given.folder)
    court = Court.of(kept[QUIET].frame, given.budget)
    print(heading())
    outcomes = []
    for fault in FAULTS:
        if fault.name in kept:
            outcomes.append(judged(court, fault, kept[fault.name], given.seconds))
            print(row(outcomes[-1]), flush=True)
    print(summary(outcomes, Quiet(0.0, 0.0, 0.0, ())))
    return 0


if __name__ == "__main__":
    sys.exit(main())
