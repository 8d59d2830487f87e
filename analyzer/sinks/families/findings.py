"""Metrics of findings that fire."""

from __future__ import annotations

from collections import Counter

from analyzer.data import Report
from analyzer.sinks.families.family import Family, Samples, of_report


def _firing(report: Report) -> Samples:
    counts = Counter((f.kind, f.severity.label, f.host) for f in report.findings if f.firing and f.told)
    return [(labels, float(count)) for labels, count in counts.items()]


def _quieted(report: Report) -> Samples:
    counts = Counter(
        (f.kind, f.severity.label, f.host, f.quiet.reason) for f in report.findings if f.firing and f.quiet
    )
    return [(labels, float(count)) for labels, count in counts.items()]


def _starts(report: Report) -> Samples:
    for finding in report.findings:
        if finding.firing and finding.told:
            cause = finding.causes[0].feature if finding.causes else ""
            labels = (finding.kind, finding.severity.label, finding.host, cause, finding.fingerprint)
            yield labels, finding.starts_at.timestamp()


def _process_shares(report: Report) -> Samples:
    for finding in report.findings:
        if finding.firing and finding.told and finding.companions:
            for each in finding.companions.moved:
                if each.share is not None:
                    yield (finding.host, finding.fingerprint, each.resource, each.name), each.share


ABOUT_FINDINGS = (
    Family(
        "openmanager_findings_firing",
        "gauge",
        "Findings that fire now and are told; absent where there are none.",
        ("kind", "severity", "host"),
        of_report(_firing),
    ),
    Family(
        "openmanager_findings_quieted",
        "gauge",
        "Findings that fire and are not told: silenced, called no anomaly, at their hour, after a start, too small.",
        ("kind", "severity", "host", "reason"),
        of_report(_quieted),
    ),
    Family(
        "openmanager_finding_start_timestamp_seconds",
        "gauge",
        "When a finding that fires now and is told began; `cause` is the feature ranked first.",
        ("kind", "severity", "host", "cause", "fingerprint"),
        of_report(_starts),
    ),
    Family(
        "openmanager_finding_process_share_ratio",
        "gauge",
        "The part of the host's rise since a finding began that a process group explains, such as of process_writes.",
        ("host", "fingerprint", "resource", "groupname"),
        of_report(_process_shares),
    ),
)
