"""Bad input is 4xx with a reason in JSON, never 500; and nothing gets in that should not."""

from __future__ import annotations

import gzip
import socket
from typing import Any
from urllib.parse import quote

import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry

from analyzer.errors import SettingsError
from analyzer.web.routes import build_app
from analyzer.web.server import start
from tests.analyzer.web.document import check, is_error
from tests.analyzer.web.door import Inside, door_to

Client = requests.Session
Document = dict[str, Any]
JSON = {"Content-Type": "application/json"}
CHUNKED = b"Content-Type: application/json\r\nTransfer-Encoding: chunked"
FUZZED = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@pytest.mark.parametrize(
    ("query", "wheres"),
    [
        ("?hots=web-1", ["hots"]),
        ("?limit=0", ["limit"]),
        ("?limit=1001", ["limit"]),
        ("?limit=many", ["limit"]),
        ("?limit=99999999999999999999999", ["limit"]),
        ("?firing=perhaps", ["firing"]),
        ("?severity=CRITICAL", ["severity"]),
        ("?since=yesterday", ["since"]),
        ("?since=2026-11-22T14:00:00", ["since"]),
        ("?since=2026-11-22T14:00:00+09:00", ["since"]),
        ("?host=", ["host"]),
        ("?host=" + "h" * 301, ["host"]),
        ("?severity=bad&limit=x&what=1", ["limit", "severity", "what"]),
    ],
)
def test_every_wrong_parameter_is_named_at_once(
    url: str, client: Client, document: Document, query: str, wheres: list[str]
) -> None:
    response = client.get(f"{url}/api/v1/findings{query}")
    check(document, "/api/v1/findings", response)
    assert response.status_code == 400
    assert sorted(problem["where"] for problem in response.json()["error"]["problems"]) == wheres


def test_a_parameter_given_twice_is_refused_rather_than_half_used(url: str, client: Client) -> None:
    response = client.get(f"{url}/api/v1/findings?limit=1&limit=2&host=a&host=b")
    assert response.status_code == 400
    assert response.json()["error"]["message"] == "given more than once: host, limit"


@pytest.mark.parametrize("path", ["/api/v1/hosts?x=1", "/api/v1/hosts/web-1?x=1"])
def test_a_parameter_that_an_endpoint_does_not_know_is_refused(url: str, client: Client, path: str) -> None:
    assert client.get(url + path).json()["error"]["problems"] == [
        {"where": "x", "message": "Extra inputs are not permitted"}
    ]


@pytest.mark.parametrize(
    ("body", "wheres"),
    [
        (b"", [""]),
        (b"{", [""]),
        (b"[]", [""]),
        (b"null", [""]),
        (b"NaN", [""]),
        (b'"how are you?"', [""]),
        (b"\xff\xfe", [""]),
        (b'{"question": "\xff"}', [""]),
        (b'{"question": "\\ud800"}', [""]),
        (b"[" * 30_000, [""]),
        (b"{}", ["question"]),
        (b'{"question": ""}', ["question"]),
        (b'{"question": " \\n"}', ["question"]),
        (b'{"question": 7}', ["question"]),
        (b'{"question": null}', ["question"]),
        (b'{"question": "a", "langauge": "ko"}', ["langauge"]),
        (b'{"question": "a", "language": "de"}', ["language"]),
        (b'{"question": "a", "timezone": "Mars/Olympus"}', ["timezone"]),
        (b'{"question": "a", "timezone": "../../etc/passwd"}', ["timezone"]),
        (b'{"question": "a", "timezone": "America"}', ["timezone"]),
        (b'{"question": "a", "timezone": "\\u0000"}', ["timezone"]),
        (b'{"question": "' + b"a" * 2001 + b'"}', ["question"]),
        (b'{"session_id": 1, "host": ""}', ["host", "question", "session_id"]),
    ],
)
def test_every_wrong_key_of_a_body_is_named_at_once(
    url: str, client: Client, document: Document, body: bytes, wheres: list[str]
) -> None:
    response = client.post(f"{url}/api/v1/query", data=body, headers=JSON)
    check(document, "/api/v1/query", response)
    assert response.status_code == 400
    assert sorted(problem["where"] for problem in response.json()["error"]["problems"]) == wheres


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": "nonsense"},
        JSON | {"Content-Encoding": "gzip"},
        JSON | {"Content-Encoding": "br"},
    ],
)
def test_a_body_that_is_not_plain_json_is_415(
    url: str, client: Client, document: Document, headers: dict[str, str]
) -> None:
    response = client.post(f"{url}/api/v1/query", data=b'{"question": "a"}', headers=headers)
    check(document, "/api/v1/query", response)
    assert (response.status_code, response.json()["error"]["code"]) == (415, "unsupported_media_type")


def test_a_small_packed_body_is_not_unpacked_into_a_huge_one(url: str, client: Client) -> None:
    bomb = gzip.compress(b'{"question": "' + b"a" * 50_000_000 + b'"}')
    response = client.post(f"{url}/api/v1/query", data=bomb, headers=JSON | {"Content-Encoding": "gzip"})
    assert response.status_code == 415


def test_a_body_beyond_the_limit_is_413_and_the_question_never_asked(
    url: str, client: Client, document: Document, inside: Any
) -> None:
    response = client.post(f"{url}/api/v1/query", data=b'{"question": "' + b"a" * 70_000 + b'"}', headers=JSON)
    check(document, "/api/v1/query", response)
    assert (response.status_code, response.json()["error"]["code"]) == (413, "too_large")
    assert inside.questions == []


def test_a_body_without_a_stated_length_is_held_to_the_same_limit(url: str, client: Client) -> None:
    pieces = (b"a" * 1000 for _ in range(70))
    assert client.post(f"{url}/api/v1/query", data=pieces, headers=JSON).status_code == 413


def test_an_address_that_does_not_exist_is_404_in_json(url: str, client: Client, document: Document) -> None:
    response = client.get(f"{url}/api/v2/hosts")
    assert response.status_code == 404
    assert is_error(document, response)
    assert response.json()["error"]["message"] == (
        "there is nothing at /api/v2/hosts; /openapi.json tells what there is"
    )


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [("POST", "/api/v1/hosts", "GET, HEAD"), ("GET", "/api/v1/query", "POST"), ("DELETE", "/metrics", "GET, HEAD")],
)
def test_a_method_that_an_address_does_not_know_is_405_and_says_which_it_knows(
    url: str, client: Client, document: Document, method: str, path: str, allowed: str
) -> None:
    response = client.request(method, url + path)
    assert (response.status_code, response.headers["Allow"]) == (405, allowed)
    assert is_error(document, response)
    assert response.json()["error"]["code"] == "method_not_allowed"


def test_head_is_answered_like_get_without_the_body(url: str, client: Client) -> None:
    response = client.head(f"{url}/-/healthy")
    assert (response.status_code, response.content) == (200, b"")


@pytest.mark.parametrize("path", ["/-/healthy", "/metrics", "/api/v1/hosts", "/openapi.json", "/nowhere"])
def test_every_answer_carries_the_security_headers_and_does_not_tell_what_serves_it(
    url: str, client: Client, path: str
) -> None:
    headers = client.get(url + path).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert headers["Cache-Control"] == "no-store"
    assert headers["Server"] == "openmanager"
    assert "Access-Control-Allow-Origin" not in headers


@pytest.mark.parametrize(
    "sent",
    [
        b"GARBAGE\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET /api/v1/hosts HTTP/1.1\r\nHost: a\r\nX: " + b"a" * 20_000 + b"\r\n\r\n",
        b"POST /api/v1/query HTTP/1.1\r\nHost: a\r\n" + CHUNKED + b"\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
        b"POST /api/v1/query HTTP/1.1\r\nHost: a\r\n" + CHUNKED + b"\r\n\r\nzz\r\n",
        b"POST /api/v1/query HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
    ],
)
def test_what_is_hardly_http_is_answered_400(url: str, sent: bytes) -> None:
    with socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2])), timeout=60) as connection:
        connection.sendall(sent)
        assert b" 400 " in connection.recv(1000).split(b"\r\n")[0]


@pytest.mark.parametrize("framing", [b"Content-Length: 100", b"Transfer-Encoding: chunked"])
def test_a_body_that_never_comes_is_not_waited_for_for_ever(url: str, framing: bytes) -> None:
    with socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2])), timeout=60) as connection:
        connection.sendall(b"POST /api/v1/query HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n" + framing)
        connection.sendall(b"\r\n\r\n")
        answer = b""
        while b"request_timeout" not in answer and (more := connection.recv(4000)):
            answer += more
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b'"code":"request_timeout"' in answer


def test_a_client_that_hangs_up_in_the_middle_leaves_the_server_well_and_its_log_quiet(
    url: str, client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(5):
        with socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2])), timeout=60) as connection:
            connection.sendall(b"POST /api/v1/query HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n")
            connection.sendall(b"Content-Length: 100\r\n\r\n{")
    assert client.get(f"{url}/-/healthy").status_code == 200
    assert caplog.messages == []


async def test_an_address_in_use_is_a_settings_error_that_names_it(url: str) -> None:
    port = int(url.rpartition(":")[2])
    with pytest.raises(SettingsError, match=rf"can't listen on 127.0.0.1:{port}: .*address already in use"):
        await start(build_app(door_to(Inside())), "127.0.0.1", port)


@FUZZED
@given(host=st.text(min_size=1))
def test_any_text_as_a_host_is_answered_by_the_document(
    url: str, client: Client, document: Document, host: str
) -> None:
    path = quote(host, safe="")
    if path in {".", ".."}:
        path = "%2E"
    response = client.get(f"{url}/api/v1/hosts/{path}")
    assert response.status_code in {200, 404}
    if response.status_code == 404:
        assert is_error(document, response)


@FUZZED
@given(
    given_parameters=st.dictionaries(
        st.sampled_from(["host", "kind", "severity", "firing", "since", "limit", "other"]),
        st.one_of(st.text(), st.integers().map(str), st.datetimes().map(str), st.floats().map(str)),
    )
)
def test_any_filter_is_answered_by_the_document(
    url: str, client: Client, document: Document, given_parameters: dict[str, str]
) -> None:
    response = client.get(f"{url}/api/v1/findings", params=given_parameters)
    check(document, "/api/v1/findings", response)
    assert response.status_code in {200, 400}


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@FUZZED
@given(
    body=st.dictionaries(
        st.sampled_from(["question", "language", "host", "session_id", "timezone"]) | st.text(), VALUES, max_size=6
    )
)
def test_any_json_as_a_question_is_answered_by_the_document(
    url: str, client: Client, document: Document, body: dict[str, Any]
) -> None:
    response = client.post(f"{url}/api/v1/query", json=body)
    check(document, "/api/v1/query", response)
    assert response.status_code in {200, 400}


@FUZZED
@given(body=st.binary(max_size=200), kind=st.sampled_from(["application/json", "application/json; charset=utf-16", ""]))
def test_any_bytes_as_a_question_are_answered_by_the_document(
    url: str, client: Client, document: Document, body: bytes, kind: str
) -> None:
    response = client.post(f"{url}/api/v1/query", data=body, headers={"Content-Type": kind})
    check(document, "/api/v1/query", response)
    assert response.status_code in {200, 400, 415}


def test_a_mistake_of_ours_is_told_as_json_logged_with_its_traceback_and_counted(
    url: str, inside: Inside, client: Client, document: Document, caplog: pytest.LogCaptureFixture
) -> None:
    inside.fails = ZeroDivisionError("secret of the inside")
    response = client.get(f"{url}/api/v1/findings")
    check(document, "/api/v1/findings", response)
    assert response.status_code == 500
    assert response.json()["error"]["code"] == "internal_error"
    assert "/api/v1/findings could not be answered" in response.json()["error"]["message"]
    assert "secret" not in response.text
    (record,) = [record for record in caplog.records if record.levelname == "ERROR"]
    assert record.exc_info is not None
    assert "secret of the inside" in caplog.text
    registry = CollectorRegistry()
    registry.register(inside.mishaps)
    assert registry.get_sample_value("openmanager_http_failures_total") == 1


def test_a_mistake_in_the_middle_of_a_stream_ends_it_with_an_event_that_says_so(
    url: str, inside: Inside, client: Client
) -> None:
    inside.fails = ZeroDivisionError("secret of the inside")
    headers = {"Accept": "text/event-stream"}
    streamed = client.post(f"{url}/api/v1/query", json={"question": "how are they"}, headers=headers)
    events = streamed.text.strip().split("\n\n")
    assert [event.split("\n")[0] for event in events] == ["event: facts", "event: error"]
    assert '"code":"internal_error"' in events[1]
    assert client.get(f"{url}/-/healthy").status_code == 200
