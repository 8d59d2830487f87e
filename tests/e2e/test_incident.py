"""Two hosts that fall silent are one incident and one message, over a restart of the analyzer, until both are back."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from tests.page.fake_host import FakeHost, answering
from tests.processes import Program, a_free_port, start_analyzer, start_prometheus, until

QUICK = (
    *("--cycle.interval=1s", "--cycle.step=1s", "--cycle.recent=10m"),
    *("--judge.silent-after=6s", "--judge.over-after=5s", "--notify.gather=5s"),
)


class CalmHost(FakeHost):
    """Tells just enough to be a host; nothing of it is ever unusual."""

    def metrics(self) -> str:
        name = 'node_uname_info{nodename="calm",sysname="Linux",machine="x",release="r",version="v"} 1'
        return "\n".join([name, f"node_time_seconds {time.time()}", "node_memory_MemTotal_bytes 8e9", ""])


@dataclass
class Receiver:
    """A webhook that keeps the titles it was sent."""

    titles: list[str] = field(default_factory=list)


@contextmanager
def webhook(port: int) -> Iterator[Receiver]:
    receiver = Receiver()

    class Takes(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            receiver.titles.append(json.loads(self.rfile.read(int(self.headers["Content-Length"])))["title"])
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the library's
            pass

    server = ThreadingHTTPServer(("127.0.0.1", port), Takes)
    thread = Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def incidents(analyzer: Program, asked: str = "") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = analyzer.json(f"/api/v1/incidents{asked}").get("incidents", [])
    return found


def outbox(analyzer: Program) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = analyzer.json("/api/v1/status")["outbox"]
    return found


def hosts_of(incident: dict[str, Any]) -> set[str]:
    return {joined["host"] for joined in incident["hosts"]}


@pytest.mark.timeout(280)
def test_two_hosts_that_fall_silent_are_one_incident_and_one_message_over_a_restart(
    tmp_path: Path, prometheus_program: Path
) -> None:
    ports = [a_free_port() for _ in range(3)]
    names = [f"127.0.0.1:{port}" for port in ports]
    hook, own = a_free_port(), a_free_port()
    settings = tmp_path / "analyzer.yml"
    settings.write_text(f"notify: {{urls: ['json://127.0.0.1:{hook}/']}}\n", encoding="utf-8")
    jobs = {f"node-{place}": port for place, port in enumerate(ports)}
    with ExitStack() as lasting, ExitStack() as failing:
        receiver = lasting.enter_context(webhook(hook))
        lasting.enter_context(answering(CalmHost(), ports[0]))
        for port in ports[1:]:
            failing.enter_context(answering(CalmHost(), port))
        prometheus = lasting.enter_context(start_prometheus(prometheus_program, tmp_path, a_free_port(), jobs))
        flags = (f"--config.file={settings}", *QUICK)
        with start_analyzer(tmp_path, own, prometheus.url, *flags) as analyzer:
            until(lambda: len(analyzer.json("/api/v1/hosts").get("hosts", [])) == 3, "three hosts", analyzer)
            failing.close()
            until(
                lambda: [hosts_of(one) for one in incidents(analyzer)] == [set(names[1:])],
                "one incident of both hosts",
                analyzer,
            )
            (before,) = incidents(analyzer)
            assert (before["open"], before["kinds"]) == (True, ["silent"])
            until(lambda: [sink["delivered"] for sink in outbox(analyzer)] == [1], "a message, noted as sent", analyzer)
        with ExitStack() as back, start_analyzer(tmp_path, own, prometheus.url, *flags) as analyzer:
            until(lambda: analyzer.json("/-/ready")["ready"], "a cycle after the restart", analyzer)
            assert [one["id"] for one in incidents(analyzer, "?open=true")] == [before["id"]]
            for port in ports[1:]:
                back.enter_context(answering(CalmHost(), port))
            until(lambda: incidents(analyzer, "?open=false"), "its end", analyzer)
            until(lambda: len(receiver.titles) > 1, "the last message", analyzer)
            (after,) = incidents(analyzer)
    assert (after["id"], after["starts_at"]) == (before["id"], before["starts_at"])
    first = before["hosts"][0]["host"]
    both = f"{first} and {next(iter(set(names[1:]) - {first}))}"
    assert receiver.titles == [f"[warning] {both}: 2 finding(s)", f"[resolved] {both}"]
