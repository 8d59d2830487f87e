"""All that a run recorded, one after the other in one host's life: nothing is forgotten, and faults are learned too.

Twenty faults in half an hour are no life of a host: what is told is what a budget leaves of them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import timedelta
from functools import partial, reduce

import numpy as np

from analyzer.data import Finding, Fleet, Frame, Host
from analyzer.host_models import curriculum_for
from analyzer.judge import Memory
from analyzer.judge.unlearned import Spans, told_spans
from benchmarks.faults.listed import FAULTS
from benchmarks.faults.outcome import Outcome, outcome
from benchmarks.faults.recorded import QUIET, STEP, Recording
from benchmarks.faults.rejudged import CATALOGUE, RECENT_STEPS, joined, judge_of, told, upto
from benchmarks.faults.trial import EARLY_SECONDS, GATHER_SECONDS
from benchmarks.simulations.lives import chapters, moment

# A finding in each form in which it was told, and when that was.
Forms = list[tuple[float, Finding]]


def outcomes_of_one_life(
    kept: Mapping[str, Recording], budget: float, seconds: float, step: timedelta = STEP
) -> Iterator[Outcome]:
    """In the order in which they came; the calm before each is the time since what was recorded of the one before."""
    faults = {fault.name: fault for fault in FAULTS}
    recorded = sorted((one for one in kept.values() if one.name != QUIET), key=lambda one: one.began)
    whole = reduce(partial(joined, step=step), (one.frame for one in recorded), kept[QUIET].frame)
    findings = lived(whole, recorded[0].learned, budget, step)
    early = max(EARLY_SECONDS, step.total_seconds())
    before = recorded[0].learned
    for one in recorded:
        until = min(one.began + seconds, float(one.frame.times[-1]))
        its = [forms for forms in findings if within(forms, one.began - early, until)]
        calm = [forms for forms in findings if before <= started(forms) < one.began - early]
        calm_seconds, before = one.began - before, float(one.frame.times[-1])
        heard = min((forms[0][0] for forms in its), default=None)
        read_at = until if heard is None else min(heard + GATHER_SECONDS, until)
        read = [told(newest(forms, read_at)) for forms in its if forms[0][0] <= read_at]
        after = None if heard is None else heard - one.began
        yield outcome(faults[one.name], after, read, [told(forms[-1][1]) for forms in calm], calm_seconds)


def lived(whole: Frame, learned: float, budget: float, step: timedelta) -> list[Forms]:
    """Every finding that was told after the host was first `learned`, in all its forms."""
    first, judge, memory = int(np.searchsorted(whole.times, learned, "right")), judge_of(budget, step), Memory()
    found: dict[str, Forms] = defaultdict(list)

    def so_far() -> Spans:
        return told_spans(whole.host, memory, ())

    curriculum = curriculum_for(CATALOGUE)
    for chapter in chapters(whole, first, step.total_seconds(), curriculum=curriculum, told=so_far):
        calibrations = {whole.host: chapter.models.calibration}
        for now in chapter.scores.times.tolist():
            at = int(np.searchsorted(whole.times, now))
            recent = slice(max(0, at + 1 - RECENT_STEPS), at + 1)
            values = whole.values[recent].T[None]
            fleet = Fleet((Host(whole.host),), whole.features, whole.times[recent], values)
            verdict = judge.judge(moment(now), fleet, {whole.host: upto(chapter.scores, now)}, calibrations, memory)
            memory = verdict.memory
            for finding in verdict.findings:
                if finding.told:
                    found[finding.fingerprint].append((now, finding))
    return [forms for forms in found.values() if started(forms) >= learned]


def started(forms: Forms) -> float:
    return forms[0][1].starts_at.timestamp()


def newest(forms: Forms, at: float) -> Finding:
    return [finding for when, finding in forms if when <= at][-1]


def within(forms: Forms, since: float, until: float) -> bool:
    """Whether it began and was first told in that time."""
    return since <= started(forms) and forms[0][0] <= until
