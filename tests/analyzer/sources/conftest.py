"""Real peers for the sources: an exporter, a Prometheus that scrapes it, and one that holds a written history."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.analyzer.sources.history import HISTORY, openmetrics
from tests.processes import Program, a_free_port, running, start_exporter, start_prometheus, until


@dataclass(frozen=True)
class Live:
    """A Prometheus that scrapes node_exporter and our exporter every second, with some scrapes behind it."""

    prometheus: Program
    exporter: Program
    own: Program

    @property
    def instance(self) -> str:
        return self.exporter.url.removeprefix("http://")


@pytest.fixture(scope="session")
def node_exporter(node_exporter_program: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    port = a_free_port()
    command: list[str | Path] = [node_exporter_program, f"--web.listen-address=127.0.0.1:{port}"]
    with running("node_exporter", command, port, "/metrics", tmp_path_factory.mktemp("node_exporter")) as program:
        yield program


@pytest.fixture(scope="session")
def live(node_exporter: Program, prometheus_program: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    port = int(node_exporter.url.rpartition(":")[2])
    folder = tmp_path_factory.mktemp("live")
    own_port = a_free_port()
    jobs = {"node": port, "own": own_port}
    with (
        start_exporter(folder, own_port) as own,
        start_prometheus(prometheus_program, folder, a_free_port(), jobs) as prometheus,
    ):
        scraped = "/api/v1/query?query=min(count_over_time(node_load1[1m])%3E3)%2Bcount(node_load1)*0"
        until(lambda: '"value"' in prometheus.get(scraped)[1], "four scrapes of both exporters", prometheus, own)
        yield Live(prometheus, node_exporter, own)


@pytest.fixture(scope="session")
def written(promtool: Path, prometheus_program: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """A Prometheus that scrapes nobody and holds HISTORY; it holds 50,000 samples a query at most."""
    folder = tmp_path_factory.mktemp("written")
    (folder / "history.om").write_text(openmetrics(HISTORY))
    command: list[str | Path] = [
        promtool,
        "tsdb",
        "create-blocks-from",
        "openmetrics",
        folder / "history.om",
        folder / "tsdb",
    ]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    port, config = a_free_port(), folder / "prometheus.yml"
    config.write_text("scrape_configs: []\n")
    server: list[str | Path] = [
        prometheus_program,
        f"--config.file={config}",
        f"--storage.tsdb.path={folder / 'tsdb'}",
        "--storage.tsdb.retention.time=100y",
        f"--web.listen-address=127.0.0.1:{port}",
        "--query.max-samples=50000",
        "--log.level=warn",
    ]
    with running("written", server, port, "/-/ready", folder) as prometheus:
        until(lambda: prometheus.get("/-/ready")[0] == 200, "Prometheus is ready", prometheus)
        yield prometheus
