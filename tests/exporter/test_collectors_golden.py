"""Collectors against node_exporter's golden output."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.exporter.golden import assert_equal, told

GOLDEN = {
    "loadavg": ((), (r"node_load\d+",)),
    "meminfo": ((), (r"node_memory_(?!numa_).*",)),
    "stat": (
        ("--collector.stat.softirq",),
        ("node_boot_time_seconds", "node_(context_switches|forks|intr|softirqs)_total", "node_procs_(blocked|running)"),
    ),
}


@pytest.mark.parametrize("name", GOLDEN)
def test_a_collector_tells_what_node_exporter_tells(name: str, fixtures: Path, golden: str) -> None:
    flags, families = GOLDEN[name]
    assert_equal(told(name, fixtures, *flags), golden, families)
