"""All that an answer may look at: the question as understood, the last report, the catalogue, and who can be asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from analyzer.assistant.metrics import Metrics, load_metrics
from analyzer.assistant.understanding import Understanding
from analyzer.data import Feature, Finding, HostReport, Language, Question, Report, Sample, Series, Window
from analyzer.interfaces import LogReader
from analyzer.wording import amount, meaning, moment, number, span


class Reader(Protocol):
    """Runs a query. SourceError, with its reason, when it can't."""

    async def instant(self, promql: str, at: datetime) -> tuple[Sample, ...]: ...

    async def range(self, promql: str, window: Window) -> tuple[Series, ...]: ...


@dataclass(frozen=True, slots=True)
class Inquiry:
    """One question with what it takes to answer it."""

    question: Question
    language: Language
    understood: Understanding
    report: Report
    features: Mapping[str, Feature]
    reader: Reader | None = None
    logs: LogReader | None = None
    prometheus_url: str = ""

    def say(self, english: str, korean: str) -> str:
        return korean if self.language == "ko" else english

    def amount(self, value: float, unit: str) -> str:
        return amount(value, unit, self.language)

    def number(self, value: float) -> str:
        return number(value)

    def moment(self, at: datetime) -> str:
        return moment(at, self.question.timezone, self.language)

    def span(self, seconds: float) -> str:
        return span(seconds, self.language)

    def meaning(self, feature: str) -> str:
        return meaning(feature, {**self.metrics.own, **self.features}, self.language)

    def feature(self, name: str) -> Feature | None:
        return self.features.get(name) or self.metrics.own.get(name)

    @property
    def metrics(self) -> Metrics:
        return load_metrics()

    @property
    def metric(self) -> str:
        return self.understood.slots.metric

    @property
    def hosts(self) -> tuple[HostReport, ...]:
        """The hosts the question names, else every host."""
        names = (self.question.host,) if self.question.host else self.understood.slots.hosts
        named = [found for name in names if (found := self.report.host(name))]
        return tuple({h.host.name: h for h in named}.values()) or self.report.hosts

    @property
    def about_all(self) -> bool:
        return not (self.question.host or self.understood.slots.hosts)

    @property
    def past(self) -> tuple[datetime, datetime] | None:
        """The stretch of the past that is asked about, None where it is the present."""
        named = self.understood.slots.timespan
        if named is None or named.ahead:
            return None
        return named.bounds(self.question.now, self.question.timezone)

    def past_or(self, default: timedelta) -> tuple[datetime, datetime]:
        return self.past or (self.question.now - default, self.question.now)

    def findings(self, host: str = "") -> tuple[Finding, ...]:
        """Findings of the hosts and the time asked about, the most severe and newest first."""
        names = {host} if host else {h.host.name for h in self.hosts}
        chosen = [f for f in self.report.findings if f.told and f.host in names and self._then(f)]
        return tuple(sorted(chosen, key=lambda f: (not f.firing, -f.severity, -f.starts_at.timestamp())))

    def _then(self, finding: Finding) -> bool:
        if self.past is None:
            return True
        start, end = self.past
        return finding.starts_at <= end and (finding.ends_at is None or finding.ends_at >= start)


def display(host: HostReport) -> str:
    """The name people use, with the instance label where it differs."""
    name, label = host.host.nodename, host.host.name
    return label if not name or name == label or label.startswith(f"{name}:") else f"{name} ({label})"
