"""One recorded fault judged again, by the models and the judge as they are now.

For each fault the models learn what the analyzer had before it: the quiet time, the gap of the restart, the calm as far
as it had come. Then the rows are judged step by step, by a judge that begins with what it looks back on, as the
analyzer does. What is lost is the delay of the programs, and what the process groups did.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import numpy as np

from analyzer.data import Finding, Fleet, Frame, Host, Scores
from analyzer.detectors import LOOKBACK_STEPS
from analyzer.detectors.scaling import aligned
from analyzer.features import load_features
from analyzer.host_models import HostModels, curriculum_for, fit_host
from analyzer.judge import Judge, Memory
from benchmarks.faults.listed import Fault
from benchmarks.faults.outcome import Outcome, Told, outcome
from benchmarks.faults.recorded import STEP, Recording
from benchmarks.faults.trial import EARLY_SECONDS, GATHER_SECONDS

CATALOGUE = load_features()
RECENT_STEPS = 600


@dataclass(frozen=True)
class Life:
    """One host's life until a fault was over, and the models that the analyzer had learned when it was `learned`."""

    frame: Frame
    learned: int
    models: HostModels
    judge: Judge

    @classmethod
    def of(cls, quiet: Frame, recording: Recording, budget: float) -> Life:
        frame = joined(quiet, recording.frame)
        learned = int(np.searchsorted(frame.times, recording.learned, "right"))
        history = Frame(frame.host, frame.features, frame.times[:learned], frame.values[:learned])
        models = fit_host(history, moment(recording.learned), STEP.total_seconds(), curriculum_for(CATALOGUE))
        return cls(frame, learned, models, judge_of(budget))

    def scores(self) -> Scores:
        """The ensemble's, from as far back as an analyzer looks that has just learned the host."""
        return self.models.score(self.frame.tail(len(self.frame.times) - self.learned + LOOKBACK_STEPS))[-1]

    def told(self, scores: Scores, since: float, until: float) -> list[tuple[float, Told]]:
        """(when it was told first, its newest form) of each finding that was told between two times."""
        calibrations, host = {self.frame.host: self.models.calibration}, Host(self.frame.host)
        memory, found = Memory(), dict[str, tuple[float, Finding]]()
        for at in range(self.learned - 1, int(np.searchsorted(self.frame.times, until, "right"))):
            now, recent = float(self.frame.times[at]), slice(max(0, at + 1 - RECENT_STEPS), at + 1)
            fleet = Fleet((host,), self.frame.features, self.frame.times[recent], self.frame.values[recent].T[None])
            verdict = self.judge.judge(moment(now), fleet, {host.name: upto(scores, now)}, calibrations, memory)
            memory = verdict.memory
            for finding in verdict.findings:
                if finding.told and now >= since:
                    found[finding.fingerprint] = (found.get(finding.fingerprint, (now,))[0], finding)
        return [(when, told(finding)) for when, finding in found.values()]


def judge_of(budget: float, step: timedelta = STEP) -> Judge:
    """As a run sets it, whose steps are seconds; at other steps as it is by default."""
    if step != STEP:
        return Judge(CATALOGUE, step, false_alarms_per_day=budget)
    return Judge(CATALOGUE, STEP, 4.0, budget, saturated_seconds=20.0, silent_seconds=20.0)


def upto(scores: Scores, time: float) -> Scores:
    """The scores of the rows until then alone; a row without any value was never scored."""
    kept = (scores.times <= time) & np.isfinite(scores.values)
    blame, moments = (None if each is None else each[kept] for each in (scores.blame, scores.moments))
    times, values, shares = scores.times[kept], scores.values[kept], scores.shares[kept]
    return replace(scores, times=times, values=values, shares=shares, blame=blame, moments=moments)


def told(finding: Finding) -> Told:
    causes = tuple(cause.feature for cause in finding.causes)
    return Told(finding.kind, finding.severity.label, finding.starts_at.timestamp(), finding.firing, causes, "")


def judged(life: Life, fault: Fault, began: float, seconds: float) -> Outcome:
    """What would have been told of the fault within `seconds`, its causes as they stood a little later."""
    fault, scores = replace(fault, process=""), life.scores()
    calm = [
        one for _, one in life.told(scores, 0.0, began - 1.0) if one.starts_at >= life.frame.times[life.learned - 1]
    ]
    heard = [when for when, one in life.told(scores, began, began + seconds) if one.starts_at >= began - EARLY_SECONDS]
    if not heard:
        return outcome(fault, None, [], calm, began - life.frame.times[life.learned - 1])
    read_at = min(min(heard) + GATHER_SECONDS, began + seconds)
    read = [one for _, one in life.told(scores, began, read_at) if one.starts_at >= began - EARLY_SECONDS]
    return outcome(fault, min(heard) - began, read, calm, began - life.frame.times[life.learned - 1])


def joined(before: Frame, after: Frame, step: timedelta = STEP) -> Frame:
    """Both on one grid; what lies between them is a gap."""
    seconds = step.total_seconds()
    times = np.arange(round((after.times[-1] - before.times[0]) / seconds) + 1) * seconds + before.times[0]
    values = np.full((len(times), len(before.features)), np.nan, np.float32)
    for part in (before, after):
        values[np.rint((part.times - times[0]) / seconds).astype(np.intp)] = aligned(part, before.features)
    return Frame(before.host, before.features, times, values)


def moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(float(seconds), UTC)
