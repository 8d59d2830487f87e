"""Processes through psutil: how many, in which state, and by group. For macOS and Windows.

What a process won't tell (those of other users) is left at nothing, and counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from exporter.collectors import setting
from exporter.collectors.namedprocess_families import Tables
from exporter.collectors.namedprocess_groups import Groups
from exporter.collectors.namedprocess_process import MAJOR, MINOR, READ, USER, VOLUNTARY, Process
from exporter.collectors.portable import psutil_module
from exporter.exposition import Block, Family, Table
from exporter.procfs import Trees

TOTALS = (Family("node_processes_pids", "Processes."), Family("node_processes_threads", "Threads."))
STATE = Family("node_processes_state", "Processes in each state.", labels=("state",))
STATES = {"running": "R", "sleeping": "S", "disk-sleep": "D", "idle": "I", "stopped": "T", "zombie": "Z"}
TICKS_PER_SECOND = 100
ATTRIBUTES = ("name", "create_time", "cpu_times", "memory_info", "num_threads", "status")
MORE = ("io_counters", "num_ctx_switches", "num_fds", "num_handles")
"""Told on some systems, and of some processes, only."""


@dataclass(frozen=True, slots=True)
class PortableProcessesCollector:
    """Source: psutil.process_iter()."""

    trees: Trees
    psutil: Any = field(default_factory=psutil_module)
    totals: Table = field(default_factory=lambda: Table(*TOTALS), init=False, repr=False)
    states: Table = field(default_factory=lambda: Table(STATE), init=False, repr=False)

    def collect(self) -> Iterable[Block]:
        found = [one.info for one in self.psutil.process_iter(["num_threads", "status"])]
        counts = Counter(STATES.get(one["status"], str(one["status"])) for one in found if one["status"])
        return [
            self.totals.single([len(found), sum(one["num_threads"] or 0 for one in found)]),
            self.states.block([(state,) for state in sorted(counts)], [[counts[state] for state in sorted(counts)]]),
        ]


@dataclass(slots=True)
class Memory:
    """What is remembered from scrape to scrape. A process is known by its number and when it began."""

    known: dict[tuple[int, float], Process] = field(default_factory=dict)
    refused: int = 0


@dataclass(frozen=True, slots=True)
class PortableNamedProcessCollector:
    """Source: psutil.process_iter(). Groups are the processes' names."""

    trees: Trees
    top: int = setting(10, "Groups told of by name, of each: processor, memory, disk; 0 is all.")
    psutil: Any = field(default_factory=psutil_module)
    groups: Groups = field(init=False, repr=False)
    memory: Memory = field(default_factory=Memory, init=False, repr=False)
    tables: Tables = field(default_factory=Tables, init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "groups", Groups(self.top))

    def collect(self) -> Iterable[Block]:
        memory = self.memory
        present: dict[tuple[int, float], Process] = {}
        for one in self.psutil.process_iter(self._attributes()):
            key = (one.pid, one.info["create_time"] or 0.0)
            process = present[key] = memory.known.get(key) or Process(str(one.pid))
            memory.refused += _take(process, one.info)
            self.groups.place(process, one.info["name"] or "unknown")
        for key in memory.known.keys() - present.keys():
            self.groups.remove(memory.known[key])
        memory.known = present
        return self.tables.blocks(self.groups.shown(), TICKS_PER_SECOND, 0, [0, 0, memory.refused])

    def _attributes(self) -> list[str]:
        return [*ATTRIBUTES, *(name for name in MORE if hasattr(self.psutil.Process, name))]


def _take(process: Process, info: dict[str, Any]) -> bool:
    """Learn what psutil says of a process; True when it was refused something."""
    times, memory = info["cpu_times"], info["memory_info"]
    process.started_ticks = int((info["create_time"] or 0.0) * TICKS_PER_SECOND)
    process.state = STATES.get(info["status"], "?").encode()
    process.threads = info["num_threads"] or 0
    if times is not None:
        process.count(USER, int(times.user * TICKS_PER_SECOND), int(times.system * TICKS_PER_SECOND))
    if memory is not None:
        process.resident_bytes, process.virtual_bytes = memory.rss, memory.vms
        faults = getattr(memory, "pfaults", getattr(memory, "num_page_faults", 0))
        major = getattr(memory, "pageins", 0)
        process.count(MAJOR, major)
        process.count(MINOR, max(faults - major, 0))
    if (io := info.get("io_counters")) is not None:
        process.count(READ, io.read_bytes, io.write_bytes)
    if (switches := info.get("num_ctx_switches")) is not None:
        process.count(VOLUNTARY, switches.voluntary, switches.involuntary)
    process.descriptors = info.get("num_fds") or info.get("num_handles") or 0
    return times is None or memory is None
