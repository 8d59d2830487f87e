"""Hosts with a job each night: how often it is told, whether what is larger is, and where the bar stands after it all.

Minutes; seven days are history when the judge begins. The last night but one has a job of three times the size, the
last one something else instead, and every other day there is a fault by day. Sizes are in spreads of the noise.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import numpy as np
from scipy.signal import lfilter

from analyzer.data import Feature, Finding, Fleet, Frame, Host, Precedent, Values
from analyzer.judge import ANOMALY, Judge, Memory
from analyzer.judge.unlearned import Spans, told_spans
from benchmarks.simulations.lives import BEGIN, HOST, chapters, frame_of, moment, since

STEP_SECONDS, DAY = 60.0, 1440
LEARNED_DAYS, JUDGED_DAYS, FEATURES = 7, 12, 12
NIGHT, AROUND, LASTS = 120, 8, 25
BY_DAY, FAULT_LASTS = (600, 1300), 20
SIZES, LARGE = (5.0, 8.0, 15.0), 3.0
# How much of a job each feature has, and which ones a fault by day and another one at night move, by how much.
JOB = np.array([1, 0.5, 0.6, 0.2, 0.05, 0.5, 0.4, 0.3, 0.1, 0.1, 0, 0.1])
FAULT = ((4, 8, 11), 6.0)
OTHER = ((4, 9, 10), 12.0)
LATE_ROWS = 5


@dataclass(frozen=True)
class Event:
    """What happened from one row to another."""

    what: str
    begin: int
    end: int


def nights(hosts: int) -> Iterator[str]:
    yield f"a job of {LASTS} minutes each night, {LEARNED_DAYS} days known, {JUDGED_DAYS} judged, budget 0.2 a day"
    for known in (True, False):
        told: Counter[str] = Counter()
        bars = []
        for seed in range(hosts):
            values, events = stream(np.random.default_rng(seed), SIZES[seed % len(SIZES)])
            findings, bar = judged(frame_of(values, STEP_SECONDS), hours_known=known)
            told += counted(findings, events)
            bars.append(f"{bar:.2f}")
        yield f"  {'with' if known else 'without'} knowing its hour; the bars at the end are {', '.join(bars)}"
        yield from (f"    {what}: {count}" for what, count in sorted(told.items()))


def stream(random: np.random.Generator, size: float) -> tuple[Values, list[Event]]:
    """All that a host did, and what of it was no noise."""
    days = LEARNED_DAYS + JUDGED_DAYS
    noise = lfilter([1], [1, -0.7], random.normal(0, 0.7, (days * DAY, FEATURES)), axis=0)
    season = np.sin(2 * np.pi * np.arange(days * DAY) / DAY)[:, None] * random.uniform(0, 1.5, FEATURES)
    values, events = np.asarray(noise + season, np.float32), list[Event]()
    for day in range(days):
        large = day == days - 2
        begin = day * DAY + NIGHT + int(random.integers(-AROUND, AROUND + 1))
        end = begin + LASTS + int(random.integers(-3, 4))
        if day == days - 1:
            events.append(moved(values, "another fault at night", begin, OTHER))
            continue
        scale = size * random.uniform(0.9, 1.1) * (LARGE if large else 1.0)
        values[begin:end] += scale * JOB * random.uniform(0.9, 1.1, FEATURES)
        night = day - LEARNED_DAYS
        events.append(Event("larger job" if large else "job, nights 1 to 3" if night < 3 else "job, later", begin, end))
        if day >= LEARNED_DAYS and night % 2:
            events.append(moved(values, "fault by day", day * DAY + int(random.integers(*BY_DAY)), FAULT))
    return values, events


def moved(values: Values, what: str, begin: int, how: tuple[tuple[int, ...], float]) -> Event:
    features, size = how
    values[begin : begin + FAULT_LASTS, list(features)] += size
    return Event(what, begin, begin + FAULT_LASTS)


def judged(whole: Frame, *, hours_known: bool) -> tuple[dict[str, Finding], float]:
    """What was found, each as it was told if it was, and the bar at the end; judged row by row."""
    features = tuple(Feature(name, "ratio", "", "", {"en": name}) for name in whole.features)
    judge, memory, found = Judge(features, timedelta(seconds=STEP_SECONDS)), Memory(), dict[str, Finding]()
    past: tuple[Precedent, ...] = ()

    def told() -> Spans:
        return told_spans(HOST, replace(memory, past={HOST: past}), ())

    for chapter in chapters(whole, LEARNED_DAYS * DAY, STEP_SECONDS, told=told):
        calibration = chapter.models.calibration
        calibration = calibration if hours_known else replace(calibration, precedents=())
        for time in chapter.scores.times.tolist():
            at = int(np.searchsorted(whole.times, time))
            rows = slice(max(0, at - 60), at + 1)
            fleet = Fleet((Host(HOST),), whole.features, whole.times[rows], whole.values[rows].T[None])
            scores = {HOST: since(chapter.scores, time, time + 1)}
            verdict = judge.judge(moment(time), fleet, scores, {HOST: calibration}, memory)
            kept = verdict.memory.past.get(HOST, ())
            past = tuple(kept) if hours_known else (*past, *kept)
            memory = verdict.memory if hours_known else replace(verdict.memory, past={})
            for finding in verdict.findings:
                if finding.kind == ANOMALY:
                    before = found.get(finding.fingerprint)
                    found[finding.fingerprint] = finding if before is None or not before.told else before
    return found, float(memory.watch.bar[0])


def counted(found: dict[str, Finding], events: Sequence[Event]) -> Counter[str]:
    """How often each kind of event was told, quieted, or not noticed; and what was told of nothing."""
    counts: Counter[str] = Counter()
    left = list(found.values())
    for event in events:
        if event.begin < LEARNED_DAYS * DAY:
            continue
        its = [one for one in left if overlaps(one, event)]
        left = [one for one in left if one not in its]
        counts[f"{event.what}, {'told' if any(map(is_told, its)) else 'quiet' if its else 'not noticed'}"] += 1
    counts["nothing, told"] = sum(map(is_told, left))
    return counts


def is_told(finding: Finding) -> bool:
    return finding.quiet is None


def overlaps(finding: Finding, event: Event) -> bool:
    begin, end = row_of(finding.starts_at.timestamp()), row_of((finding.ends_at or finding.starts_at).timestamp())
    return begin < event.end + LATE_ROWS and end > event.begin - 1


def row_of(time: float) -> float:
    return (time - BEGIN) / STEP_SECONDS
