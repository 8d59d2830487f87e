"""Metrics of each host: seen, learning, scores, states, trends."""

from __future__ import annotations

from typing import get_args

from analyzer.data import HostReport, Times, Trends
from analyzer.data.report import Season
from analyzer.sinks.families.family import Family, OfHosts, Samples


def _seasons(host: HostReport) -> Samples:
    lacks = host.experience.lacks if host.experience else ()
    return [((season,), float(season not in lacks)) for season in get_args(Season) if host.experience]


def _told(trends: Trends, values: Times) -> Samples:
    """By columns: no Trend is made for a fleet's scrape."""
    every = zip(trends.features, values.tolist(), trends.told.tolist(), strict=True)
    return [((feature,), value) for feature, value, told in every if told]


ABOUT_HOSTS = (
    Family(
        "openmanager_host_info",
        "gauge",
        "A host that the last cycle looked at: its scrape job (in Prometheus `exported_job`) and what it calls itself; "
        "always 1.",
        ("host", "job", "nodename"),
        OfHosts(lambda h: [((h.host.job, h.host.nodename), 1.0)]),
    ),
    Family(
        "openmanager_host_last_seen_timestamp_seconds",
        "gauge",
        "Time of the newest value known of a host.",
        ("host",),
        OfHosts(lambda h: [((), h.last_seen.timestamp())] if h.last_seen else []),
    ),
    Family(
        "openmanager_learning_ratio",
        "gauge",
        "How much of the history that a host needs is there; 1 once it is scored.",
        ("host",),
        OfHosts(lambda h: [((), h.learning.ratio if h.learning else 1.0)]),
    ),
    Family(
        "openmanager_learning_history_seconds",
        "gauge",
        "How much history a host's models learned from; absent while there are none.",
        ("host",),
        OfHosts(lambda h: [((), h.experience.seconds)] if h.experience else []),
    ),
    Family(
        "openmanager_learning_confidence_ratio",
        "gauge",
        "How sure the judge is of a host: the bar for alarms stands higher by the inverse of it.",
        ("host",),
        OfHosts(lambda h: [((), h.experience.confidence)] if h.experience else []),
    ),
    Family(
        "openmanager_learning_season_known",
        "gauge",
        "Whether the history that a host's models learned from shows a season at least twice.",
        ("host", "season"),
        OfHosts(_seasons),
    ),
    Family(
        "openmanager_anomaly_score",
        "gauge",
        "How abnormal a host is by one model, from 0 to 1.",
        ("host", "model"),
        OfHosts(lambda h: [((model,), score) for model, score in h.scores.items()]),
    ),
    Family(
        "openmanager_anomaly_feature_share_ratio",
        "gauge",
        "A feature's part in a host's anomaly score; the parts of one host add up to 1.",
        ("host", "feature"),
        OfHosts(lambda h: [((feature,), share) for feature, share in h.shares.items()]),
    ),
    Family(
        "openmanager_host_state",
        "gauge",
        "Which of its usual states a host is in; 1 for the state it is in.",
        ("host", "state"),
        OfHosts(lambda h: [((h.state.label,), 1.0)] if h.state else []),
    ),
    Family(
        "openmanager_host_state_distance",
        "gauge",
        "How far a host is from the middle of its state, in units of that state's usual spread.",
        ("host",),
        OfHosts(lambda h: [((), h.state.distance)] if h.state else []),
    ),
    Family(
        "openmanager_host_state_unusual_ratio",
        "gauge",
        "How unusual a host's state is for this hour: the share of it that the host is usually in another one.",
        ("host",),
        OfHosts(lambda h: [((), h.state.unusual)] if h.state else []),
    ),
    Family(
        "openmanager_host_states",
        "gauge",
        "How many usual states a host has.",
        ("host",),
        OfHosts(lambda h: [((), float(h.state.count))] if h.state else []),
    ),
    Family(
        "openmanager_peer_distance",
        "gauge",
        "How far a host is from the others of its group, in the group's usual spreads; `group` names the group.",
        ("host", "group"),
        OfHosts(lambda h: [((h.peers.group,), h.peers.distance)] if h.peers else []),
    ),
    Family(
        "openmanager_trend_per_second",
        "gauge",
        "Slope of a line through a feature's newest history, in the feature's unit per second.",
        ("host", "feature"),
        OfHosts(lambda h: _told(h.trends, h.trends.slopes_per_hour / 3600)),
    ),
    Family(
        "openmanager_trend_fit_ratio",
        "gauge",
        "How much of a feature's movement its trend explains (R squared), from 0 to 1.",
        ("host", "feature"),
        OfHosts(lambda h: _told(h.trends, h.trends.r2)),
    ),
)
