"""The server over real connections: keep-alive, formats, bad input, rude clients, an orderly end."""

from __future__ import annotations

import gzip
import re
import socket
import struct
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text

from exporter.exposition import Family
from exporter.request import Request, Response, parse
from tests.exporter.serving import Big, Served, Steady, serving

OPENMETRICS = (
    "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;q=0.5"
)
PROMETHEUS_3 = (
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;"
    "q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2"
)


@pytest.fixture
def served() -> Iterator[Served]:
    with serving({"good": Steady(), "other": Steady(Family("other", 'Says "so".'))}) as served:
        yield served


def exchange(sock: socket.socket, request: bytes) -> bytes:
    """One answer, headers and body, as it came."""
    sock.sendall(request)
    return read_answer(sock)


def read_answer(sock: socket.socket) -> bytes:
    answer = b""
    while b"\r\n\r\n" not in answer:
        piece = sock.recv(65536)
        assert piece, f"hung up after {answer!r}"
        answer += piece
    head, _, body = answer.partition(b"\r\n\r\n")
    length = next(int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.startswith(b"Content-Length"))
    while len(body) < length:
        body += sock.recv(65536)
    return head + b"\r\n\r\n" + body


def test_a_connection_serves_many_scrapes(served: Served) -> None:
    with served.connect() as sock:
        answers = [exchange(sock, b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n") for _ in range(3)]
    assert [answer.split(b"\ngood_total ")[1].split(b"\n")[0] for answer in answers] == [b"1", b"2", b"3"]


def test_headers_and_body_come_in_one_piece(served: Served) -> None:
    with served.connect() as sock:
        sock.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
        piece = sock.recv(1 << 20)
    head, _, body = piece.partition(b"\r\n\r\n")
    assert f"Content-Length: {len(body)}".encode() in head


def test_requests_sent_ahead_are_answered_in_turn(served: Served) -> None:
    with served.connect() as sock:
        sock.sendall(b"GET /-/healthy HTTP/1.1\r\n\r\nGET /metrics HTTP/1.1\r\n\r\nGET /nothing HTTP/1.1\r\n\r\n")
        sock.shutdown(socket.SHUT_WR)
        answers = b""
        while piece := sock.recv(65536):
            answers += piece
    assert re.findall(rb"HTTP/1.1 (\d+)", answers) == [b"200", b"200", b"404"]


def test_http_1_0_closes_unless_asked_to_keep(served: Served) -> None:
    with served.connect() as sock:
        kept = exchange(sock, b"GET /-/healthy HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
        closed = exchange(sock, b"GET /-/healthy HTTP/1.0\r\n\r\n")
        assert sock.recv(1) == b""
    assert b"Connection: close" not in kept
    assert b"Connection: close" in closed


def test_head_gives_the_headers_alone(served: Served) -> None:
    with served.connect() as sock:
        sock.sendall(b"HEAD /-/healthy HTTP/1.1\r\nConnection: close\r\n\r\n")
        answer = b""
        while piece := sock.recv(65536):
            answer += piece
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"\r\nContent-Length: 33\r\n" in answer
    assert answer.endswith(b"\r\n\r\n")


def test_text_is_what_any_client_gets(served: Served) -> None:
    response, body = served.get()
    assert response.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    families = {family.name: family for family in parse_text(body.decode())}
    assert families["good"].type == "counter"
    assert families["good"].samples[0].name == "good_total"
    assert not body.endswith(b"# EOF\n")


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        (OPENMETRICS, "application/openmetrics-text; version=1.0.0; charset=utf-8"),
        (PROMETHEUS_3, "application/openmetrics-text; version=1.0.0; charset=utf-8"),
        ("application/openmetrics-text", "application/openmetrics-text; version=0.0.1; charset=utf-8"),
        ("application/openmetrics-text;version=2.0.0,text/plain;q=0.1", "text/plain; version=0.0.4; charset=utf-8"),
        ("application/openmetrics-text;version=1.0.0;q=0", "text/plain; version=0.0.4; charset=utf-8"),
        (
            "application/openmetrics-text;version=1.0.0;q=0.3,text/plain;q=0.9",
            "text/plain; version=0.0.4; charset=utf-8",
        ),
        ("text/plain;version=0.0.4", "text/plain; version=0.0.4; charset=utf-8"),
        ("*/*", "text/plain; version=0.0.4; charset=utf-8"),
        ("application/json", "text/plain; version=0.0.4; charset=utf-8"),
        (";;q=,=;", "text/plain; version=0.0.4; charset=utf-8"),
    ],
)
def test_the_format_is_negotiated_and_always_named(served: Served, accept: str, content_type: str) -> None:
    response, body = served.get(Accept=accept)
    assert response.status == 200
    assert response.headers["Content-Type"] == content_type
    assert body.endswith(b"# EOF\n") == content_type.startswith("application/openmetrics")


def test_openmetrics_is_valid_and_names_the_same_samples(served: Served) -> None:
    _, text = served.get()
    _, openmetrics = served.get(Accept=OPENMETRICS)
    strict = {sample.name for family in parse_openmetrics(openmetrics.decode()) for sample in family.samples}  # type: ignore[no-untyped-call]
    assert strict == {sample.name for family in parse_text(text.decode()) for sample in family.samples}


@pytest.mark.parametrize(
    ("accepted", "packed"),
    [("gzip", True), ("gzip;q=0", False), ("*", True), ("deflate, gzip;q=0.5", True), ("identity", False), ("", False)],
)
def test_gzip_is_used_when_it_is_asked_for(served: Served, accepted: str, packed: bool) -> None:  # noqa: FBT001 - the outcome
    response, body = served.get(Accept_Encoding=accepted)
    assert (response.headers.get("Content-Encoding") == "gzip") == packed
    page = gzip.decompress(body) if packed else body
    assert b"\ngood_total 1\n" in page


def test_some_collectors_can_be_asked_for(served: Served) -> None:
    _, page = served.get("/metrics?collect[]=good")
    assert b"good_total 1" in page
    assert b"\nother " not in page
    _, page = served.get("/metrics?exclude[]=good")
    assert b"good_total" not in page
    assert b"\nother 2" not in page
    assert b"\nother 1" in page


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/metrics?collect[]=nosuch", b"no such collector, or it is off: nosuch\n"),
        ("/metrics?collect%5B%5D=good&collect[]=b&exclude[]=other", b"collect[] and exclude[] can't be combined\n"),
        ("/metrics?exclude[]=a", b"no such collector, or it is off: a\n"),
    ],
)
def test_a_wrong_choice_of_collectors_is_the_clients_mistake(served: Served, path: str, reason: bytes) -> None:
    response, body = served.get(path)
    assert (response.status, body) == (400, reason)


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (b"GET /nothing HTTP/1.1\r\n\r\n", b"404 Not Found"),
        (b"POST /metrics HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc", b"405 Method Not Allowed"),
        (b"BREW /metrics HTTP/1.1\r\n\r\n", b"405 Method Not Allowed"),
        (b"GET metrics HTTP/1.1\r\n\r\n", b"400 Bad Request"),
        (b"GET /metrics HTTP/2.0\r\n\r\n", b"505 HTTP Version Not Supported"),
        (b"GET /metrics\r\n\r\n", b"400 Bad Request"),
        (b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n", b"400 Bad Request"),
        (b"GET /metrics HTTP/1.1\r\nno colon\r\n\r\n", b"400 Bad Request"),
        (b"GET /metrics HTTP/1.1\r\n folded: x\r\n\r\n", b"400 Bad Request"),
        (b"GET http://host HTTP/1.1\r\n\r\n", b"400 Bad Request"),
        (b"OPTIONS * HTTP/1.1\r\n\r\n", b"400 Bad Request"),
        (b"GET /%ff HTTP/1.1\r\n\r\n", b"400 Bad Request"),
        (b"GET /metrics HTTP/1.1\r\nX: " + b"x" * 20000 + b"\r\n\r\n", b"431 Request Header Fields Too Large"),
        (b"GET /metrics HTTP/1.1\r\nX: " + b"x" * 40000, b"431 Request Header Fields Too Large"),
    ],
)
def test_bad_requests_are_refused_with_a_reason(served: Served, request_bytes: bytes, status: bytes) -> None:
    with served.connect() as sock:
        answer = exchange(sock, request_bytes)
    assert answer.startswith(b"HTTP/1.1 " + status)
    assert b"Content-Type: text/plain" in answer
    assert served.get()[0].status == 200


@pytest.mark.parametrize(
    ("target", "path", "query"),
    [
        ("/metrics", "/metrics", ()),
        ("/a%20b%2Fc+d?x=1&y=a+b%26c&x=&z", "/a b/c+d", (("x", "1"), ("y", "a b&c"), ("x", ""), ("z", ""))),
        ("/caf%C3%A9?%ed%95%9c=%EA%B8%80", "/café", (("한", "글"),)),
        ("http://host:9100/metrics?collect[]=cpu", "/metrics", (("collect[]", "cpu"),)),
        ("/metrics?a=b=c&&#there", "/metrics", (("a", "b=c"),)),
        ("/100%", "/100%", ()),
    ],
)
def test_targets_are_read_as_browsers_and_prometheus_write_them(
    target: str, path: str, query: tuple[tuple[str, str], ...]
) -> None:
    request = parse(f"GET {target} HTTP/1.1".encode())
    assert (request.path, request.query) == (path, query)


def test_the_landing_page_links_what_there_is() -> None:
    with serving({}, routes={"/api/v1/logs": lambda _: Response(b"")}) as served:
        response, body = served.get("/")
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"
    assert [link in body for link in (b'href="/metrics"', b'href="/-/healthy"', b'href="/api/v1/logs"')] == [True] * 3


def test_a_collectors_page_gets_the_query_and_may_fail_alone() -> None:
    def page(request: Request) -> Response:
        return Response(",".join(request.all("n")).encode())

    def broken(_: Request) -> Response:
        raise ZeroDivisionError

    with serving({"good": Steady()}, routes={"/page": page, "/broken": broken}) as served:
        assert served.get("/page?n=1&n=%202")[1] == b"1, 2"
        response, body = served.get("/broken")
        assert (response.status, body) == (500, b"/broken failed; the log says why\n")
        assert served.get()[0].status == 200
        assert served.traffic.pages_failed == 1


def test_health_is_told_while_a_scrape_hangs() -> None:
    release = threading.Event()
    hanging = Steady(meanwhile=lambda: release.wait(20))
    with serving({"hanging": hanging}) as served, served.connect() as sock:
        sock.sendall(b"GET /metrics HTTP/1.1\r\n\r\n")
        response, body = served.get("/-/healthy")
        release.set()
        read_answer(sock)
    assert (response.status, body) == (200, b"OpenManager exporter is healthy.\n")


def test_a_hundred_scrapes_at_once_are_all_answered_by_few_runs() -> None:
    everybody = threading.Event()
    steady = Steady(meanwhile=lambda: everybody.wait(60))
    with serving({"good": steady}, deadline_seconds=60.0, budget_seconds=60.0) as served:
        with ThreadPoolExecutor(100) as pool:
            asking = [pool.submit(served.get) for _ in range(100)]
            while served.traffic.in_flight < 100:
                time.sleep(0.01)
            everybody.set()
            answers = [one.result() for one in asking]
        _, last = served.get()
    assert {response.status for response, _ in answers} == {200}
    assert all(b"\ngood_total " in body for _, body in answers)
    assert steady.asked == 3, "for the first, for all who came while it ran, and for the last"
    assert b'promhttp_metric_handler_requests_total{code="200"} 100' in last
    assert served.traffic.in_flight == 0


def test_an_answer_is_never_older_than_its_request() -> None:
    begun, release = threading.Event(), threading.Event()

    def wait() -> None:
        begun.set()
        release.wait(20)

    with serving({"good": Steady(meanwhile=wait)}) as served, served.connect() as first, served.connect() as second:
        first.sendall(b"GET /metrics HTTP/1.1\r\n\r\n")
        begun.wait(20)
        second.sendall(b"GET /metrics HTTP/1.1\r\n\r\n")
        served.get("/-/healthy")
        release.set()
        answers = [read_answer(first), read_answer(second)]
    assert [b"\ngood_total 1\n" in answer for answer in answers] == [True, False]
    assert b"\ngood_total 2\n" in answers[1]


def test_more_scrapes_than_allowed_are_refused() -> None:
    release = threading.Event()
    hanging = Steady(meanwhile=lambda: release.wait(20))
    with serving({"hanging": hanging}, max_requests=2) as served:
        socks = [served.connect() for _ in range(2)]
        for sock in socks:
            sock.sendall(b"GET /metrics HTTP/1.1\r\n\r\n")
        while served.traffic.in_flight < 2:
            time.sleep(0.01)
        response, body = served.get()
        release.set()
        answers = [read_answer(sock) for sock in socks]
        for sock in socks:
            sock.close()
    assert (response.status, body) == (503, b"2 scrapes are under way; --web.max-requests allows no more\n")
    assert [answer.split(b"\r\n")[0] for answer in answers] == [b"HTTP/1.1 200 OK"] * 2


def test_a_client_that_hangs_up_half_way_harms_nobody() -> None:
    with serving({"big": Big()}) as served:
        for _ in range(5):
            sock = served.connect()
            sock.sendall(b"GET /metrics HTTP/1.1\r\n\r\n")
            sock.recv(1000)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            sock.close()
        response, body = served.get()
    assert response.status == 200
    assert len(body) > 9_000_000


def test_a_client_that_reads_slowly_gets_everything_and_holds_up_nobody() -> None:
    with serving({"big": Big()}) as served, served.connect() as slow:
        slow.sendall(b"GET /metrics HTTP/1.1\r\nConnection: close\r\n\r\n")
        start = slow.recv(100)
        response, body = served.get()
        rest = b""
        while piece := slow.recv(1 << 16):
            rest += piece
    assert response.status == 200
    assert len(start + rest) > 9_000_000
    assert abs(len(body) - len((start + rest).split(b"\r\n\r\n", 1)[1])) < 1000


def test_idle_connections_make_room_for_those_who_ask() -> None:
    with serving({"good": Steady()}) as served:
        idle = [served.connect() for _ in range(600)]
        assert served.get()[0].status == 200
        for sock in idle:
            sock.close()


def test_nothing_is_left_of_many_connections() -> None:
    with serving({"good": Steady()}) as served:
        served.get()
        threads = threading.active_count()
        for _ in range(300):
            served.get()
        sock = served.connect()
        sock.close()
        served.get()
        assert threading.active_count() <= threads, "one of a test before this may end meanwhile"


def test_a_stop_lets_the_answer_under_way_finish() -> None:
    begun, release = threading.Event(), threading.Event()

    def wait() -> None:
        begun.set()
        release.wait(20)

    with serving({"good": Steady(meanwhile=wait)}) as served:
        sock = served.connect()
        sock.sendall(b"GET /metrics HTTP/1.1\r\n\r\n")
        begun.wait(20)
        threading.Timer(0.1, release.set).start()
    answer = read_answer(sock)
    assert b"\ngood_total 1\n" in answer
    assert b"Connection: close" in answer
    assert sock.recv(1) == b""
    sock.close()
