"""Analyzer: its own cycle, what it costs, what fails, what it still owes to others, and what answers take."""

from __future__ import annotations

from collections.abc import Iterator

from grafana_foundation_sdk.builders import timeseries
from grafana_foundation_sdk.builders.dashboard import Row
from grafana_foundation_sdk.models.dashboard import Dashboard

from grafana.boards.frame import board, findings_annotation, finished
from grafana.boards.panels import (
    COUNT,
    HALF,
    NEUTRAL,
    SMALL,
    THIRD,
    Query,
    Said,
    Steps,
    curves,
    one_name,
    one_number,
)

RATE = "$__rate_interval"
AGE = Steps("green", ((60, "orange"), (120, "red")))
LATE = Steps("green", ((60, "orange"), (900, "red")))
SPENT = Steps("green", ((0.8, "orange"), (1, "red")))
UP = Steps("red", ((1, "green"),))


def analyzer() -> Dashboard:
    itself = 'job=~".*analyzer.*"'
    page = (
        board(
            "openmanager-analyzer",
            "OpenManager / Analyzer",
            "The analyzer itself: cycle, cost, failures, deliveries, answers.",
        )
        .time("now-6h", "now")
        .annotation(findings_annotation('kind="silent"'))
        .with_row(Row("Now"))
    )
    for said, expr in (
        (Said("Last cycle", "How old it is.", "s", AGE, SMALL, 4), "max(openmanager_cycle_age_seconds)"),
        (Said("Store", "1 while it can be read.", "none", UP, SMALL, 4), "min(openmanager_store_up)"),
        (
            Said("Fallback", "1 while a better source can't be used.", "none", COUNT, SMALL, 4),
            "max(openmanager_source_fallback)",
        ),
        (
            Said("Owed", "Deliveries that are still to be made.", "none", NEUTRAL, SMALL, 4),
            "sum(openmanager_outbox_pending) or vector(0)",
        ),
        (
            Said("Failures", "Failures of stages in the last hour.", "none", COUNT, SMALL, 4),
            "sum(increase(openmanager_stage_failures_total[1h]))",
        ),
    ):
        page = page.with_panel(one_number(said, expr))
    page = page.with_panel(
        one_name(
            Said("Source", "Who served the last cycle.", "none", NEUTRAL, SMALL, 4),
            Query("openmanager_source_in_use", "{{source}}"),
        )
    )
    page = page.with_row(Row("Cycle"))
    for panel in (
        curves(
            Said("Stages", "How long each stage of a cycle took.", "s", NEUTRAL, HALF),
            Query("openmanager_stage_duration_seconds", "{{stage}}"),
        ),
        curves(
            Said("Age of the last cycle", "Grows while it doesn't look.", "s", AGE, HALF),
            Query("openmanager_cycle_age_seconds", "age"),
        ),
        curves(
            Said("Cycles", "Cycles a second.", "cps", NEUTRAL, THIRD),
            Query(f"rate(openmanager_cycles_total[{RATE}])", "cycles"),
        ),
        curves(
            Said("Failures", "Failures of each stage.", "cps", NEUTRAL, THIRD),
            Query(f"rate(openmanager_stage_failures_total[{RATE}])", "{{stage}}"),
        ),
        curves(
            Said(
                "Learned",
                "How much history of each host is there, and how sure the judge is.",
                "percentunit",
                width=THIRD,
            ),
            Query("openmanager_learning_ratio", "{{host}}"),
            Query("openmanager_learning_confidence_ratio", "{{host}} confidence"),
        ),
    ):
        page = page.with_panel(panel)
    page = page.with_row(Row("Cost and deliveries"))
    for panel in (
        curves(
            Said("CPU", "Cores that the analyzer uses.", "none", NEUTRAL, HALF),
            Query(f"rate(process_cpu_seconds_total{{{itself}}}[{RATE}])", "{{instance}}"),
        ),
        curves(
            Said("Memory", "What the analyzer holds.", "bytes", NEUTRAL, HALF),
            Query(f"process_resident_memory_bytes{{{itself}}}", "{{instance}}"),
        ),
        curves(
            Said("Owed", "Deliveries still to be made, by sink.", "none", NEUTRAL, THIRD),
            Query("openmanager_outbox_pending", "{{sink}}"),
        ),
        curves(
            Said("Oldest owed", "How long the oldest has been waiting.", "s", LATE, THIRD),
            Query("openmanager_outbox_oldest_age_seconds", "{{sink}}"),
        ),
        curves(
            Said("Deliveries", "Made, failed and refused for good.", "cps", NEUTRAL, THIRD),
            *(
                Query(f"rate(openmanager_outbox_{kind}_total[{RATE}])", f"{{{{sink}}}} {kind}")
                for kind in ("delivered", "failures", "refused")
            ),
        ),
    ):
        page = page.with_panel(panel)
    page = page.with_row(Row("Answers"))
    for panel in _answers():
        page = page.with_panel(panel)
    return finished(page)


def _answers() -> Iterator[timeseries.Panel]:
    """What answering takes: language models within their budgets, and what the cache spares."""
    yield curves(
        Said("Language models", "Calls, and calls not made because a budget was spent.", "cps", NEUTRAL, THIRD),
        Query(f"rate(openmanager_assistant_model_calls_total[{RATE}])", "calls"),
        Query(f"rate(openmanager_assistant_model_refusals_total[{RATE}])", "not made"),
    )
    yield curves(
        Said("Tokens", "What language models took and gave, a second.", "none", NEUTRAL, THIRD),
        Query(f"rate(openmanager_assistant_model_tokens_total[{RATE}])", "tokens"),
    )
    yield curves(
        Said("Budgets of the day", "How much is gone; at 100% code alone words answers.", "percentunit", SPENT, THIRD),
        Query("openmanager_assistant_budget_spent_ratio", "{{budget}}"),
    )
    yield curves(
        Said("Money", "Spent since the analyzer started, in the unit of the prices set.", "none", NEUTRAL, THIRD),
        Query("openmanager_assistant_model_cost_total", "spent"),
    )
    yield curves(
        Said("Cache", "Answers found, not found, and spared by an equal one.", "cps", NEUTRAL, THIRD),
        *(
            Query(f"rate(openmanager_assistant_cache_{kind}_total[{RATE}])", said)
            for kind, said in (("hits", "found"), ("misses", "not found"), ("saved", "spared"))
        ),
    )
    yield curves(
        Said("Trouble", "The shared cache not answering; requests failed by a mistake of ours.", "cps", NEUTRAL, THIRD),
        Query(f"rate(openmanager_assistant_cache_failures_total[{RATE}])", "cache"),
        Query(f"rate(openmanager_http_failures_total[{RATE}])", "requests"),
    )
