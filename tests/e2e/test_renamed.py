"""The address of a real exporter becomes a name in prometheus.yml: the running analyzer goes on with what it knows."""

from __future__ import annotations

import signal
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.processes import Program, a_free_port, running, start_analyzer, start_exporter, until

OLD, NEW = "10.0.0.5:9100", "db-1:9100"
FLAGS = (
    "--cycle.interval=1s",
    "--cycle.step=1s",
    "--cycle.recent=5m",
    "--training.least=20s",
    "--judge.silent-after=5s",
    '--prometheus.selector=job="node"',
)


def configure(file: Path, port: int, instance: str) -> None:
    target = f'{{targets: ["127.0.0.1:{port}"], labels: {{instance: "{instance}"}}}}'
    scraped = f"scrape_configs:\n  - job_name: node\n    static_configs: [{target}]\n"
    file.write_text(f"global: {{scrape_interval: 1s, scrape_timeout: 1s}}\n{scraped}", encoding="utf-8")


def hosts(analyzer: Program) -> dict[str, Any]:
    """By name; none before the first report."""
    return {host["name"]: host for host in analyzer.json("/api/v1/hosts").get("hosts", [])}


def found(analyzer: Program, kind: str) -> list[dict[str, Any]]:
    return [each for each in analyzer.json("/api/v1/findings?limit=1000")["findings"] if each["kind"] == kind]


def learned(analyzer: Program, host: str) -> bool:
    known = hosts(analyzer).get(host)
    return known is not None and known["learning"] is None


@pytest.mark.timeout(400)
def test_an_exporter_that_gets_another_name_is_never_called_silent_and_stays_learned_over_a_restart(
    tmp_path: Path, prometheus_program: Path
) -> None:
    port, config = a_free_port(), tmp_path / "prometheus.yml"
    with ExitStack() as started:
        exporter = started.enter_context(start_exporter(tmp_path, a_free_port()))
        scraped = int(exporter.url.rpartition(":")[2])
        configure(config, scraped, OLD)
        address = f"--web.listen-address=127.0.0.1:{port}"
        command: list[str | Path] = [prometheus_program, f"--config.file={config}", address, "--log.level=warn"]
        command.append(f"--storage.tsdb.path={tmp_path / 'tsdb'}")
        prometheus = started.enter_context(running("prometheus", command, port, "/-/ready", tmp_path))
        with start_analyzer(tmp_path, a_free_port(), prometheus.url, *FLAGS) as analyzer:
            until(lambda: learned(analyzer, OLD), "the host is learned", analyzer, prometheus, seconds=150)
            configure(config, scraped, NEW)
            prometheus.process.send_signal(signal.SIGHUP)
            told = until(lambda: found(analyzer, "renamed"), "it is found again", analyzer, prometheus)
            assert [(one["host"], one["severity"], one["quiet"]) for one in told] == [(NEW, "info", None)]
            assert told[0]["text"]["en"].startswith(f"{NEW} is the machine that was called {OLD}, found under its new")
            assert told[0]["text"]["ko"].startswith(f"{NEW} 호스트는 이전에 {OLD}이라고 불리던 장비이며,")
            assert learned(analyzer, NEW), "its models are those of before"
            assert set(hosts(analyzer)) == {NEW}
        with start_analyzer(tmp_path, a_free_port(), prometheus.url, *FLAGS) as analyzer:
            until(lambda: learned(analyzer, NEW), "it is learned again, from both names", analyzer, prometheus)
            assert set(hosts(analyzer)) == {NEW}
            assert found(analyzer, "silent") == []
            assert len(found(analyzer, "renamed")) == 1
