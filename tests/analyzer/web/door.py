"""A door to knock on: the real server over loopback, with a report whose every field is filled."""

from __future__ import annotations

import asyncio
import math
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from gzip import compress

import numpy as np

from analyzer.data import (
    Answer,
    Cause,
    Deduction,
    Evidence,
    Experience,
    Failure,
    Feature,
    Figure,
    Finding,
    FindingFilter,
    Forecast,
    Forecasts,
    Headroom,
    Health,
    Host,
    HostReport,
    HostStatus,
    Incident,
    IncidentFilter,
    Learning,
    LogLine,
    Peers,
    Prediction,
    Question,
    Recommendation,
    Report,
    Served,
    Severity,
    State,
    Trend,
    Trends,
    UsualState,
    Window,
)
from analyzer.sinks.metrics import Exposition
from analyzer.web.endpoints import Door, Wanted
from analyzer.web.mishaps import Mishaps
from analyzer.web.routes import build_app
from analyzer.web.server import start

NOW = datetime(2026, 11, 22, 14, 2, tzinfo=UTC)
BUSY = Feature("cpu_busy_ratio", "ratio", "cpu", "x", {"en": "CPU in use", "ko": "CPU 사용률"}, limit=1.0)
WINDOW = Window(NOW - timedelta(hours=1), NOW, timedelta(seconds=15))
EVIDENCE = Evidence(
    "x", WINDOW, "web-1:9100", BUSY.name, "ratio", 0.97, 0.1, 0.4, "E1", "postgres", (Figure("highest", 0.99, "ratio"),)
)
FIRING = Finding("anomaly", "web-1:9100", Severity.WARNING, NOW, None, 0.9, (Cause(BUSY.name, 0.7, EVIDENCE),))
FORECAST = Forecast(
    "web-1:9100",
    BUSY.name,
    np.array([NOW.timestamp() + 3600]),
    np.array([0.8], np.float32),
    np.array([math.nan], np.float32),
    np.array([0.9], np.float32),
    0.9,
    1.0,
    (7200.0, 3600.0, math.inf),
)
WEB = HostReport(
    Host("web-1:9100", "node", "web-1"),
    NOW,
    {BUSY.name: 0.97, "load_per_core": math.nan},
    experience=Experience(3600.0, 0.75, ("weekly",)),
    scores={"kmeans": 0.4, "regression": math.nan},
    shares={BUSY.name: 1.0},
    state=State("B", 3, 1.5, 0.25),
    peers=Peers("web", 4, math.nan, {BUSY.name: 2.5}),
    trends=Trends.of(Trend(BUSY.name, 0.1, math.nan, 3600.0)),
    forecasts=Forecasts.of(FORECAST),
    health=Health(
        76.0,
        0.75,
        (Deduction("strain", BUSY.name, "cpu", 24.0, 0.97),),
        None,
        (Headroom("cpu", BUSY.name, 0.03),),
    ),
)
IDLE = UsualState("B", {"en": "idle", "ko": "유휴"}, 0.75, (math.nan, *[0.5] * 23), {"B": 1.0}, {BUSY.name: 0.1})
REPORT = Report(
    NOW,
    "prometheus",
    "",
    (
        WEB,
        HostReport(Host("db-1:9100"), None, {}, learning=Learning(12, 40, (BUSY.name,))),
        HostReport(Host("rack/7:9100", nodename="twin"), NOW, {}, scores={"kmeans": 0.1}),
        HostReport(Host("mute:9100", nodename="twin"), None, {}),
    ),
    (FIRING, replace(FIRING, kind="silent", host="mute:9100", severity=Severity.CRITICAL)),
    (Failure("fetch", "query refused", NOW), Failure("score", "x", NOW, "db-1:9100")),
    {"fetch": 0.2},
)
ANSWER = Answer(
    "All is well.",
    "en",
    "status",
    supported=True,
    evidence=(EVIDENCE, replace(EVIDENCE, value=math.nan, usual_low=None)),
    answered_by="deterministic",
    fallbacks=("openai: 429",),
    seconds={"understand": 0.01},
    details=("Nothing fires.",),
    metrics=(EVIDENCE,),
    logs=(LogLine("web-1:9100", NOW, "<script>alert(1)</script>"),),
    system_status=(HostStatus("web-1:9100", "ok", 0, NOW, math.nan),),
    predictions=(Prediction("web-1:9100", BUSY.name, "ratio", NOW, 0.8, 0.7, math.inf, NOW),),
    recommendations=(Recommendation("Look", "top", "kill", "work is lost"),),
    sources=(Served("prometheus", 1.0),),
)


@dataclass(frozen=True)
class Said:
    """A step of a streamed answer."""

    kind: str
    answer: Answer


PAGE = "<html><style>body{color:red}</style><style>evil{}</style></html>"


@dataclass
class Inside:
    """What stands behind the door; tests change it and see what it was asked."""

    report: Report | None = REPORT
    now: datetime = NOW + timedelta(seconds=5)
    found: Sequence[Finding] = (FIRING, replace(FIRING, ends_at=NOW, score=math.nan))
    filters: list[FindingFilter] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)
    accepted: list[str] = field(default_factory=list)
    wanted: list[Wanted] = field(default_factory=list)
    metrics_text: bytes = b"openmanager_up 1\n"
    fails: Exception | None = None
    mishaps: Mishaps = field(default_factory=Mishaps)
    seconds: float = 0.0

    async def findings(self, wanted: FindingFilter) -> Sequence[Finding]:
        self.filters.append(wanted)
        if self.fails is not None:
            raise self.fails
        return self.found

    async def answer(self, question: Question, report: Report | None) -> Answer:
        self.questions.append(question)
        assert report is self.report
        await asyncio.sleep(self.seconds)
        return ANSWER

    async def stream(self, question: Question, report: Report | None) -> AsyncIterator[Said]:
        self.questions.append(question)
        yield Said("facts", ANSWER)
        await asyncio.sleep(self.seconds)
        if self.fails is not None:
            raise self.fails
        yield Said("answer", replace(ANSWER, text="All is\nwell indeed.", answered_by="a model"))

    async def write(self, wanted: Wanted) -> str:
        self.wanted.append(wanted)
        await asyncio.sleep(self.seconds)
        return {"md": "# Host report\n", "html": PAGE, "json": "{}"}[wanted.format]

    async def metrics(self, accept: str, now: datetime, *, gzip: bool = False) -> Exposition:
        self.accepted.append(accept)
        assert now == self.now
        body, encoding = self.metrics_text, "gzip" if gzip else ""
        return Exposition(compress(body) if gzip else body, "text/plain; version=0.0.4; charset=utf-8", encoding)


@dataclass(frozen=True)
class Alone:
    """Every finding of the report as an incident of its own."""

    inside: Inside

    async def find(self, wanted: IncidentFilter) -> tuple[Incident, ...]:
        found = self.inside.report.findings if self.inside.report else ()
        return tuple(Incident.alone(finding) for finding in found)[: wanted.limit]

    async def get(self, id_: str) -> Incident | None:
        return next((one for one in await self.find(IncidentFilter()) if one.id == id_), None)


def door_to(inside: Inside) -> Door:
    return Door(
        report=lambda: inside.report,
        findings=inside.findings,
        assistant=inside,
        metrics=inside.metrics,
        features={BUSY.name: BUSY},
        version="0.1.0",
        stream=inside.stream,
        states=lambda _host: (IDLE,),
        incidents=Alone(inside),
        write=inside.write,
        longest_age=timedelta(minutes=1),
        longest_answer=timedelta(seconds=0.5),
        slowest_body=timedelta(seconds=0.5),
        mishaps=inside.mishaps,
        clock=lambda: inside.now,
    )


@contextmanager
def opened(inside: Inside, port: int, *, streams: bool = True) -> Iterator[str]:
    """Serve from a thread of its own; gives the address."""

    async def door() -> Door:
        return door_to(inside) if streams else replace(door_to(inside), stream=None, write=None, states=None)

    with opened_door(door, port) as url:
        yield url


@contextmanager
def opened_door(door: Callable[[], Awaitable[Door]], port: int) -> Iterator[str]:
    """The same for a door that is made within the server's loop."""
    loop = asyncio.new_event_loop()
    stop = loop.run_until_complete(start(build_app(loop.run_until_complete(door())), "127.0.0.1", port))
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.run_until_complete(stop())
        loop.close()
