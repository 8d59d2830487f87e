"""The event stream: a summary of each cycle as it ends, for pages that stay open. Resumes where a client was cut off.

Each event tells all of its cycle in short, so a client that missed some knows the present from the newest alone.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field

from analyzer.data import Incident, Report
from analyzer.web.evidence import words
from analyzer.web.page_schema import FiringTold, GlanceTold, StoryTold, SummaryTold
from analyzer.web.views import LABELS, Views
from analyzer.wording.incidents import say_incident

KEPT = 100


@dataclass(frozen=True, slots=True)
class Told:
    """An event as it is sent. `number` is the cycle's time in epoch milliseconds."""

    number: int
    body: bytes


@dataclass(frozen=True)
class Summaries:
    """The newest cycles as events; made once for all who listen."""

    kept: deque[Told] = field(default_factory=lambda: deque(maxlen=KEPT))
    closed: asyncio.Event = field(default_factory=asyncio.Event)

    def note(self, report: Report | None, views: Views) -> None:
        """Keep the report's summary when it is newer than what is kept."""
        if report is None:
            return
        number = round(report.at.timestamp() * 1000)
        if not self.kept or number > self.kept[-1].number:
            self.kept.append(Told(number, _event(number, summary(report, views))))

    def after(self, last: int | None) -> list[Told]:
        """What a client has not seen that saw `last`; only the newest for one that saw none."""
        if last is None:
            return list(self.kept)[-1:]
        return [told for told in self.kept if told.number > last]


def summary(report: Report, views: Views) -> SummaryTold:
    return SummaryTold(
        at=report.at,
        data_at=max((host.last_seen for host in report.hosts if host.last_seen is not None), default=None),
        source=report.source,
        fallback_reason=report.fallback_reason,
        hosts=[
            GlanceTold(host=h.name, verdict=h.verdict, health=h.health, findings_firing=h.findings_firing)
            for h in views.hosts(report).hosts
        ],
        findings=[
            FiringTold(fingerprint=f.fingerprint, kind=f.kind, host=f.host, severity=f.severity, firing=f.firing)
            for f in map(views.finding, report.findings)
        ],
        incidents=[_story(incident, views) for incident in report.stories],
        failures=len(report.failures),
    )


def _story(incident: Incident, views: Views) -> StoryTold:
    return StoryTold(
        id=incident.id,
        severity=LABELS[incident.severity],
        open=incident.open,
        quiet=not incident.told,
        hosts=len(incident.hosts),
        title=words(lambda language: say_incident(incident, views.features, language)),
    )


def last_seen(header: str) -> int | None:
    """What a client says it saw last; None when it says nothing that can be read."""
    return int(header) if header.isascii() and header.isdigit() else None


def _event(number: int, told: SummaryTold) -> bytes:
    return f"id: {number}\nevent: report\ndata: {told.model_dump_json()}\n\n".encode()
