"""The derived metrics: each family's name, meaning and labels, and the samples it takes from a report."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from analyzer.data import Forecast, HostReport, Report
from analyzer.store import OutboxStatus

Samples = Iterable[tuple[tuple[str, ...], float]]


@dataclass(frozen=True)
class Scrape:
    """All that one scrape sees. `report` is None before the first cycle; `outbox` None when the store can't be read."""

    now: datetime
    report: Report | None
    cycles: int
    stage_failures: dict[str, int]
    outbox: Sequence[OutboxStatus] | None
    version: str


@dataclass(frozen=True)
class Family:
    """`samples` gives label values, in the order of `labels`, with a value; NaN is left out."""

    name: str
    kind: Literal["gauge", "counter"]
    help: str
    labels: tuple[str, ...]
    samples: Callable[[Scrape], Samples]


def _hosts(samples: Callable[[HostReport], Samples]) -> Callable[[Scrape], Samples]:
    """The same for each host of the report, its name put before the other labels."""

    def of_all(scrape: Scrape) -> Samples:
        for host in scrape.report.hosts if scrape.report else ():
            for labels, value in samples(host):
                yield (host.host.name, *labels), value

    return of_all


def _report(samples: Callable[[Report], Samples]) -> Callable[[Scrape], Samples]:
    return lambda scrape: samples(scrape.report) if scrape.report else ()


def _outbox(value: Callable[[OutboxStatus, datetime], float]) -> Callable[[Scrape], Samples]:
    return lambda scrape: [((status.sink,), value(status, scrape.now)) for status in scrape.outbox or ()]


def _firing(report: Report) -> Samples:
    counts = Counter((f.kind, f.severity.label, f.host) for f in report.findings if f.firing)
    return [(labels, float(count)) for labels, count in counts.items()]


def _starts(report: Report) -> Samples:
    for finding in report.findings:
        if finding.firing:
            cause = finding.causes[0].feature if finding.causes else ""
            labels = (finding.kind, finding.severity.label, finding.host, cause, finding.fingerprint)
            yield labels, finding.starts_at.timestamp()


def _failing(report: Report) -> Samples:
    counts = Counter((failure.stage, failure.host) for failure in report.failures)
    return [(labels, float(count)) for labels, count in counts.items()]


def _exhaustion(place: int) -> Callable[[HostReport], Samples]:
    def of_host(host: HostReport) -> Samples:
        return [((f.feature,), f.exhausted_in[place]) for f in host.forecasts if f.exhausted_in is not None]

    return of_host


def _forecast_end(pick: Callable[[Forecast], float]) -> Callable[[HostReport], Samples]:
    return lambda host: [((f.feature,), pick(f)) for f in host.forecasts if len(f.times)]


def _age(status: OutboxStatus, now: datetime) -> float:
    return 0.0 if status.oldest_at is None else max(0.0, (now - status.oldest_at).total_seconds())


def _seconds_since(now: datetime, then: datetime) -> float:
    return max(0.0, (now - then).total_seconds())


ABOUT_HOSTS = (
    Family(
        "openmanager_host_info",
        "gauge",
        "A host that the last cycle looked at: its scrape job and what it calls itself; always 1.",
        ("host", "job", "nodename"),
        _hosts(lambda h: [((h.host.job, h.host.nodename), 1.0)]),
    ),
    Family(
        "openmanager_host_last_seen_timestamp_seconds",
        "gauge",
        "Time of the newest value known of a host.",
        ("host",),
        _hosts(lambda h: [((), h.last_seen.timestamp())] if h.last_seen else []),
    ),
    Family(
        "openmanager_learning_ratio",
        "gauge",
        "How much of the history that a host needs is there; 1 once it is scored.",
        ("host",),
        _hosts(lambda h: [((), h.learning.ratio if h.learning else 1.0)]),
    ),
    Family(
        "openmanager_anomaly_score",
        "gauge",
        "How abnormal a host is by one model, from 0 to 1.",
        ("host", "model"),
        _hosts(lambda h: [((model,), score) for model, score in h.scores.items()]),
    ),
    Family(
        "openmanager_anomaly_feature_share_ratio",
        "gauge",
        "A feature's part in a host's anomaly score; the parts of one host add up to 1.",
        ("host", "feature"),
        _hosts(lambda h: [((feature,), share) for feature, share in h.shares.items()]),
    ),
    Family(
        "openmanager_host_state",
        "gauge",
        "Which of its usual states a host is in; 1 for the state it is in.",
        ("host", "state"),
        _hosts(lambda h: [((h.state.label,), 1.0)] if h.state else []),
    ),
    Family(
        "openmanager_host_state_distance",
        "gauge",
        "How far a host is from the middle of its state, in units of that state's usual spread.",
        ("host",),
        _hosts(lambda h: [((), h.state.distance)] if h.state else []),
    ),
    Family(
        "openmanager_host_states",
        "gauge",
        "How many usual states a host has.",
        ("host",),
        _hosts(lambda h: [((), float(h.state.count))] if h.state else []),
    ),
    Family(
        "openmanager_trend_per_second",
        "gauge",
        "Slope of a line through a feature's newest history, in the feature's unit per second.",
        ("host", "feature"),
        _hosts(lambda h: [((t.feature,), t.slope_per_hour / 3600) for t in h.trends]),
    ),
    Family(
        "openmanager_trend_fit_ratio",
        "gauge",
        "How much of a feature's movement its trend explains (R squared), from 0 to 1.",
        ("host", "feature"),
        _hosts(lambda h: [((t.feature,), t.r2) for t in h.trends]),
    ),
    Family(
        "openmanager_forecast",
        "gauge",
        "What a feature will be at the end of its forecast's horizon, in the feature's unit.",
        ("host", "feature"),
        _hosts(_forecast_end(lambda f: float(f.point[-1]))),
    ),
    Family(
        "openmanager_forecast_lower",
        "gauge",
        "Lower end of the forecast's interval.",
        ("host", "feature"),
        _hosts(_forecast_end(lambda f: float(f.lower[-1]))),
    ),
    Family(
        "openmanager_forecast_upper",
        "gauge",
        "Upper end of the forecast's interval.",
        ("host", "feature"),
        _hosts(_forecast_end(lambda f: float(f.upper[-1]))),
    ),
    Family(
        "openmanager_forecast_timestamp_seconds",
        "gauge",
        "The time that a feature's forecast is for.",
        ("host", "feature"),
        _hosts(_forecast_end(lambda f: float(f.times[-1]))),
    ),
    Family(
        "openmanager_time_to_exhaustion_seconds",
        "gauge",
        "Time until a feature reaches its limit; absent when that is not within the horizon.",
        ("host", "feature"),
        _hosts(_exhaustion(0)),
    ),
    Family(
        "openmanager_time_to_exhaustion_lower_seconds",
        "gauge",
        "Lower end of the interval of the time to exhaustion.",
        ("host", "feature"),
        _hosts(_exhaustion(1)),
    ),
    Family(
        "openmanager_time_to_exhaustion_upper_seconds",
        "gauge",
        "Upper end of the interval of the time to exhaustion.",
        ("host", "feature"),
        _hosts(_exhaustion(2)),
    ),
)

ABOUT_FINDINGS = (
    Family(
        "openmanager_findings_firing",
        "gauge",
        "Findings that fire now; absent where there are none.",
        ("kind", "severity", "host"),
        _report(_firing),
    ),
    Family(
        "openmanager_finding_start_timestamp_seconds",
        "gauge",
        "When a finding that fires now began; `cause` is the feature ranked first.",
        ("kind", "severity", "host", "cause", "fingerprint"),
        _report(_starts),
    ),
)

ABOUT_THE_ANALYZER = (
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
        _report(lambda report: [((), report.at.timestamp())]),
    ),
    Family(
        "openmanager_cycle_age_seconds",
        "gauge",
        "How old the last cycle is.",
        (),
        lambda scrape: [((), _seconds_since(scrape.now, scrape.report.at))] if scrape.report else [],
    ),
    Family(
        "openmanager_stage_duration_seconds",
        "gauge",
        "How long each stage of the last cycle took.",
        ("stage",),
        _report(lambda report: [((stage,), seconds) for stage, seconds in report.stage_seconds.items()]),
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
        _report(_failing),
    ),
    Family(
        "openmanager_source_in_use",
        "gauge",
        "Who served the last cycle's data; 1 for the one that did, absent when nobody did.",
        ("source",),
        _report(lambda report: [((report.source,), 1.0)] if report.source else []),
    ),
    Family(
        "openmanager_source_fallback",
        "gauge",
        "1 while a better source can't be used, so that another one serves or nobody does.",
        (),
        _report(lambda report: [((), float(bool(report.fallback_reason) or not report.source))]),
    ),
)

ABOUT_THE_OUTBOX = (
    Family(
        "openmanager_store_up",
        "gauge",
        "1 while the analyzer's store can be read.",
        (),
        lambda scrape: [((), float(scrape.outbox is not None))],
    ),
    Family(
        "openmanager_outbox_pending",
        "gauge",
        "Deliveries that a sink still owes.",
        ("sink",),
        _outbox(lambda status, _now: float(status.pending)),
    ),
    Family(
        "openmanager_outbox_oldest_age_seconds",
        "gauge",
        "How long a sink has owed its oldest delivery; 0 when it owes none.",
        ("sink",),
        _outbox(_age),
    ),
    Family(
        "openmanager_outbox_attempts_total",
        "counter",
        "Attempts to deliver since the store was made.",
        ("sink",),
        _outbox(lambda status, _now: float(status.attempts)),
    ),
    Family(
        "openmanager_outbox_failures_total",
        "counter",
        "Attempts that failed, whether they will be tried again or not.",
        ("sink",),
        _outbox(lambda status, _now: float(status.failures)),
    ),
    Family(
        "openmanager_outbox_delivered_total",
        "counter",
        "Deliveries made.",
        ("sink",),
        _outbox(lambda status, _now: float(status.delivered)),
    ),
    Family(
        "openmanager_outbox_refused_total",
        "counter",
        "Deliveries that the receiver refused for good.",
        ("sink",),
        _outbox(lambda status, _now: float(status.refused)),
    ),
)

FAMILIES = (*ABOUT_HOSTS, *ABOUT_FINDINGS, *ABOUT_THE_ANALYZER, *ABOUT_THE_OUTBOX)


def finite(samples: Samples) -> Samples:
    """What could not be told is absent, not a NaN that every query must filter."""
    return (sample for sample in samples if math.isfinite(sample[1]))
