"""The table of what the page asks, in the form of routes.py."""

from __future__ import annotations

from analyzer.web import page_endpoints as endpoints
from analyzer.web import page_schema, schema
from analyzer.web.openapi import Endpoint

ABOUT_A_HOST = dict.fromkeys((400, 404, 503), schema.ErrorTold)
FEEDBACK = "/api/v1/findings/{fingerprint}/feedback"

PAGE_ENDPOINTS = (
    Endpoint(
        "GET",
        "/api/v1/hosts/{host}/series",
        endpoints.series,
        "A feature's course over a stretch of time, with the range in which it usually lies",
        page_schema.SeriesTold,
        query=page_schema.SeriesAsked,
        also=ABOUT_A_HOST,
    ),
    Endpoint(
        "GET",
        "/api/v1/hosts/{host}/processes",
        endpoints.processes,
        "The process groups of a host that use most",
        page_schema.ProcessesTold,
        query=schema.NothingAsked,
        also=ABOUT_A_HOST,
    ),
    Endpoint(
        "GET",
        "/api/v1/hosts/{host}/services",
        endpoints.services,
        "The services of a host by state, the failed ones first",
        page_schema.ServicesTold,
        query=schema.NothingAsked,
        also=ABOUT_A_HOST,
    ),
    Endpoint(
        "GET",
        "/api/v1/hosts/{host}/logs",
        endpoints.logs,
        "Forms of a host's recent log lines of severity warning or worse, with how often they came",
        page_schema.LogsTold,
        query=page_schema.LogsAsked,
        also=ABOUT_A_HOST,
    ),
    Endpoint(
        "GET",
        "/api/v1/findings/{fingerprint}",
        endpoints.finding,
        "One finding with what was said of it",
        page_schema.FindingDetailTold,
        query=schema.SpokenAsked,
        also=ABOUT_A_HOST,
    ),
    Endpoint(
        "PUT",
        FEEDBACK,
        endpoints.give_feedback,
        "Say that a finding was useful, or no anomaly",
        page_schema.FindingDetailTold,
        body=page_schema.FeedbackGiven,
        also=dict.fromkeys((400, 404, 408, 413, 415, 503), schema.ErrorTold),
    ),
    Endpoint(
        "DELETE",
        FEEDBACK,
        endpoints.take_feedback_back,
        "Take back what was said of a finding",
        page_schema.FindingDetailTold,
        query=schema.NothingAsked,
        also=ABOUT_A_HOST,
    ),
    Endpoint(
        "GET",
        "/api/v1/status",
        endpoints.status,
        "How the analyzer itself is: its last cycle, what it owes, the parts that answers lean on",
        page_schema.StatusTold,
        query=schema.NothingAsked,
        also=dict.fromkeys((400, 503), schema.ErrorTold),
    ),
    Endpoint(
        "GET",
        "/api/v1/events",
        endpoints.events,
        "A summary of each cycle as a server-sent event; Last-Event-ID resumes",
        None,
        texts=("text/event-stream",),
    ),
)
