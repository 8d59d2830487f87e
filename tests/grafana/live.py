"""The running product with a past: two hosts, one of which falls silent, and a day of history to foretell from."""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TextIO

from prometheus_client.parser import text_string_to_metric_families as parse

from analyzer.features import load_features
from tests.alertmanager import alertmanager
from tests.processes import Program, a_free_port, instant, start_analyzer, start_exporter, start_prometheus, until

HOURS, STEP_SECONDS = 8, 30
UNITS = """# TYPE node_systemd_unit_state gauge
node_systemd_unit_state{name="a.service",state="active",type="simple"} 1
node_systemd_unit_state{name="a.service",state="failed",type="simple"} 0
"""


@dataclass(frozen=True)
class Live:
    """`host` is watched all the time, `silent` no longer sends."""

    prometheus: Program
    alertmanager: Program
    analyzer: Program
    host: str
    silent: str


@contextmanager
def product(folder: Path, prometheus_program: Path, promtool: Path) -> Iterator[Live]:
    """Yields once there is a score, a forecast, a silent host and something owed."""
    (folder / "units.prom").write_text(UNITS, encoding="utf-8")
    log = folder / "app.log"
    log.write_text("", encoding="utf-8")
    flags = (f"--collector.logs.file={log}", f"--collector.textfile.directory={folder}")
    (folder / "second").mkdir()
    with ExitStack() as started:
        first = started.enter_context(start_exporter(folder, a_free_port(), *flags))
        second = started.enter_context(start_exporter(folder / "second", a_free_port()))
        host, silent = (program.url.removeprefix("http://") for program in (first, second))
        write_past(folder, promtool, first.get("/metrics")[1], host)
        port = a_free_port()
        jobs = {"node": int(host.rpartition(":")[2]), "openmanager-analyzer": port}
        jobs_too = {"second": int(silent.rpartition(":")[2])}
        prometheus = started.enter_context(start_prometheus(prometheus_program, folder, a_free_port(), jobs | jobs_too))
        until(lambda: len(instant(prometheus, "node_uname_info")) == 2, "two hosts", prometheus)
        settings = folder / "settings.yml"
        (folder / "alerts").mkdir()
        alerts = started.enter_context(alertmanager(folder / "alerts", a_free_port()))
        settings.write_text(
            f"grafana: {{url: 'http://127.0.0.1:9', token: x}}\nalertmanager: {{urls: ['{alerts.url}'], repeat: 5s}}\n",
            encoding="utf-8",
        )
        analyzer = started.enter_context(
            start_analyzer(
                folder,
                port,
                prometheus.url,
                f"--config.file={settings}",
                f"--scrape.targets={first.url}/metrics",
                '--prometheus.selector=job=~"node|second"',
                "--cycle.interval=1s",
                "--cycle.recent=30m",
                "--judge.silent-after=20s",
                "--cycle.foresee=10s",
            )
        )
        live = Live(prometheus, alerts, analyzer, host, silent)
        seen = f'openmanager_host_last_seen_timestamp_seconds{{host="{silent}"}}'
        until(lambda: instant(prometheus, seen), "the second host", prometheus, analyzer)
        second.stop()
        awaited = (
            f'openmanager_anomaly_score{{host="{host}",model="ensemble"}}',
            f'openmanager_time_to_exhaustion_seconds{{host="{host}"}}',
            f'openmanager_forecast{{host="{host}",feature="cpu_busy_ratio",horizon="1h"}}',
            f'openmanager_forecast{{host="{host}",feature="disk_busiest_utilisation_ratio",horizon="1h"}}',
            f'openmanager_finding_start_timestamp_seconds{{host="{silent}",kind="silent"}}',
            "openmanager_outbox_pending > 0",
        )
        with log.open("a", encoding="utf-8") as lines:
            for expr in awaited:
                until(partial(shown, prometheus, expr, lines), expr, analyzer, seconds=240)
        time.sleep(3)  # two more scrapes: rates need them
        yield live


def shown(prometheus: Program, expr: str, lines: TextIO) -> bool:
    """Whether the expression has data by now; meanwhile the host goes on logging."""
    lines.write("error: the disk of the shop is slow\n")
    lines.flush()
    return bool(instant(prometheus, expr))


def write_past(folder: Path, promtool: Path, page: str, host: str) -> None:
    """What the host showed just now, drawn back over hours: memory dwindles, counters count, the rest stays."""
    known = {name for feature in load_features() for name in re.findall(r"node_\w+", feature.promql)}
    known.add("node_uname_info")
    end = int(time.time()) // STEP_SECONDS * STEP_SECONDS - STEP_SECONDS
    times = range(end - HOURS * 3600, end, STEP_SECONDS)
    lines = []
    for family in parse(page):
        samples = [sample for sample in family.samples if sample.name in known]
        if samples:
            lines.append(f"# TYPE {family.name} {'counter' if family.type == 'counter' else 'gauge'}")
        for sample in samples:
            labels = {"instance": host, "job": "node", **sample.labels}
            series = sample.name + "{" + ",".join(f'{name}="{value}"' for name, value in labels.items()) + "}"
            for at in times:
                back = (end - at) / 3600
                value = sample.value
                if sample.name == "node_memory_MemAvailable_bytes":
                    value *= 1 + back / 5
                elif family.type == "counter":
                    value = (0.8 if sample.labels.get("mode") == "idle" else 0.02) * (at - times[0])
                lines.append(f"{series} {value!r} {at}")
    past = folder / "past.om"
    past.write_text("\n".join([*lines, "# EOF", ""]), encoding="utf-8")
    command: list[str | Path] = [promtool, "tsdb", "create-blocks-from", "openmetrics", past, folder / "tsdb"]
    subprocess.run(command, check=True, capture_output=True)
