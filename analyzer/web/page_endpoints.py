"""What the page asks beyond the last report: courses, what runs, logs, one finding, feedback, status, events."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import asdict
from http import HTTPStatus
from typing import TypeVar

from aiohttp import web

from analyzer.data import Finding
from analyzer.errors import QueryRefused
from analyzer.store import Feedback, OutboxStatus
from analyzer.web import page_schema, schema
from analyzer.web.courses import course
from analyzer.web.endpoints import Door, host_asked
from analyzer.web.errors import Refused
from analyzer.web.events import Events
from analyzer.web.inventory import processes as processes_of
from analyzer.web.inventory import services as services_of
from analyzer.web.readiness import readiness
from analyzer.web.reading import body_of, json_of, query_of
from analyzer.web.stream import last_seen

MOST_TEMPLATES = 50
LOOK_SECONDS = 0.25
ALIVE_SECONDS = 15.0
# So long a browser waits before it connects again.
RETRY = b"retry: 2000\n\n"
ALIVE = b": alive\n\n"

T = TypeVar("T")


async def series(door: Door, request: web.Request) -> web.Response:
    asked = query_of(request, page_schema.SeriesAsked)
    _, host = host_asked(door, request)
    feature = door.features.get(asked.feature)
    if feature is None:
        raise Refused(HTTPStatus.NOT_FOUND, f"the catalogue has no feature {asked.feature!r}; docs/features.md has all")
    queries, end = _there(door.queries, "asks no series"), asked.end or door.clock()
    return json_of(await course(queries, feature, host.host.name, end, schema.span_of(asked.window)))


async def processes(door: Door, request: web.Request) -> web.Response:
    query_of(request, schema.NothingAsked)
    _, host = host_asked(door, request)
    return json_of(await processes_of(_there(door.queries, "asks no series"), host.host.name, door.clock()))


async def services(door: Door, request: web.Request) -> web.Response:
    query_of(request, schema.NothingAsked)
    _, host = host_asked(door, request)
    return json_of(await services_of(_there(door.queries, "asks no series"), host.host.name, door.clock()))


async def logs(door: Door, request: web.Request) -> web.Response:
    asked = query_of(request, page_schema.LogsAsked)
    _, host = host_asked(door, request)
    reader, since = _there(door.logs, "reads no logs"), door.clock() - schema.span_of(asked.window)
    try:
        found = await reader.templates(host.host.name, since, MOST_TEMPLATES)
    except QueryRefused as error:  # it follows no logs: that is how it was set up, and no fault
        return json_of(page_schema.LogsTold(host=host.host.name, templates=[], refused=str(error)))
    templates = [schema.LogLineTold.model_validate(line) for line in found[:MOST_TEMPLATES]]
    return json_of(page_schema.LogsTold(host=host.host.name, templates=templates))


async def finding(door: Door, request: web.Request) -> web.Response:
    asked = query_of(request, schema.SpokenAsked)
    return json_of(await _detail(door, await _known_finding(door, request), asked.timezone))


async def give_feedback(door: Door, request: web.Request) -> web.Response:
    asked = await body_of(request, page_schema.FeedbackGiven, door.slowest_body)
    known = await _known_finding(door, request)
    await _feedback(door).give(known.fingerprint, asked.opinion, door.clock())
    return json_of(await _detail(door, known))


async def take_feedback_back(door: Door, request: web.Request) -> web.Response:
    query_of(request, schema.NothingAsked)
    known = await _known_finding(door, request)
    await _feedback(door).take_back(known.fingerprint, door.clock())
    return json_of(await _detail(door, known))


async def status(door: Door, request: web.Request) -> web.Response:
    query_of(request, schema.NothingAsked)
    report = door.report()
    outbox = await door.outbox() if door.outbox else ()
    return json_of(
        page_schema.StatusTold(
            version=door.version,
            at=report and report.at,
            readiness=readiness(report, door.clock(), door.longest_age),
            hosts=len(report.hosts) if report else 0,
            stage_seconds=dict(report.stage_seconds) if report else {},
            failures=[schema.FailureTold.model_validate(failure) for failure in (report.failures if report else ())],
            outbox=[_owed(sink, door.sinks) for sink in outbox],
            components=[page_schema.ComponentTold.model_validate(part) for part in door.components()],
            grafana_url=door.grafana_url,
        )
    )


def _owed(status: OutboxStatus, sinks: frozenset[str]) -> page_schema.OutboxTold:
    return page_schema.OutboxTold(**asdict(status), configured=status.sink in sinks)


async def events(door: Door, request: web.Request) -> web.StreamResponse:
    """A `report` event for each cycle until the client hangs up or the program ends."""
    last = last_seen(request.headers.get("Last-Event-ID", ""))
    response = (await Events.begin(request)).response
    with suppress(ConnectionResetError):  # who hung up wants no more of it
        await response.write(RETRY)
        await _follow(door, response, last)
        await response.write_eof()
    return response


async def _follow(door: Door, response: web.StreamResponse, last: int | None) -> None:
    loop = asyncio.get_running_loop()
    said = loop.time()
    while not door.summaries.closed.is_set():
        door.summaries.note(door.report(), door.views)
        for told in door.summaries.after(last):
            await response.write(told.body)
            last, said = told.number, loop.time()
        if loop.time() - said > ALIVE_SECONDS:
            await response.write(ALIVE)
            said = loop.time()
        with suppress(TimeoutError):
            await asyncio.wait_for(door.summaries.closed.wait(), LOOK_SECONDS)


def _there(part: T | None, lack: str) -> T:
    if part is None:
        raise Refused(HTTPStatus.SERVICE_UNAVAILABLE, f"this analyzer {lack}")
    return part


def _feedback(door: Door) -> Feedback:
    return _there(door.feedback, "keeps no feedback")


async def _known_finding(door: Door, request: web.Request) -> Finding:
    fingerprint = request.match_info["fingerprint"]
    found = await _there(door.finding, "keeps no findings")(fingerprint)
    if found is None:
        raise Refused(HTTPStatus.NOT_FOUND, f"there is no finding {fingerprint!r}, or it is forgotten")
    return found


async def _detail(door: Door, known: Finding, timezone: str = "UTC") -> page_schema.FindingDetailTold:
    said = await door.feedback.of(known.fingerprint) if door.feedback else None
    return page_schema.FindingDetailTold(**door.views_in(timezone).finding(known).model_dump(), feedback=said)
