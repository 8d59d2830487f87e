"""What each endpoint answers. Reads what app injected; knows no other room."""

from __future__ import annotations

import asyncio
import difflib
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Literal, Protocol

from aiohttp import web

from analyzer.data import (
    Answer,
    Component,
    Feature,
    Finding,
    FindingFilter,
    HostReport,
    Incident,
    IncidentFilter,
    Language,
    LogLine,
    Question,
    Report,
    Severity,
    UsualState,
)
from analyzer.errors import AnalyzerError
from analyzer.interfaces import Assistant, Queries
from analyzer.store import Feedback, OutboxStatus, Silences
from analyzer.web import schema
from analyzer.web.answer_view import answer_told
from analyzer.web.encoding import accepts_gzip, unpacked
from analyzer.web.errors import Refused, error_told
from analyzer.web.events import Events, wants_events
from analyzer.web.mishaps import Mishaps
from analyzer.web.policy import policy_for
from analyzer.web.readiness import readiness
from analyzer.web.reading import body_of, json_of, query_of
from analyzer.web.stream import Summaries
from analyzer.web.views import Views

# Metrics that are compressed to no more than this are answered in one piece to who takes them plain.
SMALL_BYTES = 2**16
WRITTEN = {"md": "text/markdown", "html": "text/html", "json": "application/json"}


class Rendered(Protocol):
    """Metrics as text, the format they are in, and the content encoding, empty where there is none."""

    @property
    def body(self) -> bytes: ...
    @property
    def content_type(self) -> str: ...
    @property
    def encoding(self) -> str: ...


class Metrics(Protocol):
    """Takes an Accept header, the time, and whether the answer may be compressed."""

    async def __call__(self, accept: str, now: datetime, *, gzip: bool = False) -> Rendered: ...


class Step(Protocol):
    """A step of a streamed answer: `kind` is "facts" for what was computed, "answer" for the one to show."""

    @property
    def kind(self) -> str: ...
    @property
    def answer(self) -> Answer: ...


class LogReader(Protocol):
    """Reads the templates of a host's recent log. SourceError, with its reason, when it can't."""

    async def templates(self, host: str, since: datetime, limit: int) -> tuple[LogLine, ...]: ...


class IncidentReader(Protocol):
    """Gives the incidents that are kept."""

    async def find(self, wanted: IncidentFilter) -> tuple[Incident, ...]: ...

    async def get(self, id_: str) -> Incident | None: ...


@dataclass(frozen=True, slots=True)
class Wanted:
    """A written report that is asked for: on which report, which stretch of time, and how."""

    report: Report
    now: datetime
    window: timedelta
    language: Language
    timezone: str
    format: Literal["md", "html", "json"]


@dataclass(frozen=True)
class Door:
    """All that the endpoints may ask. `findings` reads the store.

    `stream` gives an answer step by step, `write` a written report, `states` a host's usual states, `queries` any
    feature's course, `logs` a host's log, `finding` one finding by its fingerprint; without them their endpoints say
    503. `sinks` are those that deliver what is owed. `components` tell how the parts that answers lean on are;
    `grafana_url` is where people open Grafana.
    """

    report: Callable[[], Report | None]
    findings: Callable[[FindingFilter], Awaitable[Sequence[Finding]]]
    assistant: Assistant
    metrics: Metrics
    features: Mapping[str, Feature] = field(default_factory=dict)
    version: str = ""
    stream: Callable[[Question, Report | None], AsyncIterator[Step]] | None = None
    write: Callable[[Wanted], Awaitable[str]] | None = None
    states: Callable[[str], Sequence[UsualState]] | None = None
    queries: Queries | None = None
    logs: LogReader | None = None
    finding: Callable[[str], Awaitable[Finding | None]] | None = None
    feedback: Feedback | None = None
    silences: Silences | None = None
    incidents: IncidentReader | None = None
    outbox: Callable[[], Awaitable[Sequence[OutboxStatus]]] | None = None
    sinks: frozenset[str] = frozenset()
    components: Callable[[], Sequence[Component]] = tuple
    grafana_url: str = ""
    summaries: Summaries = field(default_factory=Summaries)
    mishaps: Mishaps = field(default_factory=Mishaps)
    longest_age: timedelta = timedelta(minutes=2)
    longest_answer: timedelta = timedelta(seconds=60)
    slowest_body: timedelta = timedelta(seconds=10)
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)

    @property
    def views(self) -> Views:
        return Views(self.features)

    def views_in(self, timezone: str) -> Views:
        return Views(self.features, timezone)

    def known_report(self) -> Report:
        report = self.report()
        if report is None:
            raise Refused(HTTPStatus.SERVICE_UNAVAILABLE, "no cycle has succeeded yet, so nothing is known of any host")
        return report


async def healthy(_door: Door, _request: web.Request) -> web.Response:
    return json_of(schema.AliveTold())


async def ready(door: Door, _request: web.Request) -> web.Response:
    told = readiness(door.report(), door.clock(), door.longest_age)
    return json_of(told, HTTPStatus.OK if told.ready else HTTPStatus.SERVICE_UNAVAILABLE)


async def metrics(door: Door, request: web.Request) -> web.Response:
    rendered = await door.metrics(",".join(request.headers.getall("Accept", [])), door.clock(), gzip=True)
    # aiohttp's content_type takes no parameters, and Prometheus needs them.
    headers = {"Content-Type": rendered.content_type, "Vary": "Accept, Accept-Encoding"}
    if accepts_gzip(",".join(request.headers.getall("Accept-Encoding", []))):
        return web.Response(body=rendered.body, headers=headers | {"Content-Encoding": rendered.encoding})
    if len(rendered.body) <= SMALL_BYTES:
        return web.Response(body=b"".join(unpacked(rendered.body)), headers=headers)
    return web.Response(body=_one_by_one(unpacked(rendered.body)), headers=headers)


async def _one_by_one(pieces: Iterable[bytes]) -> AsyncIterator[bytes]:
    """Each when the one before is on its way: who reads slowly holds no more than that."""
    for piece in pieces:
        yield piece


async def hosts(door: Door, request: web.Request) -> web.Response:
    asked = query_of(request, schema.SpokenAsked)
    return json_of(door.views_in(asked.timezone).hosts(door.known_report()))


async def host(door: Door, request: web.Request) -> web.Response:
    asked = query_of(request, schema.SpokenAsked)
    return json_of(door.views_in(asked.timezone).host(*host_asked(door, request)))


async def forecast(door: Door, request: web.Request) -> web.Response:
    return json_of(door.views.forecasts(*_known_host(door, request)))


async def health(door: Door, request: web.Request) -> web.Response:
    return json_of(door.views.health(*_known_host(door, request)))


async def states(door: Door, request: web.Request) -> web.Response:
    report, found = _known_host(door, request)
    if door.states is None:
        raise Refused(HTTPStatus.SERVICE_UNAVAILABLE, "this analyzer keeps no states")
    return json_of(door.views.states(report, found, door.states(found.host.name)))


async def findings(door: Door, request: web.Request) -> web.Response:
    asked = query_of(request, schema.FindingsAsked)
    severity = None if asked.severity is None else Severity[asked.severity.upper()]
    wanted = FindingFilter(asked.host, asked.kind, severity, asked.firing, asked.since, asked.limit)
    return json_of(door.views_in(asked.timezone).findings(await door.findings(wanted)))


async def written(door: Door, request: web.Request) -> web.Response:
    asked = query_of(request, schema.WrittenAsked)
    if door.write is None:
        raise Refused(HTTPStatus.SERVICE_UNAVAILABLE, "this analyzer writes no reports")
    report, window = door.known_report(), schema.span_of(asked.window)
    wanted = Wanted(report, door.clock(), window, asked.lang, asked.timezone, asked.format)
    async with _in_time(door.longest_answer, "no report could be written"):
        text = await door.write(wanted)
    headers = {"Content-Security-Policy": policy_for(text)} if asked.format == "html" else {}
    return web.Response(text=text, content_type=WRITTEN[asked.format], charset="utf-8", headers=headers)


async def query(door: Door, request: web.Request) -> web.StreamResponse:
    asked = await body_of(request, schema.QuestionAsked, door.slowest_body)
    question = Question(asked.question, door.clock(), asked.language, asked.host, asked.session_id, asked.timezone)
    if wants_events(request):
        return await _streamed(door, request, question)
    begun = time.perf_counter()
    async with _in_time(door.longest_answer, "no answer could be computed"):
        answer = await door.assistant.answer(question, door.report())
    return json_of(answer_told(answer, time.perf_counter() - begun, door.version))


async def _streamed(door: Door, request: web.Request, question: Question) -> web.StreamResponse:
    if door.stream is None:
        raise Refused(HTTPStatus.SERVICE_UNAVAILABLE, "this analyzer streams no answers")
    begun, report = time.perf_counter(), door.report()
    events = await Events.begin(request)
    with suppress(ConnectionResetError):  # who hung up wants no more of it
        try:
            async with _in_time(door.longest_answer, "no answer could be computed"):
                async for step in door.stream(question, report):
                    await events.send(step.kind, answer_told(step.answer, time.perf_counter() - begun, door.version))
        except Refused as error:
            await events.send("error", error_told(error.status, str(error)))
        except AnalyzerError as error:
            await events.send("error", error_told(HTTPStatus.SERVICE_UNAVAILABLE, str(error)))
        await events.response.write_eof()
    return events.response


@asynccontextmanager
async def _in_time(longest: timedelta, what: str) -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(longest.total_seconds()):
            yield
    except TimeoutError:
        raise Refused(HTTPStatus.GATEWAY_TIMEOUT, f"{what} within {longest.total_seconds():g} s") from None


def _known_host(door: Door, request: web.Request) -> tuple[Report, HostReport]:
    query_of(request, schema.NothingAsked)
    return host_asked(door, request)


def host_asked(door: Door, request: web.Request) -> tuple[Report, HostReport]:
    """The host that the path names, by instance or an unambiguous nodename."""
    report, name = door.known_report(), request.match_info["host"]
    found = report.host(name)
    if found is None:
        near = difflib.get_close_matches(name, [known.host.name for known in report.hosts], n=1, cutoff=0.7)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise Refused(HTTPStatus.NOT_FOUND, f"the last cycle saw no single host {name!r}{hint}")
    return report, found
