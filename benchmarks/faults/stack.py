"""The product's own programs on free ports of loopback: exporter, Prometheus (a scrape each second), analyzer."""

from __future__ import annotations

import math
import shutil
import signal
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Sequence
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
    running,
    start_analyzer,
    start_exporter,
    until,
)

PROMETHEUS = ROOT / ".tools/prometheus/usr/bin/prometheus"
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
    """The running programs. `fresh_analyzer` ends the analyzer and starts one that remembers nothing."""

    folder: Path
    ground: Ground
    budget: float
    prometheus: Program
    port: int = field(default_factory=a_free_port)
    analyzer_port: int = field(default_factory=a_free_port)
    analyzer: Program | None = None
    _exporter: ExitStack = field(default_factory=ExitStack)
    _analyzer: ExitStack = field(default_factory=ExitStack)
    _analyzers: int = 0

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    def start_exporter(self, *flags: str) -> None:
        self._exporter.close()
        probed = f"--collector.probes.target=http://127.0.0.1:{self.ground.service_port}/"
        quick = ("--collector.probes.interval=1s", "--collector.probes.timeout=900ms")
        log = f"--collector.logs.file={self.ground.log}"
        self._exporter.enter_context(start_exporter(self.folder, self.port, probed, *quick, log, *flags))

    def fresh_analyzer(self) -> None:
        self._analyzer.close()
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
        found = self._analyzer_says(f"/api/v1/findings?{asked}")["findings"]
        return sorted((read(one) for one in found if not one.get("quiet")), key=lambda one: one.starts_at)

    def host_report(self) -> dict[str, Any]:
        """What the analyzer knows of the host; empty as long as it knows nothing."""
        try:
            hosts = self._analyzer_says("/api/v1/hosts").get("hosts", [])
        except urllib.error.URLError:
            return {}
        return next((one for one in hosts if one["name"] == self.host), {})

    def until_learned(self) -> None:
        """Until the host is scored by models of its own."""
        if self.analyzer is not None:
            until(self.learned, "the analyzer learned the host", self.analyzer, seconds=LEARN_SECONDS)

    def value(self, promql: str) -> float:
        """The newest value of a query that gives one series; NaN where it gives none, as when no scrape came."""
        told = self.prometheus.json("/api/v1/query?" + urllib.parse.urlencode({"query": promql}))["data"]["result"]
        return float(told[0]["value"][1]) if told else math.nan

    def forget(self, begin: float, end: float) -> None:
        """Deletes what was recorded between two times, as if the fault had never been."""
        asked = urllib.parse.urlencode({"match[]": '{job="node"}', "start": f"{begin:.3f}", "end": f"{end:.3f}"})
        address = f"{self.prometheus.url}/api/v1/admin/tsdb/delete_series?{asked}"
        with urllib.request.urlopen(urllib.request.Request(address, method="POST"), timeout=30):
            pass

    def learned(self) -> bool:
        """Whether models of its own score the host."""
        report = self.host_report()
        return bool(report) and report["learning"] is None

    def _analyzer_says(self, path: str) -> Any:
        if self.analyzer is None:
            raise RuntimeError("no analyzer was started")
        return self.analyzer.json(path)

    def close(self) -> None:
        self._analyzer.close()
        self._exporter.close()


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
    """Exporter, Prometheus and a first analyzer, ended in turn."""
    exporter, analyzer, port = a_free_port(), a_free_port(), a_free_port()
    with prometheus(folder, port, {"node": exporter, "openmanager-analyzer": analyzer}) as scraping:
        made = Stack(folder, ground, budget, scraping, exporter, analyzer)
        ground.restart_exporter = made.start_exporter
        try:
            made.start_exporter()
            made.fresh_analyzer()
            yield made
        finally:
            made.close()


@contextmanager
def prometheus(folder: Path, port: int, jobs: dict[str, int]) -> Iterator[Program]:
    """One that lets its samples be deleted."""
    scraped = "".join(
        f'  - job_name: {job}\n    static_configs: [{{targets: ["127.0.0.1:{target}"]}}]\n'
        for job, target in jobs.items()
    )
    config = folder / "prometheus.yml"
    config.write_text(f"global: {{scrape_interval: 1s, scrape_timeout: 1s}}\nscrape_configs:\n{scraped}")
    command: Sequence[str | Path] = [
        shutil.which("prometheus") or PROMETHEUS,
        f"--config.file={config}",
        f"--storage.tsdb.path={folder / 'tsdb'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--web.enable-admin-api",
        "--log.level=warn",
    ]
    with running("prometheus", command, port, "/-/ready", folder) as program:
        yield program


def wait(condition: Callable[[], bool], seconds: float, pause: float = 0.5) -> bool:
    """Whether it became true in time."""
    end = time.monotonic() + seconds
    while not (true := condition()) and time.monotonic() < end:
        time.sleep(pause)
    return true


def ends_well_on_sigterm() -> None:
    """SIGTERM undoes what was begun, as Ctrl-C does."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
