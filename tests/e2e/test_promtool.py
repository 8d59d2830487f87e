"""What Prometheus's own tool says of the configuration and of both programs' metrics."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.processes import ROOT, a_free_port, start_analyzer, start_exporter, until

# Names of node_exporter and process-exporter, which dashboards rely on, break these of promtool's conventions.
FORCED = ("metric names should be written in 'snake_case' not 'camelCase'", 'use base unit "bytes" instead of "bits"')


def complaints(promtool: Path, text: str) -> list[str]:
    command = [str(promtool), "check", "metrics"]
    checked = subprocess.run(command, input=text, capture_output=True, text=True, timeout=60, check=False)
    return [line for line in (checked.stdout + checked.stderr).splitlines() if not _forced(line)]


def _forced(line: str) -> bool:
    return line.endswith(FORCED) or (line.startswith("namedprocess_scrape_") and line.endswith('"_total" suffix'))


def test_the_shipped_configuration_is_clean(promtool: Path) -> None:
    command = [str(promtool), "check", "config", str(ROOT / "prometheus.yml")]
    checked = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_promtool_complains_only_of_what_node_exporters_names_force(promtool: Path, tmp_path: Path) -> None:
    with start_exporter(tmp_path, a_free_port()) as exporter:
        text = exporter.get("/metrics")[1]
    assert "node_cpu_seconds_total" in text
    assert complaints(promtool, text) == []


def test_promtool_finds_nothing_in_the_derived_metrics(promtool: Path, tmp_path: Path) -> None:
    with (
        start_exporter(tmp_path, a_free_port()) as exporter,
        start_analyzer(
            tmp_path,
            a_free_port(),
            "http://127.0.0.1:9",
            f"--scrape.targets={exporter.url}/metrics",
            "--cycle.interval=1s",
            "--cycle.step=1s",
            "--scrape.interval=1s",
        ) as analyzer,
    ):
        until(lambda: "openmanager_learning_ratio{" in analyzer.get("/metrics")[1], "a host", analyzer, exporter)
        assert complaints(promtool, analyzer.get("/metrics")[1]) == []
