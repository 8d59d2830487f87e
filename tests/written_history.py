"""A real Prometheus that scrapes nobody and holds a history that a test wrote."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.processes import Program, a_free_port, running, until


@contextmanager
def holding(history: str, folder: Path, promtool: Path, prometheus: Path, *flags: str) -> Iterator[Program]:
    """`history` is OpenMetrics text with times; `flags` are more of Prometheus's own."""
    (folder / "history.om").write_text(history)
    blocks: list[str | Path] = [promtool, "tsdb", "create-blocks-from", "openmetrics"]
    subprocess.run([*blocks, folder / "history.om", folder / "tsdb"], check=True, capture_output=True, timeout=120)
    port, config = a_free_port(), folder / "prometheus.yml"
    config.write_text("scrape_configs: []\n")
    server: list[str | Path] = [
        prometheus,
        f"--config.file={config}",
        f"--storage.tsdb.path={folder / 'tsdb'}",
        "--storage.tsdb.retention.time=100y",
        f"--web.listen-address=127.0.0.1:{port}",
        "--log.level=warn",
        *flags,
    ]
    with running(folder.name, server, port, "/-/ready", folder) as program:
        until(lambda: program.get("/-/ready")[0] == 200, "Prometheus is ready", program)
        yield program
