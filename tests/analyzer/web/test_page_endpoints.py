"""What the page asks beyond the last report, over the real server; Prometheus's part is played by known series."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import requests

from analyzer.data import Component, LogLine, Sample, Series, Window
from analyzer.errors import QueryRefused, SourceUnreachable
from analyzer.store import OutboxStatus, Store
from analyzer.web.endpoints import Door
from analyzer.web.page import STATIC
from tests.analyzer.web.document import check
from tests.analyzer.web.door import FIRING, NOW, REPORT, Inside, door_to, opened_door

HOST = "web-1:9100"
SERIES = "/api/v1/hosts/{host}/series"
FEEDBACK = "/api/v1/findings/{fingerprint}/feedback"
HOSTILE = "<script>alert(1)</script>"


@dataclass
class Asked:
    """Gives a rising line to every range query, and named groups and units to every instant one."""

    ranges: list[tuple[str, Window]] = field(default_factory=list)
    away: bool = False
    empty: bool = False

    async def range(self, promql: str, window: Window) -> tuple[Series, ...]:
        self.ranges.append((promql, window))
        if self.away:
            raise SourceUnreachable("can't reach Prometheus at http://x: refused")
        if self.empty:
            return ()
        values = np.arange(window.steps, dtype=np.float64)
        values[1] = np.nan
        return (Series({}, window.times, values),)

    async def instant(self, promql: str, at: datetime) -> tuple[Sample, ...]:
        if "systemd" in promql:
            states = {"b.service": "active", "a.service": "failed", "c.service": "active"}
            return tuple(Sample({"name": name, "state": state}, 0.0, 1.0) for name, state in states.items())
        if "memory" in promql:
            return (Sample({"groupname": "postgres"}, 0.0, 4096.0),)
        if "num_procs" in promql:
            return (Sample({"groupname": "postgres"}, 0.0, 3.0), Sample({"groupname": "idle"}, 0.0, 1.0))
        return (Sample({"groupname": HOSTILE}, 0.0, 1.5), Sample({"groupname": "postgres"}, 0.0, 0.5))


@dataclass
class Log:
    refuses: bool = False

    async def templates(self, host: str, since: datetime, limit: int) -> tuple[LogLine, ...]:
        if self.refuses:
            raise QueryRefused(f"the log of {host}: its exporter answered HTTP 404")
        return (LogLine(host, since, HOSTILE, "error", "kernel", 7),)


@pytest.fixture
def asked() -> Asked:
    return Asked()


@pytest.fixture
def log() -> Log:
    return Log()


@pytest.fixture
def url(inside: Inside, asked: Asked, log: Log, free_port: int, tmp_path: Path) -> Iterator[str]:
    """The server with everything behind it, and a store in which the firing finding is recorded."""

    async def door() -> Door:
        store = await Store.open(tmp_path)
        await store.findings.record([FIRING], NOW)
        return replace(
            door_to(inside),
            queries=asked,
            logs=log,
            finding=store.findings.get,
            feedback=store.feedback,
            outbox=_outbox,
            sinks=frozenset({"annotations"}),
            components=lambda: (Component("cache", "redis", "degraded", "refused", {"hits": 3.0}),),
            grafana_url="http://grafana.example",
        )

    with opened_door(door, free_port) as address:
        yield address


async def _outbox() -> tuple[OutboxStatus, ...]:
    return (OutboxStatus("annotations", 2, NOW, 5, 1, 3, 0), OutboxStatus("notify:slack", 1, NOW, 0, 0, 0, 0))


def test_a_series_has_its_grid_its_gaps_its_usual_range_and_its_query(
    url: str, client: requests.Session, document: dict[str, Any], asked: Asked
) -> None:
    response = client.get(f"{url}/api/v1/hosts/{HOST}/series?feature=cpu_busy_ratio&window=10m")
    check(document, SERIES, response)
    told = response.json()
    assert (told["unit"], told["limit"], told["step_seconds"]) == ("ratio", 1.0, 2.0)
    assert told["times"][0] == (NOW + timedelta(seconds=4) - timedelta(minutes=10)).timestamp()
    assert told["values"][:3] == [0.0, None, 2.0]
    assert len(told["times"]) == len(told["values"]) == 301
    assert told["usual"] == {"low": pytest.approx(72.95, abs=1), "high": pytest.approx(1368, abs=1), "points": 1440}
    assert asked.ranges[1][1].end <= asked.ranges[0][1].start


@pytest.mark.parametrize(
    ("window", "step"), [("1m", 1.0), ("1h", 10.0), ("24h", 300.0), ("7d", 1800.0), ("31d", 7200.0)]
)
def test_a_series_has_the_finest_step_that_a_chart_can_show(
    url: str, client: requests.Session, window: str, step: float
) -> None:
    told = client.get(f"{url}/api/v1/hosts/{HOST}/series?feature=cpu_busy_ratio&window={window}").json()
    assert told["step_seconds"] == step
    assert len(told["times"]) <= 401


def test_a_series_nobody_knows_is_gaps_and_not_zeros(url: str, client: requests.Session, asked: Asked) -> None:
    asked.empty = True
    told = client.get(f"{url}/api/v1/hosts/{HOST}/series?feature=cpu_busy_ratio&window=10m").json()
    assert set(told["values"]) == {None}
    assert told["usual"] is None


def test_a_series_that_cannot_be_asked_for_says_why(
    url: str, client: requests.Session, document: dict[str, Any], asked: Asked
) -> None:
    asked.away = True
    response = client.get(f"{url}/api/v1/hosts/{HOST}/series?feature=cpu_busy_ratio")
    check(document, SERIES, response)
    assert response.status_code == 503
    assert response.json()["error"]["message"] == "can't reach Prometheus at http://x: refused"


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("", 400),
        ("feature=nope", 404),
        ("feature=cpu_busy_ratio&window=32d", 400),
        ("feature=cpu_busy_ratio&end=x", 400),
    ],
)
def test_a_wrong_series_is_refused(
    url: str, client: requests.Session, document: dict[str, Any], query: str, status: int
) -> None:
    response = client.get(f"{url}/api/v1/hosts/{HOST}/series?{query}")
    check(document, SERIES, response)
    assert response.status_code == status


def test_processes_are_ranked_and_services_begin_with_the_failed(
    url: str, client: requests.Session, document: dict[str, Any]
) -> None:
    response = client.get(f"{url}/api/v1/hosts/{HOST}/processes")
    check(document, "/api/v1/hosts/{host}/processes", response)
    assert response.json()["groups"] == [
        {"name": HOSTILE, "cpu_cores": 1.5, "memory_bytes": None, "processes": None},
        {"name": "postgres", "cpu_cores": 0.5, "memory_bytes": 4096.0, "processes": 3.0},
    ]
    response = client.get(f"{url}/api/v1/hosts/{HOST}/services")
    check(document, "/api/v1/hosts/{host}/services", response)
    told = response.json()
    assert told["states"] == {"failed": 1, "active": 2}
    assert [service["name"] for service in told["services"]] == ["a.service", "b.service", "c.service"]


def test_log_forms_come_as_they_were_found(url: str, client: requests.Session, document: dict[str, Any]) -> None:
    response = client.get(f"{url}/api/v1/hosts/{HOST}/logs?window=2h")
    check(document, "/api/v1/hosts/{host}/logs", response)
    (template,) = response.json()["templates"]
    assert (template["text"], template["count"], template["unit"]) == (HOSTILE, 7, "kernel")


def test_a_host_that_follows_no_logs_says_so_and_is_no_fault(
    url: str, client: requests.Session, document: dict[str, Any], log: Log
) -> None:
    log.refuses = True
    response = client.get(f"{url}/api/v1/hosts/{HOST}/logs")
    check(document, "/api/v1/hosts/{host}/logs", response)
    assert response.status_code == 200
    assert response.json()["refused"] == "the log of web-1:9100: its exporter answered HTTP 404"


def test_feedback_is_given_changed_and_taken_back(url: str, client: requests.Session, document: dict[str, Any]) -> None:
    address = f"{url}/api/v1/findings/{FIRING.fingerprint}"
    said = []
    for response in (
        client.get(address),
        client.put(f"{address}/feedback", json={"opinion": "useful"}),
        client.put(f"{address}/feedback", json={"opinion": "not_an_anomaly"}),
        client.get(address),
        client.delete(f"{address}/feedback"),
        client.delete(f"{address}/feedback"),
    ):
        template = FEEDBACK if str(response.url).endswith("feedback") else "/api/v1/findings/{fingerprint}"
        check(document, template, response)
        said.append(response.json()["feedback"])
    assert said == [None, "useful", "not_an_anomaly", "not_an_anomaly", None, None]


def test_feedback_on_nothing_or_of_no_known_kind_is_refused(
    url: str, client: requests.Session, document: dict[str, Any]
) -> None:
    nothing = client.put(f"{url}/api/v1/findings/0000/feedback", json={"opinion": "useful"})
    odd = client.put(f"{url}/api/v1/findings/{FIRING.fingerprint}/feedback", json={"opinion": "lovely"})
    for response in (nothing, odd):
        check(document, FEEDBACK, response)
    assert (nothing.status_code, odd.status_code) == (404, 400)


def test_status_tells_the_cycle_the_outbox_and_the_parts(
    url: str, client: requests.Session, document: dict[str, Any]
) -> None:
    response = client.get(f"{url}/api/v1/status")
    check(document, "/api/v1/status", response)
    told = response.json()
    assert (told["hosts"], told["stage_seconds"], told["readiness"]["ready"]) == (4, {"fetch": 0.2}, True)
    assert [(sink["sink"], sink["pending"], sink["configured"]) for sink in told["outbox"]] == [
        ("annotations", 2, True),
        ("notify:slack", 1, False),
    ]
    assert told["components"][0]["detail"] == "refused"
    assert told["grafana_url"] == "http://grafana.example"


def test_status_before_the_first_cycle_is_an_answer(url: str, client: requests.Session, inside: Inside) -> None:
    inside.report = None
    told = client.get(f"{url}/api/v1/status").json()
    assert (told["at"], told["hosts"], told["readiness"]["ready"]) == (None, 0, False)


def read_events(response: requests.Response, count: int) -> list[tuple[int, dict[str, Any]]]:
    found, number = [], 0
    for line in response.iter_lines(chunk_size=1):
        if line.startswith(b"id: "):
            number = int(line[4:])
        if line.startswith(b"data: "):
            found.append((number, json.loads(line[6:])))
            if len(found) == count:
                break
    response.close()
    return found


def test_each_cycle_is_an_event_and_who_was_cut_off_gets_what_it_missed(
    url: str, client: requests.Session, inside: Inside
) -> None:
    with client.get(f"{url}/api/v1/events", stream=True, timeout=60) as first:
        assert first.headers["Content-Type"] == "text/event-stream"
        lines = first.iter_lines(chunk_size=1)
        assert next(line for line in lines if line.startswith(b"id:")) == b"id: 1795356120000"
        for seconds in (15, 30):
            inside.report = replace(REPORT, at=NOW + timedelta(seconds=seconds))
            assert (
                next(line for line in lines if line.startswith(b"id:"))
                == f"id: {1795356120000 + seconds * 1000}".encode()
            )
    again = client.get(f"{url}/api/v1/events", stream=True, timeout=60, headers={"Last-Event-ID": "1795356120000"})
    missed = read_events(again, 2)
    assert [number for number, _ in missed] == [1795356135000, 1795356150000]
    assert missed[0][1]["hosts"][0] == {"host": HOST, "verdict": "warning", "health": 76.0, "findings_firing": 1}
    assert missed[0][1]["failures"] == 2
    assert (missed[0][1]["at"], missed[0][1]["data_at"]) == ("2026-11-22T14:02:15Z", "2026-11-22T14:02:00Z")
    fresh = client.get(f"{url}/api/v1/events", stream=True, timeout=60, headers={"Last-Event-ID": "what?"})
    assert [number for number, _ in read_events(fresh, 1)] == [1795356150000]


def test_the_page_is_served_with_a_policy_that_lets_nothing_else_in(url: str, client: requests.Session) -> None:
    page = client.get(f"{url}/")
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy
    again = client.get(f"{url}/", headers={"If-None-Match": page.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_every_file_of_the_page_is_served_and_nothing_beside_it(url: str, client: requests.Session) -> None:
    for path in STATIC.rglob("*"):
        if path.is_file() and path.name != "index.html":
            assert client.get(f"{url}/static/{path.relative_to(STATIC).as_posix()}").content == path.read_bytes()
    for beside in ("/static/../page.py", "/static/%2e%2e/page.py", "/static/", "/index.html"):
        assert client.get(url + beside).status_code == 404


def test_without_what_they_need_the_endpoints_say_so(inside: Inside, free_port: int, client: requests.Session) -> None:
    async def bare() -> Door:
        return door_to(inside)

    with opened_door(bare, free_port) as url:
        for path in ("series?feature=cpu_busy_ratio", "processes", "services", "logs"):
            assert client.get(f"{url}/api/v1/hosts/{HOST}/{path}").status_code == 503
        assert client.get(f"{url}/api/v1/findings/x").status_code == 503
        assert client.get(f"{url}/api/v1/status").json()["outbox"] == []


def test_long_answers_are_packed_for_who_accepts_it(url: str, client: requests.Session) -> None:
    packed = client.get(f"{url}/api/v1/hosts", headers={"Accept-Encoding": "gzip"})
    plain = client.get(f"{url}/api/v1/hosts", headers={"Accept-Encoding": "identity"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in plain.headers
    assert int(packed.headers["Content-Length"]) < int(plain.headers["Content-Length"]) / 2
    assert packed.json() == plain.json()
