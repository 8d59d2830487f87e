"""Metrics of the analyzer itself: its cycles, their stages, and who serves them."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from analyzer.data import Report
from analyzer.sinks.families.family import Family, Samples, of_report


def _failing(report: Report) -> Samples:
    counts = Counter((failure.stage, failure.host) for failure in report.failures)
    return [(labels, float(count)) for labels, count in counts.items()]


def _seconds_since(now: datetime, then: datetime) -> float:
    return max(0.0, (now - then).total_seconds())


ABOUT_CYCLES = (
    Family(
        "openmanager_build_info",
        "gauge",
        "The analyzer's version; always 1.",
        ("version",),
        lambda scrape: [((scrape.version,), 1.0)],
    ),
    Family(
        "openmanager_cycles_total",
        "counter",
        "Cycles published since the analyzer started.",
        (),
        lambda scrape: [((), float(scrape.cycles))],
    ),
    Family(
        "openmanager_cycle_timestamp_seconds",
        "gauge",
        "The time that all values about hosts are for: that of the last cycle.",
        (),
        of_report(lambda report: [((), report.at.timestamp())]),
    ),
    Family(
        "openmanager_cycle_age_seconds",
        "gauge",
        "How old the last cycle is.",
        (),
        lambda scrape: [((), _seconds_since(scrape.now, scrape.report.at))] if scrape.report else [],
    ),
    Family(
        "openmanager_hosts",
        "gauge",
        "Hosts that the last cycle looked at.",
        (),
        of_report(lambda report: [((), float(len(report.hosts)))]),
    ),
    Family(
        "openmanager_hosts_scored",
        "gauge",
        "Hosts whose history was learned, so that they are scored: all of them, some time after a start.",
        (),
        of_report(lambda report: [((), float(sum(host.learning is None for host in report.hosts)))]),
    ),
    Family(
        "openmanager_stage_duration_seconds",
        "gauge",
        "How long each stage of the last cycle took.",
        ("stage",),
        of_report(lambda report: [((stage,), seconds) for stage, seconds in report.stage_seconds.items()]),
    ),
    Family(
        "openmanager_stage_failures_total",
        "counter",
        "Failures of each stage since the analyzer started.",
        ("stage",),
        lambda scrape: [((stage,), float(count)) for stage, count in scrape.stage_failures.items()],
    ),
    Family(
        "openmanager_stage_failing",
        "gauge",
        "Failures of each stage in the last cycle; absent where there are none. An empty host means all of them.",
        ("stage", "host"),
        of_report(_failing),
    ),
    Family(
        "openmanager_source_in_use",
        "gauge",
        "Who served the last cycle's data; 1 for the one that did, absent when nobody did.",
        ("source",),
        of_report(lambda report: [((report.source,), 1.0)] if report.source else []),
    ),
    Family(
        "openmanager_source_fallback",
        "gauge",
        "1 while a better source can't be used, so that another one serves or nobody does.",
        (),
        of_report(lambda report: [((), float(bool(report.fallback_reason) or not report.source))]),
    ),
)
