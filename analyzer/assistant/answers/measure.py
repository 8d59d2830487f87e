"""Measures features of hosts, now or over a stretch of time, as evidence. Falls back to the report, and says so."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from analyzer.assistant.inquiry import Inquiry
from analyzer.data import Evidence, Feature, Figure, HostReport, Sample, Series, Window
from analyzer.errors import SourceError
from analyzer.features import any_matcher, matcher, query

RATE_SECONDS = 120.0
STEPS = 240  # points of a range query: enough for a highest value that deserves its name
STEPS_OF_MANY = 60  # and for so many hosts that their list is cut anyway
MANY = 5
SHORTEST_STEP = 15


@dataclass(frozen=True, slots=True)
class Measured:
    """What was measured, by host and feature, and why some of it comes from the report instead."""

    evidence: tuple[Evidence, ...]
    problems: tuple[str, ...] = ()

    def of(self, host: str, feature: str = "") -> tuple[Evidence, ...]:
        return tuple(e for e in self.evidence if e.host == host and feature in {"", e.feature})

    def value(self, host: str, feature: str) -> float:
        found = self.of(host, feature)
        return found[0].value if found else math.nan

    def peak(self, host: str, feature: str) -> float:
        found = self.of(host, feature)
        return next((f.value for e in found[:1] for f in e.figures if f.name == "highest"), math.nan)


async def measure_now(inquiry: Inquiry, names: Sequence[str]) -> Measured:
    """The newest value of each feature on each host that is asked about."""
    features = [f for name in names if (f := inquiry.feature(name))]
    parts = await asyncio.gather(*(_instant(inquiry, feature) for feature in features))
    return _joined(parts)


async def measure_over(inquiry: Inquiry, names: Sequence[str], start: datetime, end: datetime) -> Measured:
    """Mean, highest and lowest of each feature over a stretch of time; the value is the mean. One feature of many."""
    features = [f for name in names if (f := inquiry.feature(name))]
    features = features if len(inquiry.hosts) <= MANY else features[:1]
    parts = await asyncio.gather(*(_range(inquiry, feature, start, end) for feature in features))
    return _joined(parts)


async def ask(inquiry: Inquiry, promql: str, at: datetime) -> tuple[tuple[Sample, ...], str]:
    """A query of ours that is in no catalogue: its samples, or why there are none."""
    if inquiry.reader is None:
        return (), inquiry.say("no Prometheus is connected", "연결된 Prometheus가 없습니다")
    try:
        return await inquiry.reader.instant(promql, at), ""
    except SourceError as error:
        return (), str(error)


def selector_of(inquiry: Inquiry) -> str:
    """Matchers for the hosts asked about; "" for all."""
    if inquiry.about_all:
        return ""
    names = [h.host.name for h in inquiry.hosts]
    if len(names) == 1:
        return matcher("instance", names[0])
    return any_matcher("instance", names)


def window_at(at: datetime) -> Window:
    return Window(at, at, timedelta(seconds=1))


def grid(start: datetime, end: datetime, steps: int = STEPS) -> Window:
    """A window of at most so many points over a stretch of time."""
    seconds = max((end - start).total_seconds(), SHORTEST_STEP)
    step = timedelta(seconds=max(SHORTEST_STEP, math.ceil(seconds / steps / SHORTEST_STEP) * SHORTEST_STEP))
    return Window.ending(end, timedelta(seconds=seconds), step)


async def _instant(inquiry: Inquiry, feature: Feature) -> Measured:
    now, selector = inquiry.question.now, selector_of(inquiry)
    samples, problem = await ask(inquiry, query(feature, selector, RATE_SECONDS), now)
    if problem:
        return Measured(_reported(inquiry, feature), (problem,))
    hosts = {h.host.name for h in inquiry.hosts}
    return Measured(
        tuple(
            Evidence(_own_query(feature, host), window_at(now), host, feature.name, feature.unit, sample.value)
            for sample in samples
            if (host := sample.labels.get("instance", "")) in hosts and math.isfinite(sample.value)
        )
    )


async def _range(inquiry: Inquiry, feature: Feature, start: datetime, end: datetime) -> Measured:
    if inquiry.reader is None:
        return Measured((), (inquiry.say("no Prometheus is connected", "연결된 Prometheus가 없습니다"),))
    window = grid(start, end, STEPS if len(inquiry.hosts) <= MANY else STEPS_OF_MANY)
    rate = max(RATE_SECONDS, window.step.total_seconds())
    try:
        found = await inquiry.reader.range(query(feature, selector_of(inquiry), rate), window)
    except SourceError as error:
        return Measured((), (str(error),))
    hosts = {h.host.name for h in inquiry.hosts}
    return Measured(
        tuple(
            _summed_up(series, feature, window, rate)
            for series in found
            if series.labels.get("instance") in hosts and np.isfinite(series.values).any()
        )
    )


def _summed_up(series: Series, feature: Feature, window: Window, rate: float) -> Evidence:
    host, values = series.labels["instance"], series.values
    known = values[np.isfinite(values)]
    peak = float(series.times[int(np.nanargmax(values))])
    return Evidence(
        _own_query(feature, host, rate),
        window,
        host,
        feature.name,
        feature.unit,
        float(known.mean()),
        figures=(
            Figure("highest", float(known.max()), feature.unit),
            Figure("lowest", float(known.min()), feature.unit),
            Figure("newest", float(known[-1]), feature.unit),
            Figure("highest at", peak, "timestamp"),
        ),
    )


def _reported(inquiry: Inquiry, feature: Feature) -> tuple[Evidence, ...]:
    """What the last cycle saw of it."""
    at = window_at(inquiry.report.at)
    return tuple(
        Evidence(_own_query(feature, h.host.name), at, h.host.name, feature.name, feature.unit, value)
        for h in inquiry.hosts
        if math.isfinite(value := _latest(h, feature.name))
    )


def _latest(host: HostReport, feature: str) -> float:
    if feature == "memory_used_ratio":
        return 1 - host.latest.get("memory_available_ratio", math.nan)
    return host.latest.get(feature, math.nan)


def _own_query(feature: Feature, host: str, rate: float = RATE_SECONDS) -> str:
    """The query of one host alone, so that its evidence shows what is spoken of."""
    return query(feature, matcher("instance", host), rate)


def _joined(parts: Sequence[Measured]) -> Measured:
    problems = dict.fromkeys(problem for part in parts for problem in part.problems)
    return Measured(tuple(e for part in parts for e in part.evidence), tuple(problems))
