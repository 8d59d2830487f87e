"""Metrics of the store and of what each sink still owes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from analyzer.sinks.families.family import Family, Samples, Scrape
from analyzer.store import OutboxStatus


def _outbox(value: Callable[[OutboxStatus, datetime], float]) -> Callable[[Scrape], Samples]:
    return lambda scrape: [((status.sink,), value(status, scrape.now)) for status in scrape.outbox or ()]


def _age(status: OutboxStatus, now: datetime) -> float:
    return 0.0 if status.oldest_at is None else max(0.0, (now - status.oldest_at).total_seconds())


ABOUT_DELIVERIES = (
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
