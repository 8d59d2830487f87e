"""Answers as a stream, and reports to read or to keep."""

from __future__ import annotations

import base64
import hashlib
import json
import socket
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from typing import Any

import pytest
import requests

from analyzer.errors import StoreError
from analyzer.web.policy import policy_for
from tests.analyzer.web.document import check
from tests.analyzer.web.door import PAGE, REPORT, Inside, opened

Client = requests.Session
Document = dict[str, Any]
EVENTS = {"Accept": "text/event-stream"}


def events(response: requests.Response) -> Iterator[tuple[str, Any]]:
    for event in response.content.decode().split("\n\n")[:-1]:
        name, data = event.split("\n")
        yield name.removeprefix("event: "), json.loads(data.removeprefix("data: "))


def test_who_accepts_events_gets_the_facts_first_and_then_the_answer(
    url: str, client: Client, inside: Inside, document: Document
) -> None:
    response = client.post(f"{url}/api/v1/query", json={"question": "how are you?"}, headers=EVENTS)
    check(document, "/api/v1/query", response)
    assert response.headers["Content-Type"] == "text/event-stream"
    assert response.headers["Cache-Control"] == "no-store"
    facts, answer = events(response)
    assert (facts[0], facts[1]["metadata"]["answered_by"]) == ("facts", "deterministic")
    assert (answer[0], answer[1]["metadata"]["answered_by"]) == ("answer", "a model")
    assert answer[1]["analysis"]["text"] == "All is\nwell indeed."
    assert [question.text for question in inside.questions] == ["how are you?"]


def test_a_stream_that_takes_too_long_or_fails_ends_with_an_error_after_the_facts(
    url: str, client: Client, inside: Inside
) -> None:
    inside.fails = StoreError("can't read the store")
    broken = list(events(client.post(f"{url}/api/v1/query", json={"question": "a"}, headers=EVENTS)))
    inside.seconds = 30
    late = list(events(client.post(f"{url}/api/v1/query", json={"question": "a"}, headers=EVENTS)))
    assert [name for name, _ in broken] == [name for name, _ in late] == ["facts", "error"]
    assert broken[1][1]["error"] == {"code": "unavailable", "message": "can't read the store", "problems": []}
    assert late[1][1]["error"]["code"] == "timeout"


def test_a_wrong_question_is_refused_before_any_stream_begins(url: str, client: Client, document: Document) -> None:
    response = client.post(f"{url}/api/v1/query", json={"question": ""}, headers=EVENTS)
    check(document, "/api/v1/query", response)
    assert response.status_code == 400


def test_a_client_that_leaves_a_stream_leaves_no_traceback(
    url: str, client: Client, inside: Inside, caplog: pytest.LogCaptureFixture
) -> None:
    inside.seconds = 0.2
    body = b'{"question": "a"}'
    with closing(socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2])), timeout=60)) as connection:
        connection.sendall(
            b"POST /api/v1/query HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
            b"Accept: text/event-stream\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)
        )
        assert connection.recv(100).startswith(b"HTTP/1.1 200 ")
    inside.seconds = 0.4
    client.post(f"{url}/api/v1/query", json={"question": "a"})
    assert caplog.messages == []


@pytest.mark.parametrize(
    ("format_", "content_type"),
    [
        ("md", "text/markdown; charset=utf-8"),
        ("html", "text/html; charset=utf-8"),
        ("json", "application/json; charset=utf-8"),
    ],
)
def test_a_report_is_written_in_the_format_language_and_zone_that_are_asked_for(
    url: str, client: Client, inside: Inside, document: Document, format_: str, content_type: str
) -> None:
    asked = {"lang": "ko", "window": "7d", "format": format_, "timezone": "Asia/Seoul"}
    response = client.get(f"{url}/api/v1/report", params=asked)
    check(document, "/api/v1/report", response)
    assert (response.status_code, response.headers["Content-Type"]) == (200, content_type)
    (wanted,) = inside.wanted
    assert (wanted.language, wanted.window, wanted.format) == ("ko", timedelta(days=7), format_)
    assert (wanted.timezone, wanted.report, wanted.now) == ("Asia/Seoul", REPORT, inside.now)


def test_a_report_is_of_a_day_in_english_markdown_unless_told_otherwise(
    url: str, client: Client, inside: Inside
) -> None:
    assert client.get(f"{url}/api/v1/report").text == "# Host report\n"
    assert (inside.wanted[0].language, inside.wanted[0].window) == ("en", timedelta(hours=24))


@pytest.mark.parametrize(
    ("query", "where"),
    [
        ("window=0h", "window"),
        ("window=32d", "window"),
        ("window=24", "window"),
        ("window=-1h", "window"),
        ("window=99999999999d", "window"),
        ("lang=de", "lang"),
        ("format=pdf", "format"),
        ("timezone=Mars", "timezone"),
        ("host=a", "host"),
    ],
)
def test_a_report_that_cannot_be_written_as_asked_is_refused(
    url: str, client: Client, document: Document, query: str, where: str
) -> None:
    response = client.get(f"{url}/api/v1/report?{query}")
    check(document, "/api/v1/report", response)
    assert [problem["where"] for problem in response.json()["error"]["problems"]] == [where]


def test_before_the_first_cycle_there_is_nothing_to_report_on(
    url: str, client: Client, inside: Inside, document: Document
) -> None:
    inside.report = None
    response = client.get(f"{url}/api/v1/report")
    check(document, "/api/v1/report", response)
    assert response.status_code == 503


def test_a_report_that_takes_too_long_is_504(url: str, client: Client, inside: Inside, document: Document) -> None:
    inside.seconds = 30
    response = client.get(f"{url}/api/v1/report")
    check(document, "/api/v1/report", response)
    assert response.status_code == 504


def test_a_page_may_use_its_own_style_sheet_and_nothing_else(url: str, client: Client) -> None:
    response = client.get(f"{url}/api/v1/report?format=html")
    digest = base64.b64encode(hashlib.sha256(b"body{color:red}").digest()).decode()
    assert response.text == PAGE
    assert response.headers["Content-Security-Policy"] == (
        f"default-src 'none'; frame-ancestors 'none'; style-src 'sha256-{digest}'"
    )


def test_a_page_without_a_style_sheet_may_use_nothing() -> None:
    assert policy_for("<html></html>") == "default-src 'none'; frame-ancestors 'none'"


def test_what_an_analyzer_was_not_given_it_says_it_lacks(client: Client, inside: Inside, free_port: int) -> None:
    with opened(inside, free_port, streams=False) as address:
        streamed = client.post(f"{address}/api/v1/query", json={"question": "a"}, headers=EVENTS)
        written = client.get(f"{address}/api/v1/report")
        states = client.get(f"{address}/api/v1/hosts/web-1/states")
    assert (streamed.status_code, written.status_code, states.status_code) == (503, 503, 503)
