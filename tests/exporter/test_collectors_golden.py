"""Collectors against node_exporter's golden output."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.exporter.golden import assert_equal, told

GOLDEN = {
    "cpu": (
        (
            "--collector.cpu.info",
            "--collector.cpu.info.bugs-include=^(cpu_meltdown|spectre_.*|mds)$",
            "--collector.cpu.info.flags-include=^(aes|avx.?|constant_tsc)$",
        ),
        (r"node_cpu_(bug_info|core_.*|flag_info|frequency_.*|guest_.*|info|isolated|package_.*|seconds_.*)",),
    ),
    "diskstats": ((), ("node_disk_.*",)),
    "loadavg": ((), (r"node_load\d+",)),
    "meminfo": ((), (r"node_memory_(?!numa_).*",)),
    "netdev": (
        ("--collector.netdev.device-include=lo",),
        (r"node_network_(receive|transmit)_(?!bytes|packets).*_total",),
    ),
    "os": ((), ("node_os_.*",)),
    "processes": ((), ("node_processes_.*",)),
    "stat": (
        ("--collector.stat.softirq",),
        ("node_boot_time_seconds", "node_(context_switches|forks|intr|softirqs)_total", "node_procs_(blocked|running)"),
    ),
    "time": ((), ("node_time_clocksource_.*",)),
    "vmstat": ((), ("node_vmstat_.*",)),
}


@pytest.mark.parametrize("name", GOLDEN)
def test_a_collector_tells_what_node_exporter_tells(name: str, fixtures: Path, golden: str) -> None:
    flags, families = GOLDEN[name]
    assert_equal(told(name, fixtures, *flags), golden, families)
