"""Processors, load and the kernel's counts, through psutil: for macOS and Windows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from exporter.collectors.portable import psutil_module
from exporter.exposition import Block, Family, Labels, Listing, Table, Value
from exporter.procfs import Trees

SECONDS = Family("node_cpu_seconds_total", "Seconds the processors spent in each mode.", "counter", ("cpu", "mode"))
LOAD = tuple(Family(f"node_load{span}", f"{span}m load average.") for span in (1, 5, 15))
BOOTED = Family("node_boot_time_seconds", "When the host was booted, in seconds since the epoch.")
SWITCHES = Family("node_context_switches_total", "Context switches since boot.", "counter")
INTERRUPTS = Family("node_intr_total", "Interrupts serviced since boot.", "counter")
MODES = {"user": "user", "nice": "nice", "system": "system", "idle": "idle", "interrupt": "irq", "dpc": "softirq"}
"""psutil's field of cpu_times, on any system, and the mode it is."""
WITHIN_SYSTEM = ("interrupt", "dpc")
"""Windows counts these as part of the system's time as well."""


@dataclass(frozen=True, slots=True)
class PortableCpuCollector:
    """Source: psutil.cpu_times(percpu=True)."""

    trees: Trees
    psutil: Any = field(default_factory=psutil_module)
    table: Table = field(default_factory=lambda: Table(SECONDS), init=False, repr=False)

    def collect(self) -> Iterable[Block]:
        rows: list[Labels] = []
        values: list[Value] = []
        for number, times in enumerate(self.psutil.cpu_times(percpu=True)):
            for name in times._fields:
                if name in MODES:
                    rows.append((str(number), MODES[name]))
                    values.append(_seconds(times, name))
        return [self.table.block(rows, [values])]


@dataclass(frozen=True, slots=True)
class PortableLoadCollector:
    """Source: psutil.getloadavg(), which on Windows works it out itself from the run queue, every 5 s."""

    trees: Trees
    psutil: Any = field(default_factory=psutil_module)
    table: Table = field(default_factory=lambda: Table(*LOAD), init=False, repr=False)

    def collect(self) -> Iterable[Block]:
        return [self.table.single([float(one) for one in self.psutil.getloadavg()])]


@dataclass(frozen=True, slots=True)
class PortableStatCollector:
    """Source: psutil.boot_time() and psutil.cpu_stats()."""

    trees: Trees
    psutil: Any = field(default_factory=psutil_module)
    listing: Listing = field(default_factory=Listing, init=False, repr=False)

    def collect(self) -> Iterable[Block]:
        stats = self.psutil.cpu_stats()
        counts = ((SWITCHES, stats.ctx_switches), (INTERRUPTS, stats.interrupts))
        booted = (BOOTED, int(self.psutil.boot_time()))
        return [self.listing.block([(family, (), value) for family, value in (booted, *counts)])]


def _seconds(times: Any, name: str) -> float:
    seconds = float(getattr(times, name))
    if name == "system":
        seconds -= sum(getattr(times, part, 0.0) for part in WITHIN_SYSTEM)
    return max(seconds, 0.0)
