"""Fleet: how every host is, what is abnormal now, and what runs out next; the most urgent first."""

from __future__ import annotations

from grafana_foundation_sdk.builders.dashboard import Row
from grafana_foundation_sdk.builders.table import Panel as Table
from grafana_foundation_sdk.models.dashboard import Dashboard, DynamicConfigValue

from grafana.boards.frame import all_of, board, findings_annotation, finished, host_variable, job_variable
from grafana.boards.panels import (
    COUNT,
    HALF,
    HEALTH,
    NEUTRAL,
    SCORE,
    SMALL,
    SOON,
    TALL,
    WIDE,
    Query,
    Said,
    Steps,
    curves,
    one_number,
    rows,
)

PICKED = 'host=~"$host"'
SILENT = Steps("green", ((120, "red"),))


def fleet() -> Dashboard:
    about = "All hosts: health, what is abnormal now, what runs out next."
    return finished(
        board("openmanager-fleet", "OpenManager / Fleet", about)
        .time("now-6h", "now")
        .with_variable(job_variable())
        .with_variable(all_of(host_variable()))
        .annotation(findings_annotation(PICKED))
        .with_row(Row("Now"))
        .with_panel(one_number(Said("Hosts", "Hosts that the last cycle looked at.", width=SMALL, height=4), _hosts()))
        .with_panel(
            one_number(
                Said("Worst health", "The lowest health of all hosts, of 100.", "none", HEALTH, SMALL, 4), _lowest()
            )
        )
        .with_panel(one_number(Said("Incidents", "Incidents that are open.", "none", COUNT, SMALL, 4), _incidents()))
        .with_panel(
            one_number(
                Said("Silent hosts", "Hosts without new values for two minutes.", "none", COUNT, SMALL, 4), _silent()
            )
        )
        .with_panel(
            one_number(
                Said("Next to run out", "Time until the first resource is used up.", "s", SOON, SMALL, 4), _next()
            )
        )
        .with_panel(
            one_number(
                Said("Last cycle", "How old what you see is.", "s", SILENT, SMALL, 4),
                "max(openmanager_cycle_age_seconds)",
            )
        )
        .with_row(Row("Most urgent first"))
        .with_panel(_stories())
        .with_panel(_by_urgency())
        .with_panel(_abnormal())
        .with_panel(_running_out())
        .with_row(Row("Over time"))
        .with_panel(
            curves(
                Said("Health", "How well each host is, from 0 to 100.", "none", NEUTRAL, HALF),
                Query(f"openmanager_health_score{{{PICKED}}}", "{{host}}"),
            ).max(100)
        )
        .with_panel(
            curves(
                Said(
                    "Anomaly score", "How abnormal each host is, by all models together.", "percentunit", NEUTRAL, HALF
                ),
                Query(f'openmanager_anomaly_score{{{PICKED},model="ensemble"}}', "{{host}}"),
            ).max(1)
        )
        .with_panel(
            curves(
                Said("Findings", "Those that people are told of, and those that are only recorded.", "none", NEUTRAL),
                Query(f"sum(openmanager_findings_firing{{{PICKED}}}) or vector(0)", "told"),
                Query(f"sum(openmanager_findings_quieted{{{PICKED}}}) or vector(0)", "not told"),
            )
        )
        .with_panel(
            curves(
                Said("Incidents open", "By the worst severity they had.", "none", NEUTRAL),
                Query("openmanager_incidents_open", "{{severity}}"),
            )
        )
    )


def _hosts() -> str:
    return f"count(openmanager_host_info{{{PICKED}}})"


def _lowest() -> str:
    return f"min(openmanager_health_score{{{PICKED}}})"


def _incidents() -> str:
    return "sum(openmanager_incidents_open) or vector(0)"


def _silent() -> str:
    return f"count(time() - openmanager_host_last_seen_timestamp_seconds{{{PICKED}}} > 120) or vector(0)"


def _next() -> str:
    return f"min(openmanager_time_to_exhaustion_seconds{{{PICKED}}})"


def _stories() -> Table:
    began = "openmanager_incident_start_timestamp_seconds"
    keys = ("incident", "severity", "host", "kind")
    queries = (
        Query(f"max by ({', '.join(keys)}) (time() - {began})", "For"),
        Query(
            f"max by ({', '.join(keys)}) (({began} > bool 0) * on (incident) group_left () openmanager_incident_hosts)",
            "Hosts",
        ),
    )
    said = Said(
        "Incidents",
        "Those that are open: the host and the kind they began with, and how many hosts they reached.",
        "none",
        NEUTRAL,
        WIDE,
    )
    link = {"title": "Open it", "url": "${analyzer}/#/incident/${__data.fields.Incident}", "targetBlank": True}
    units = {"For": ("s", NEUTRAL), "Hosts": ("none", NEUTRAL)}
    panel = rows(said, queries, keys, units, "For", descending=False)
    return panel.override_by_name("Incident", [DynamicConfigValue(id_val="links", value=[link])])


def _by_urgency() -> Table:
    queries = (
        Query(f"max by (host) (openmanager_health_score{{{PICKED}}})", "Health"),
        Query(f"sum by (host) (openmanager_findings_firing{{{PICKED}}})", "Findings"),
        Query(f'max by (host) (openmanager_anomaly_score{{{PICKED},model="ensemble"}})', "Anomaly score"),
        Query(f"min by (host) (openmanager_time_to_exhaustion_seconds{{{PICKED}}})", "Runs out in"),
        Query(f"max by (host) (openmanager_performance_score{{{PICKED}}})", "Headroom"),
        Query(f"max by (host) (openmanager_learning_ratio{{{PICKED}}})", "Learned"),
    )
    units = {
        "Health": ("none", HEALTH),
        "Findings": ("none", COUNT),
        "Anomaly score": ("percentunit", SCORE),
        "Runs out in": ("s", SOON),
        "Headroom": ("none", HEALTH),
        "Learned": ("percentunit", NEUTRAL),
    }
    said = Said("Hosts", "The least healthy first. A host's name opens its dashboard.", "none", NEUTRAL, WIDE, TALL)
    return rows(said, queries, ("host",), units, "Health", descending=False)


def _abnormal() -> Table:
    expr = f"max by (host, kind, severity, cause) (time() - openmanager_finding_start_timestamp_seconds{{{PICKED}}})"
    said = Said(
        "Abnormal now",
        "Findings that fire, with the feature ranked first among the causes.",
        "none",
        NEUTRAL,
        HALF,
        TALL,
    )
    return rows(
        said,
        [Query(expr, "For")],
        ("host", "severity", "kind", "cause"),
        {"For": ("s", NEUTRAL)},
        "For",
        descending=False,
    )


def _running_out() -> Table:
    named = ("", "Expected in"), ("lower_", "Earliest in"), ("upper_", "Latest in")
    queries = [
        Query(f"max by (host, feature) (openmanager_time_to_exhaustion_{edge}seconds{{{PICKED}}})", name)
        for edge, name in named
    ]
    said = Said(
        "Runs out next",
        "Resources that reach their limit within the longest horizon, the soonest first.",
        "none",
        NEUTRAL,
        HALF,
        TALL,
    )
    units = {name: ("s", SOON) for _, name in named}
    return rows(said, queries, ("host", "feature"), units, "Expected in", descending=False)
