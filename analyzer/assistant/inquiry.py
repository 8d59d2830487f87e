"""All that an answer may look at: the question as understood, the last report, the catalogue, and who can be asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from analyzer.assistant.units import amount, moment
from analyzer.data import Feature, Finding, HostReport, Language, Question, Report


@dataclass(frozen=True, slots=True)
class Inquiry:
    """One question with what it takes to answer it. `host` is the instance label asked about, "" for all."""

    question: Question
    language: Language
    report: Report
    features: Mapping[str, Feature]
    host: str = ""
    prometheus_url: str = ""

    def say(self, english: str, korean: str) -> str:
        return korean if self.language == "ko" else english

    def amount(self, value: float, unit: str) -> str:
        return amount(value, unit, self.language)

    def moment(self, at: datetime) -> str:
        return moment(at, self.question.now, self.question.timezone, self.language)

    def meaning(self, feature: str) -> str:
        """What people call a feature, by the catalogue; its own name where the catalogue has none."""
        known = self.features.get(feature)
        return known.meaning.get(self.language, feature) if known else feature

    @property
    def hosts(self) -> tuple[HostReport, ...]:
        """The hosts the question is about."""
        if not self.host:
            return self.report.hosts
        found = self.report.host(self.host)
        return (found,) if found else ()

    def findings(self, host: str = "") -> tuple[Finding, ...]:
        """Findings of the hosts asked about (or of one), the most severe and newest first."""
        names = {host} if host else {h.host.name for h in self.hosts}
        chosen = [f for f in self.report.findings if f.host in names]
        return tuple(sorted(chosen, key=lambda f: (-f.severity, not f.firing, -f.starts_at.timestamp())))


def display(host: HostReport) -> str:
    """The name people use, with the instance label where it differs."""
    name, label = host.host.nodename, host.host.name
    return label if not name or name == label or label.startswith(f"{name}:") else f"{name} ({label})"
