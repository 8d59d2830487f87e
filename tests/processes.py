"""Real processes for tests: started on free ports of 127.0.0.1, waited for, and always ended."""

from __future__ import annotations

import json
import os
import secrets
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
READY_SECONDS = 60.0
# A guard against what hangs, never a measure of how fast something ends.
STOP_SECONDS = 60.0
# Below those that systems give to connections of their own: a port is bound some time after it was found free.
PORTS = range(20_000, 32_000)
_given: set[int] = set()


def a_free_port() -> int:
    """A port of 127.0.0.1 that nobody uses just now; never the same one twice."""
    while len(_given) < len(PORTS):
        port = secrets.choice(PORTS)
        if port not in _given and _is_free(port):
            _given.add(port)
            return port
    raise AssertionError(f"all ports of {PORTS} were given out")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


@dataclass
class Program:
    """A started program: where it answers, and what it wrote."""

    name: str
    process: subprocess.Popen[bytes]
    url: str
    log: Path

    def output(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")

    def get(self, path: str) -> tuple[int, str]:
        """(status, body) of a GET; HTTP errors are answers too."""
        try:
            with urllib.request.urlopen(self.url + path, timeout=10) as response:
                return response.status, response.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def json(self, path: str) -> Any:
        return json.loads(self.get(path)[1])

    def post(self, path: str, body: object) -> tuple[int, Any]:
        request = urllib.request.Request(
            self.url + path, json.dumps(body).encode(), {"Content-Type": "application/json"}, method="POST"
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as response:
                return response.status, json.loads(response.read())
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read())

    def stop(self) -> int:
        """SIGTERM, then its exit code; -9 when it did not end by itself and was killed."""
        self.process.terminate()
        try:
            return self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()


@contextmanager
def running(
    name: str, command: Sequence[str | Path], port: int, ready: str, folder: Path, *, cwd: Path = ROOT
) -> Iterator[Program]:
    """Start, wait until `ready` answers at all, hand over, end."""
    log = folder / f"{name}.log"
    with log.open("ab") as sink:
        process = subprocess.Popen(
            list(map(str, command)), stdout=sink, stderr=subprocess.STDOUT, cwd=cwd, env=clean_environment()
        )
    program = Program(name, process, f"http://127.0.0.1:{port}", log)
    try:
        until(lambda: answers(program, ready), f"{name} answers at {ready}", program)
        yield program
    finally:
        if process.poll() is None:
            program.stop()


def clean_environment() -> dict[str, str]:
    return {key: value for key, value in os.environ.items() if not key.startswith("OPENMANAGER_")}


def answers(program: Program, path: str) -> bool:
    if program.process.poll() is not None:
        raise AssertionError(f"{program.name} ended with {program.process.returncode}:\n{program.output()[-3000:]}")
    try:
        program.get(path)
    except (urllib.error.URLError, OSError):
        return False
    return True


def until(
    condition: Callable[[], Any], what: str, *programs: Program, seconds: float = READY_SECONDS, pause: float = 0.2
) -> Any:
    """Poll until the condition is true and return what it gave; else fail with the programs' newest output."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if result := condition():
            return result
        time.sleep(pause)
    logs = "\n".join(f"--- {program.name}\n{program.output()[-3000:]}" for program in programs)
    raise AssertionError(f"waited {seconds:.0f} s in vain: {what}\n{logs}")


def start_exporter(folder: Path, port: int, *flags: str) -> AbstractContextManager[Program]:
    command = [sys.executable, "-m", "exporter", f"--web.listen-address=127.0.0.1:{port}", *flags]
    return running("exporter", command, port, "/-/healthy", folder)


def start_prometheus(
    program: Path, folder: Path, port: int, jobs: dict[str, int], scrape: str = "1s"
) -> AbstractContextManager[Program]:
    """A Prometheus that scrapes `jobs` (name → port); its data stay in `folder`, so a restart finds them."""
    scraped = "".join(
        f'  - job_name: {job}\n    static_configs: [{{targets: ["127.0.0.1:{target}"]}}]\n'
        for job, target in jobs.items()
    )
    config = folder / "prometheus.yml"
    config.write_text(f"global: {{scrape_interval: {scrape}, scrape_timeout: 1s}}\nscrape_configs:\n{scraped}")
    command: list[str | Path] = [
        program,
        f"--config.file={config}",
        f"--storage.tsdb.path={folder / 'tsdb'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--log.level=warn",
    ]
    return running("prometheus", command, port, "/-/ready", folder)


def start_analyzer(folder: Path, port: int, prometheus: str, *flags: str) -> AbstractContextManager[Program]:
    command: list[str | Path] = [
        *[sys.executable, "-m", "analyzer", "serve"],
        f"--prometheus.url={prometheus}",
        f"--web.listen-address=127.0.0.1:{port}",
        f"--storage.path={folder / 'analyzer'}",
        *flags,
    ]
    return running("analyzer", command, port, "/-/healthy", folder)


def instant(prometheus: Program, promql: str) -> list[dict[str, Any]]:
    """The vector that Prometheus's own query API gives now."""
    result: list[dict[str, Any]] = prometheus.json("/api/v1/query?" + urllib.parse.urlencode({"query": promql}))[
        "data"
    ]["result"]
    return result
