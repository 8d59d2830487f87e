"""The product's own programs on free ports of loopback: exporter, Prometheus (a scrape each second), analyzer."""

from __future__ import annotations

import math
import shutil
import signal
import time
import urllib.error
import urllib.parse
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.faults.ground import Ground
from benchmarks.faults.outcome import Told
from tests.processes import (
    ROOT,
    Program,
    a_free_port,
    start_analyzer,
    start_exporter,
    start_prometheus,
    until,
)

UNPACKED = ROOT / ".tools/prometheus/usr/bin/prometheus"
PROMETHEUS = Path(shutil.which("prometheus") or UNPACKED)
# A step of a second instead of fifteen: what lasts so many steps is so much shorter.
QUICK = (
    "--cycle.interval=1s",
    "--cycle.step=1s",
    "--cycle.recent=10m",
    "--judge.saturated-after=20s",
    "--judge.silent-after=20s",
    "--training.least=2m",
)
RATE_SECONDS = 5.0
LEARN_SECONDS = 120.0


@dataclass
class Stack:
    """The three programs, once `start` was called."""

    folder: Path
    ground: Ground
    budget: float
    port: int = field(default_factory=a_free_port)
    prometheus_port: int = field(default_factory=a_free_port)
    analyzer_port: int = field(default_factory=a_free_port)
    _exporter: ExitStack = field(default_factory=ExitStack)
    _prometheus: ExitStack = field(default_factory=ExitStack)
    _analyzer: ExitStack = field(default_factory=ExitStack)
    _analyzers: int = 0
    prometheus: Program = field(init=False)
    analyzer: Program = field(init=False)

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    def start(self) -> None:
        self.start_exporter()
        self._start_prometheus()
        self.start_analyzer()

    def start_exporter(self, *flags: str) -> None:
        self._exporter.close()
        probed = f"--collector.probes.target=http://127.0.0.1:{self.ground.service_port}/"
        quick = ("--collector.probes.interval=1s", "--collector.probes.timeout=900ms")
        log = f"--collector.logs.file={self.ground.log}"
        self._exporter.enter_context(start_exporter(self.folder, self.port, probed, *quick, log, *flags))

    def start_analyzer(self) -> None:
        """One with an empty store of its own."""
        self._analyzers += 1
        folder = self.folder / f"analyzer-{self._analyzers}"
        folder.mkdir()
        self.analyzer = self._analyzer.enter_context(
            start_analyzer(
                folder,
                self.analyzer_port,
                self.prometheus.url,
                f"--scrape.targets=http://{self.host}/metrics",
                '--prometheus.selector=job="node"',
                f"--judge.false-alarms-per-day={self.budget:g}",
                *QUICK,
            )
        )

    def told(self, since: float) -> list[Told]:
        """What was told of the host that still fired at `since` or later, oldest first; the quieted left out."""
        when = datetime.fromtimestamp(since, UTC).isoformat()
        asked = urllib.parse.urlencode({"host": self.host, "since": when, "limit": 1000})
        found = self.analyzer.json(f"/api/v1/findings?{asked}")["findings"]
        return sorted((read(one) for one in found if not one.get("quiet")), key=lambda one: one.starts_at)

    def host_report(self) -> dict[str, Any]:
        """What the analyzer knows of the host; empty as long as it knows nothing."""
        try:
            hosts = self.analyzer.json("/api/v1/hosts").get("hosts", [])
        except urllib.error.URLError:
            return {}
        return next((one for one in hosts if one["name"] == self.host), {})

    def until_learned(self) -> None:
        """Until the host is scored by models of its own."""
        until(self.learned, "the analyzer learned the host", self.analyzer, seconds=LEARN_SECONDS)

    def value(self, promql: str) -> float:
        """The newest value of a query that gives one series; NaN where it gives none, as when no scrape came."""
        told = self.prometheus.json("/api/v1/query?" + urllib.parse.urlencode({"query": promql}))["data"]["result"]
        return float(told[0]["value"][1]) if told else math.nan

    def keep_quiet_time(self) -> None:
        """Sets aside what Prometheus has recorded so far: `back_to_quiet_time` puts it back."""
        self._prometheus.close()
        shutil.copytree(self.folder / "tsdb", self.folder / "tsdb-quiet")
        self._start_prometheus()

    def back_to_quiet_time(self) -> None:
        """Prometheus has the quiet time and nothing that came after; the analyzer starts anew and remembers nothing."""
        self._analyzer.close()
        self._prometheus.close()
        shutil.rmtree(self.folder / "tsdb")
        shutil.copytree(self.folder / "tsdb-quiet", self.folder / "tsdb")
        self._start_prometheus()
        self.start_analyzer()

    def learned(self) -> bool:
        """Whether models of its own score the host."""
        report = self.host_report()
        return bool(report) and report["learning"] is None

    def close(self) -> None:
        for program in (self._analyzer, self._prometheus, self._exporter):
            program.close()

    def _start_prometheus(self) -> None:
        jobs = {"node": self.port, "openmanager-analyzer": self.analyzer_port}
        self.prometheus = self._prometheus.enter_context(
            start_prometheus(PROMETHEUS, self.folder, self.prometheus_port, jobs)
        )


def read(finding: dict[str, Any]) -> Told:
    """A finding as the HTTP API tells it."""
    return Told(
        kind=finding["kind"],
        severity=finding["severity"],
        starts_at=datetime.fromisoformat(finding["starts_at"]).timestamp(),
        firing=finding["firing"],
        causes=tuple(cause["feature"] for cause in finding["causes"]),
        text=finding["text"]["en"],
    )


@contextmanager
def stack(folder: Path, ground: Ground, budget: float) -> Iterator[Stack]:
    """The three programs running, ended in turn."""
    made = Stack(folder, ground, budget)
    ground.restart_exporter = made.start_exporter
    try:
        made.start()
        yield made
    finally:
        made.close()


def wait(condition: Callable[[], bool], seconds: float, pause: float = 0.5) -> bool:
    """Whether it became true in time."""
    end = time.monotonic() + seconds
    while not (true := condition()) and time.monotonic() < end:
        time.sleep(pause)
    return true


def ends_well_on_sigterm() -> None:
    """SIGTERM undoes what was begun, as Ctrl-C does."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
