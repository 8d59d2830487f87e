"""Metrics of each host's health and headroom."""

from __future__ import annotations

import math
from collections.abc import Callable

from analyzer.data import Health
from analyzer.sinks.families.family import Family, OfHosts, Samples, Scrape, of_report


def _health(samples: Callable[[Health], Samples]) -> Callable[[Scrape], Samples]:
    return OfHosts(lambda host: samples(host.health) if host.health is not None else ())


def _fleet(pick: Callable[[Health], float | None]) -> Callable[[Scrape], Samples]:
    return of_report(lambda report: [((), _known(pick(report.fleet_health)))] if report.fleet_health else ())


def _deducted(health: Health) -> Samples:
    """Several deductions of one subject are one series: duplicates would spoil the whole scrape."""
    points: dict[tuple[str, ...], float] = {}
    for deduction in health.deductions:
        labels = (deduction.reason, deduction.subject)
        points[labels] = points.get(labels, 0.0) + deduction.points
    return points.items()


def _known(value: float | None) -> float:
    return math.nan if value is None else value


ABOUT_HEALTH = (
    Family(
        "openmanager_health_score",
        "gauge",
        "How well a host is, from 0 to 100.",
        ("host",),
        _health(lambda health: [((), _known(health.score))]),
    ),
    Family(
        "openmanager_health_confidence_ratio",
        "gauge",
        "How much of what health should be told by is known; what is missing lowers this and not the score.",
        ("host",),
        _health(lambda health: [((), health.confidence)]),
    ),
    Family(
        "openmanager_health_deducted_points",
        "gauge",
        "Points that something took from a host's health; with the score they add up to 100.",
        ("host", "reason", "subject"),
        _health(_deducted),
    ),
    Family(
        "openmanager_performance_score",
        "gauge",
        "How much headroom is left on a host, from 0 to 100: that of its scarcest resource.",
        ("host",),
        _health(lambda health: [((), _known(health.performance))]),
    ),
    Family(
        "openmanager_headroom_ratio",
        "gauge",
        "The share of a resource that is still free.",
        ("host", "resource"),
        _health(lambda health: [((free.resource,), free.share) for free in health.headroom]),
    ),
    Family(
        "openmanager_fleet_health_score",
        "gauge",
        "How well all hosts are, from 0 to 100: half their mean, half the mean of their worst tenth.",
        (),
        _fleet(lambda health: health.score),
    ),
    Family(
        "openmanager_fleet_health_confidence_ratio",
        "gauge",
        "The mean of the hosts' confidence: a host of which nothing is known lowers this and not the score.",
        (),
        _fleet(lambda health: health.confidence),
    ),
    Family(
        "openmanager_fleet_performance_score",
        "gauge",
        "How much headroom is left on the hosts, from 0 to 100: the mean of their own scores.",
        (),
        _fleet(lambda health: health.performance),
    ),
)
