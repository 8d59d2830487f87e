"""Two hosts with two days of written history in a real Prometheus, and a report on them, to ask about.

web-1 has been busy since 05:10: java took three of its four cores. db-2 is short of memory and its backup failed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from analyzer.data import (
    Cause,
    Evidence,
    Feature,
    Finding,
    Forecast,
    Forecasts,
    Host,
    HostReport,
    LogLine,
    Report,
    Severity,
    Trend,
    Trends,
    Window,
)
from analyzer.features import load_features, query
from tests.processes import Program
from tests.written_history import holding

NOW = datetime(2026, 3, 4, 6, 30, tzinfo=UTC)  # a Wednesday, 15:30 in Seoul
BEGAN = NOW - timedelta(minutes=80)
STEP = 60
HOURS = 49
GIB = 1024**3
WEB, DB = "web-1:9100", "db-2:9100"
FEATURES: dict[str, Feature] = {f.name: f for f in load_features()}
Level = Callable[[float], float]  # from seconds since NOW to a gauge's value or a counter's rate


def since(before: float, after: float) -> Level:
    """One level until the trouble began, another since."""
    return lambda at: before if at < -80 * 60 else after


def idle(busy: Level) -> Level:
    return lambda at: 1 - busy(at)


def always(level: float) -> Level:
    return lambda _: level


GAUGES: dict[str, Level] = {
    f'node_memory_MemTotal_bytes{{instance="{WEB}"}}': always(16 * GIB),
    f'node_memory_MemTotal_bytes{{instance="{DB}"}}': always(32 * GIB),
    f'node_memory_MemAvailable_bytes{{instance="{WEB}"}}': always(8 * GIB),
    f'node_memory_MemAvailable_bytes{{instance="{DB}"}}': always(2 * GIB),
    f'node_load1{{instance="{WEB}"}}': since(0.8, 6.4),
    f'node_load1{{instance="{DB}"}}': always(0.4),
    f'node_load5{{instance="{WEB}"}}': since(0.8, 6.1),
    f'node_load5{{instance="{DB}"}}': always(0.4),
    f'node_boot_time_seconds{{instance="{WEB}"}}': always(NOW.timestamp() - 10 * 86400),
    f'node_time_seconds{{instance="{WEB}"}}': lambda at: NOW.timestamp() + at,
    **{
        f'node_filesystem_{kind}_bytes{{instance="{host}",device="/dev/sda1",fstype="ext4",mountpoint="/"}}': always(
            size
        )
        for host, kinds in {WEB: (100, 60, 60), DB: (200, 30, 30)}.items()
        for kind, size in zip(("size", "free", "avail"), [n * GIB for n in kinds], strict=True)
    },
    **{
        f'node_filesystem_readonly{{instance="{host}",device="/dev/sda1",fstype="ext4",mountpoint="/"}}': always(0)
        for host in (WEB, DB)
    },
    f'namedprocess_namegroup_memory_bytes{{instance="{WEB}",groupname="java",memtype="resident"}}': always(3 * GIB),
    f'namedprocess_namegroup_memory_bytes{{instance="{WEB}",groupname="nginx",memtype="resident"}}': always(0.25 * GIB),
    f'namedprocess_namegroup_memory_bytes{{instance="{DB}",groupname="postgres",memtype="resident"}}': always(20 * GIB),
    f'namedprocess_namegroup_num_procs{{instance="{WEB}",groupname="java"}}': always(1),
    f'namedprocess_namegroup_num_procs{{instance="{WEB}",groupname="nginx"}}': always(5),
    f'namedprocess_namegroup_num_procs{{instance="{DB}",groupname="postgres"}}': always(12),
    **{
        f'node_systemd_unit_state{{instance="{host}",name="{unit}",state="{state}"}}': always(float(state == current))
        for host, unit, current in (
            (WEB, "nginx.service", "active"),
            (DB, "postgresql.service", "active"),
            (DB, "backup.service", "failed"),
        )
        for state in ("active", "failed", "inactive")
    },
}
SHOP, MAIL = "https://shop.example.org/health", "tls://mail.example.org:993"
GAUGES |= {
    f'probe_success{{instance="{WEB}",target="{SHOP}"}}': since(1, 0),
    f'probe_success{{instance="{WEB}",target="{MAIL}"}}': always(1),
    f'openmanager_probe_last_failure_timestamp_seconds{{instance="{WEB}",target="{SHOP}",reason="dns"}}': always(
        NOW.timestamp() - 30 * 3600
    ),
    f'openmanager_probe_last_failure_timestamp_seconds{{instance="{WEB}",target="{SHOP}",reason="timeout"}}': since(
        0, NOW.timestamp() - 20
    ),
}
COUNTERS: dict[str, Level] = {
    **{
        f'node_cpu_seconds_total{{instance="{host}",cpu="{cpu}",mode="{mode}"}}': level
        for host, busy in {WEB: since(0.2, 0.93), DB: always(0.25)}.items()
        for cpu in range(4)
        for mode, level in {"user": busy, "idle": idle(busy)}.items()
    },
    f'namedprocess_namegroup_cpu_seconds_total{{instance="{WEB}",groupname="java",mode="user"}}': since(0.5, 3.2),
    f'namedprocess_namegroup_cpu_seconds_total{{instance="{WEB}",groupname="nginx",mode="user"}}': always(0.1),
    f'namedprocess_namegroup_cpu_seconds_total{{instance="{DB}",groupname="postgres",mode="user"}}': always(0.8),
}


def openmetrics() -> str:
    times = np.arange(-HOURS * 3600, 1, STEP)
    families: dict[str, list[str]] = {}
    for series, level in (GAUGES | COUNTERS).items():
        name = series.partition("{")[0]
        values = np.array([level(float(at)) for at in times])
        if series in COUNTERS:
            values = np.cumsum(values * STEP)
        rows = families.setdefault(name, [])
        rows += [f"{series} {value:.6g} {NOW.timestamp() + at:.0f}" for at, value in zip(times, values, strict=True)]
    lines = []
    for name, rows in families.items():
        kind = "counter" if name.endswith("_total") else "gauge"
        lines += [f"# TYPE {name.removesuffix('_total')} {kind}", *rows]
    return "\n".join([*lines, "# EOF", ""])


@pytest.fixture(scope="session")
def two_days(promtool: Path, prometheus_program: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """A Prometheus that scrapes nobody and holds the written history."""
    folder = tmp_path_factory.mktemp("two_days")
    with holding(openmetrics(), folder, promtool, prometheus_program) as prometheus:
        yield prometheus


def evidence(host: str, feature: str, value: float, low: float, high: float) -> Evidence:
    promql = query(FEATURES[feature], f'instance="{host}"', 120)
    return Evidence(
        promql, Window(BEGAN, NOW, timedelta(seconds=15)), host, feature, FEATURES[feature].unit, value, low, high
    )


BUSY = Finding(
    "anomaly",
    WEB,
    Severity.CRITICAL,
    BEGAN,
    None,
    0.99,
    (
        Cause("cpu_busy_ratio", 0.7, evidence(WEB, "cpu_busy_ratio", 0.93, 0.1, 0.3)),
        Cause("load_per_core", 0.2, evidence(WEB, "load_per_core", 1.6, 0.1, 0.3)),
    ),
)
SHORT_OF_MEMORY = Finding(
    "saturation:memory_available_ratio",
    DB,
    Severity.WARNING,
    NOW - timedelta(hours=5),
    None,
    1.0,
    (Cause("memory_available_ratio", 1.0, evidence(DB, "memory_available_ratio", 0.0625, 0.2, 0.6)),),
)
FILLS = Forecast(
    DB,
    "filesystem_fullest_used_ratio",
    NOW.timestamp() + np.arange(1.0, 25.0, dtype=np.float64) * 3600.0,
    np.linspace(0.85, 0.97, 24, dtype=np.float32),
    np.linspace(0.84, 0.95, 24, dtype=np.float32),
    np.linspace(0.86, 0.99, 24, dtype=np.float32),
    0.8,
    1.0,
    (30 * 3600.0, 24 * 3600.0, 48 * 3600.0),
)


def report(*findings: Finding) -> Report:
    web = HostReport(
        Host(WEB, "node", "web-1"),
        NOW,
        {"cpu_busy_ratio": 0.93, "memory_available_ratio": 0.5},
        scores={"isolation_forest": 0.9},
        shares={"cpu_busy_ratio": 0.7, "load_per_core": 0.2},
        trends=Trends.of(Trend("cpu_busy_ratio", 0.01, 0.8, 3600.0)),
    )
    db = HostReport(
        Host(DB, "node", "db-2"),
        NOW,
        {"cpu_busy_ratio": 0.25, "memory_available_ratio": 0.0625, "filesystem_fullest_used_ratio": 0.85},
        scores={"isolation_forest": 0.4},
        forecasts=Forecasts.of(FILLS),
    )
    return Report(NOW, "prometheus", "", (web, db), findings, (), {})


class WrittenLog:
    """The log of web-1's exporter: one template that came often, one newest line."""

    async def lines(self, host: str, since: datetime, limit: int) -> tuple[LogLine, ...]:
        line = LogLine(WEB, NOW - timedelta(minutes=3), "upstream timed out while reading", "err", "nginx")
        return (line,) if host == WEB else ()

    async def templates(self, host: str, since: datetime, limit: int) -> tuple[LogLine, ...]:
        line = LogLine(WEB, NOW - timedelta(minutes=3), "upstream timed out while reading", "err", "nginx", 42)
        return (line,) if host == WEB else ()
