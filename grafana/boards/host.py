"""Host: health and what took points away, the anomaly score and its features, courses with band and forecast."""

from __future__ import annotations

from collections.abc import Mapping

from grafana_foundation_sdk.builders.dashboard import DashboardLink, Row
from grafana_foundation_sdk.builders.table import Panel as Table
from grafana_foundation_sdk.builders.timeseries import Panel as Curves
from grafana_foundation_sdk.models.dashboard import Dashboard, DashboardLinkType

from analyzer.data import Feature
from analyzer.features import load_features
from grafana.boards.frame import board, findings_annotation, finished, horizon_variable, host_variable, job_variable
from grafana.boards.panels import (
    COUNT,
    HALF,
    HEALTH,
    NEUTRAL,
    SCORE,
    SMALL,
    SOON,
    THIRD,
    Query,
    Said,
    banded,
    bars,
    curves,
    one_name,
    one_number,
    rows,
    states,
)

HERE = 'host="$host"'
OF_HOST = 'instance="$host"'
RATE = "$__rate_interval"
UNITS = {"ratio": "percentunit", "bytes": "bytes", "bytes/s": "Bps", "seconds": "s", "count": "short", "count/s": "cps"}
WITH_FORECAST = (
    "cpu_busy_ratio",
    "memory_available_ratio",
    "filesystem_fullest_used_ratio",
    "disk_busiest_utilisation_ratio",
)
WITH_BAND = ("load_per_core", "tcp_established", "threads", "context_switches_per_second")


def host() -> Dashboard:
    features = {feature.name: feature for feature in load_features()}
    page = (
        board(
            "openmanager-host", "OpenManager / Host", "One host: its health, what is unusual, and where it is heading."
        )
        # The forecast is drawn where it belongs: ahead of now.
        .time("now-6h", "now+1h")
        .with_variable(job_variable())
        .with_variable(host_variable())
        .with_variable(horizon_variable())
        .annotation(findings_annotation(HERE))
        .link(_page())
        .with_row(Row("How it is"))
        .with_panel(
            one_number(
                Said("Health", "From 0 to 100.", "none", HEALTH, SMALL, 4), f"openmanager_health_score{{{HERE}}}"
            )
        )
        .with_panel(
            one_number(
                Said("Headroom", "That of the scarcest resource, from 0 to 100.", "none", HEALTH, SMALL, 4),
                f"openmanager_performance_score{{{HERE}}}",
            )
        )
        .with_panel(
            one_number(
                Said("Anomaly score", "By all models together, from 0 to 1.", "percentunit", SCORE, SMALL, 4),
                f'openmanager_anomaly_score{{{HERE},model="ensemble"}}',
            )
        )
        .with_panel(
            one_number(
                Said("Findings", "Findings that fire now.", "none", COUNT, SMALL, 4),
                f"sum(openmanager_findings_firing{{{HERE}}}) or vector(0)",
            )
        )
        .with_panel(
            one_number(
                Said("Runs out in", "Time until its first resource is used up.", "s", SOON, SMALL, 4),
                f"min(openmanager_time_to_exhaustion_seconds{{{HERE}}})",
            )
        )
        .with_panel(
            one_name(
                Said("State", "Which of its usual states it is in.", "none", NEUTRAL, SMALL, 4),
                Query(f"openmanager_host_state{{{HERE}}}", "{{state}}"),
            )
        )
        .with_panel(
            bars(
                Said("What took points away", "Health and these points add up to 100.", "none", NEUTRAL, THIRD),
                Query(f"sort_desc(openmanager_health_deducted_points{{{HERE}}})", "{{reason}}: {{subject}}"),
            )
        )
        .with_panel(
            bars(
                Said("Free of each resource", "The share that is still free.", "percentunit", NEUTRAL, THIRD),
                Query(f"sort(openmanager_headroom_ratio{{{HERE}}})", "{{resource}}"),
            )
        )
        .with_panel(_heading())
        .with_row(Row("What is unusual"))
        .with_panel(
            curves(
                Said("Anomaly score", "How abnormal the host is by each model.", "percentunit", NEUTRAL, HALF),
                Query(f"openmanager_anomaly_score{{{HERE}}}", "{{model}}"),
            ).max(1)
        )
        .with_panel(
            curves(
                Said(
                    "What the score is made of",
                    "The score, shared among the features that count most.",
                    "percentunit",
                    NEUTRAL,
                    HALF,
                ),
                Query(_shares(), "{{feature}}"),
                stacked=True,
            )
        )
        .with_panel(
            states(
                Said("States", "The usual states it was in.", "none", NEUTRAL, HALF),
                Query(f"openmanager_host_state{{{HERE}}}", "{{state}}"),
            )
        )
        .with_panel(
            curves(
                Said("Distance from its state", "In units of the state's usual spread.", "none", NEUTRAL, HALF),
                Query(f"openmanager_host_state_distance{{{HERE}}}", "distance"),
            )
        )
        .with_row(Row("Where it is heading"))
    )
    for name in WITH_FORECAST:
        page = page.with_panel(_foretold(features[name]))
    page = page.with_row(Row("Courses"))
    for name in WITH_BAND:
        page = page.with_panel(_within_band(features[name]))
    for panel in _pairs(features):
        page = page.with_panel(panel)
    page = page.with_row(Row("Processes, services, logs"))
    for panel in _inside():
        page = page.with_panel(panel)
    return finished(page, reaches_ahead=True)


def _page() -> DashboardLink:
    there = (
        DashboardLink("This host's page").type(DashboardLinkType.LINK).url("${analyzer}/#/host/${host:percentencode}")
    )
    return there.icon("external link").target_blank(True)


def _shares() -> str:
    score = f'openmanager_anomaly_score{{{HERE},model="ensemble"}}'
    return f"topk(8, openmanager_anomaly_feature_share_ratio{{{HERE}}} * on (host) group_left () {score})"


def _heading() -> Table:
    queries = (
        Query(f'max by (feature) (openmanager_forecast{{{HERE},horizon="$horizon"}})', "Then"),
        Query(f'max by (feature) (openmanager_forecast_lower{{{HERE},horizon="$horizon"}})', "At least"),
        Query(f'max by (feature) (openmanager_forecast_upper{{{HERE},horizon="$horizon"}})', "At most"),
        Query(f"max by (feature) (openmanager_time_to_exhaustion_seconds{{{HERE}}})", "Runs out in"),
    )
    units = dict.fromkeys(("Then", "At least", "At most"), ("percentunit", NEUTRAL)) | {"Runs out in": ("s", SOON)}
    said = Said("In $horizon", "What each limited resource will be at the chosen horizon.", "none", NEUTRAL, THIRD)
    return rows(said, queries, ("feature",), units, "Runs out in", descending=False)


def _query(feature: Feature) -> str:
    return feature.promql.replace("$selector", OF_HOST).replace("$window", RATE)


def _usual(feature: Feature) -> tuple[Query, Query]:
    """The middle nine tenths of the last day."""
    course = feature.promql.replace("$selector", OF_HOST).replace("$window", "5m")
    low, high = (f"quantile_over_time({share}, ({course})[1d:5m])" for share in ("0.05", "0.95"))
    return Query(low, "usual, low"), Query(high, "usual, high")


def _foretold(feature: Feature) -> Curves:
    """The offset draws each forecast at the moment it was made for."""
    metrics = {
        "forecast": "openmanager_forecast",
        "at least": "openmanager_forecast_lower",
        "at most": "openmanager_forecast_upper",
    }
    picked = f'{HERE},feature="{feature.name}",horizon="$horizon"'
    point, lower, upper = (Query(f"{metric}{{{picked}}} offset $horizon", name) for name, metric in metrics.items())
    said = Said(
        feature.meaning["en"].capitalize(),
        f"{feature.meaning['ko']}. Grey: nine tenths of the last day. Purple: what was foretold $horizon before.",
        UNITS[feature.unit],
    )
    return banded(said, Query(_query(feature), "now"), _usual(feature), (point, lower, upper))


def _within_band(feature: Feature) -> Curves:
    said = Said(
        feature.meaning["en"].capitalize(),
        f"{feature.meaning['ko']}. With the middle nine tenths of the last day.",
        UNITS[feature.unit],
    )
    return curves(said, Query(_query(feature), "now"), *_usual(feature))


def _pairs(features: Mapping[str, Feature]) -> list[Curves]:
    """Courses that are read together."""
    together = (
        (
            "Disk throughput",
            "Bytes read and written.",
            "Bps",
            ("disk_read_bytes_per_second", "disk_written_bytes_per_second"),
        ),
        (
            "Network",
            "Bytes received and sent over physical devices.",
            "Bps",
            ("network_received_bytes_per_second", "network_sent_bytes_per_second"),
        ),
        (
            "Pressure",
            "Share of time that something waited for CPU, memory or disks.",
            "percentunit",
            ("pressure_cpu_ratio", "pressure_memory_ratio", "pressure_io_ratio"),
        ),
        (
            "Memory",
            "What programs hold, and what caches files.",
            "percentunit",
            ("memory_anonymous_ratio", "memory_cache_ratio", "memory_kernel_ratio"),
        ),
    )
    return [
        curves(
            Said(title, text, unit), *(Query(_query(features[name]), features[name].meaning["en"]) for name in names)
        )
        for title, text, unit, names in together
    ]


def _inside() -> list[Curves]:
    cpu = f"topk(8, sum by (groupname) (rate(namedprocess_namegroup_cpu_seconds_total{{{OF_HOST}}}[{RATE}])))"
    memory = f'topk(8, namedprocess_namegroup_memory_bytes{{{OF_HOST},memtype="resident"}})'
    failed = f'sum(node_systemd_unit_state{{{OF_HOST},state="failed"}})'
    active = f'sum(node_systemd_unit_state{{{OF_HOST},state="active"}})'
    messages = f"sum by (severity) (rate(openmanager_log_messages_total{{{OF_HOST}}}[{RATE}]))"
    templates = (
        f"topk(8, sum by (template, severity) (rate(openmanager_log_template_messages_total{{{OF_HOST}}}[{RATE}])))"
    )
    logs = "The words of a template are on the analyzer's page."
    return [
        curves(Said("CPU by process group", "Cores that each group uses."), Query(cpu, "{{groupname}}"), stacked=True),
        curves(
            Said("Memory by process group", "Resident memory.", "bytes"), Query(memory, "{{groupname}}"), stacked=True
        ),
        curves(
            Said("Services", "systemd's units; empty without the collector systemd.", width=THIRD),
            Query(failed, "failed"),
            Query(active, "active"),
        ),
        curves(
            Said("Log messages", "By severity; empty where the exporter reads no logs.", "cps", width=THIRD),
            Query(messages, "{{severity}}"),
        ),
        curves(Said("Log templates", logs, "cps", width=THIRD), Query(templates, "{{severity}} {{template}}")),
    ]
