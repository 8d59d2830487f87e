"""Metrics of incidents that are open."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from analyzer.data import Incident, Report
from analyzer.sinks.families.family import Family, Samples, of_report


def _open(report: Report) -> Iterable[Incident]:
    return (incident.only_told() for incident in report.stories if incident.open and incident.told)


def _counts(report: Report) -> Samples:
    counts = Counter(incident.severity.label for incident in _open(report))
    return [((severity,), float(count)) for severity, count in counts.items()]


def _starts(report: Report) -> Samples:
    for incident in _open(report):
        labels = (incident.id, incident.severity.label, incident.hosts[0], incident.kinds[0])
        yield labels, incident.starts_at.timestamp()


ABOUT_INCIDENTS = (
    Family(
        "openmanager_incidents_open",
        "gauge",
        "Incidents that are open, by the worst severity they had; absent where there are none.",
        ("severity",),
        of_report(_counts),
    ),
    Family(
        "openmanager_incident_start_timestamp_seconds",
        "gauge",
        "When an incident that is open began; `host` and `kind` are those it began with.",
        ("incident", "severity", "host", "kind"),
        of_report(_starts),
    ),
    Family(
        "openmanager_incident_hosts",
        "gauge",
        "How many hosts an incident that is open has reached.",
        ("incident",),
        of_report(lambda report: [((incident.id,), float(len(incident.hosts))) for incident in _open(report)]),
    ),
)
