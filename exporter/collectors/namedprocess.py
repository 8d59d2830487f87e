"""Processes by group under process-exporter's names: who uses processor, memory, disk and descriptors.

By default the groups are the processes' own names (comm), kernel threads together as `kernel`; never a command line or
a process number. https://github.com/ncabatoff/process-exporter
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from exporter.collectors import setting
from exporter.collectors.namedprocess_groups import Groups, Shown
from exporter.collectors.namedprocess_reading import (
    INVOLUNTARY,
    MAJOR,
    MINOR,
    READ,
    SYSTEM,
    USER,
    VOLUNTARY,
    WRITTEN,
    Process,
    ProcessTable,
)
from exporter.collectors.namedprocess_rules import Candidate, Rule, load
from exporter.exposition import Block, Family, Labels, Table, Value
from exporter.procfs import Trees

KERNEL = "kernel"
DEEPEST = 64
"""How many ancestors are looked through for one that has a group."""

GROUP = "namedprocess_namegroup"
NAME = ("groupname",)
PLAIN = (
    Family(f"{GROUP}_num_procs", "Processes in this group.", labels=NAME),
    Family(f"{GROUP}_num_threads", "Threads in this group.", labels=NAME),
    Family(f"{GROUP}_read_bytes_total", "Bytes that this group had fetched from storage.", "counter", NAME),
    Family(f"{GROUP}_write_bytes_total", "Bytes that this group had sent to storage.", "counter", NAME),
    Family(f"{GROUP}_major_page_faults_total", "Page faults that needed storage.", "counter", NAME),
    Family(f"{GROUP}_minor_page_faults_total", "Page faults that needed no storage.", "counter", NAME),
    Family(f"{GROUP}_open_filedesc", "Open file descriptors.", labels=NAME),
    Family(f"{GROUP}_worst_fd_ratio", "Open descriptors to allowed ones, of the process nearest to 1.", labels=NAME),
    Family(f"{GROUP}_oldest_start_time_seconds", "When the oldest process began, since the epoch.", labels=NAME),
)
CPU = Family(f"{GROUP}_cpu_seconds_total", "Processor time.", "counter", (*NAME, "mode"))
SWITCHES = Family(f"{GROUP}_context_switches_total", "Context switches.", "counter", (*NAME, "ctxswitchtype"))
MEMORY = Family(f"{GROUP}_memory_bytes", "Memory in use.", labels=(*NAME, "memtype"))
STATES = Family(f"{GROUP}_states", "Processes in each state.", labels=(*NAME, "state"))
ERRORS = (
    Family("namedprocess_scrape_errors", "Scrapes that learned nothing of processes.", "counter"),
    Family("namedprocess_scrape_procread_errors", "Processes that couldn't be read, over all scrapes.", "counter"),
    Family("namedprocess_scrape_partial_errors", "Processes with a file that may not be read, as another user's io, "
           "over all scrapes.", "counter"),
)  # fmt: skip
MODES = ("system", "user")
SWITCH_TYPES = ("nonvoluntary", "voluntary")
MEMORY_TYPES = ("resident", "virtual", "swapped")
SMAPS_TYPES = (*MEMORY_TYPES, "proportionalResident", "proportionalSwapped")
STATE_NAMES = ("Running", "Sleeping", "Waiting", "Zombie", "Other")


@dataclass(slots=True)
class Tables:
    """The layouts of the families."""

    plain: Table = field(default_factory=lambda: Table(*PLAIN))
    cpu: Table = field(default_factory=lambda: Table(CPU))
    switches: Table = field(default_factory=lambda: Table(SWITCHES))
    memory: Table = field(default_factory=lambda: Table(MEMORY))
    states: Table = field(default_factory=lambda: Table(STATES))
    errors: Table = field(default_factory=lambda: Table(*ERRORS))


@dataclass(slots=True)
class Memory:
    """What is remembered from scrape to scrape."""

    table: ProcessTable
    groups: Groups
    rules: tuple[Rule, ...]
    ticks_per_second: int = field(default_factory=lambda: os.sysconf("SC_CLK_TCK"))
    page_bytes: int = field(default_factory=lambda: os.sysconf("SC_PAGE_SIZE"))
    booted_seconds: int = 0
    failed_scrapes: int = 0
    failed_processes: int = 0
    refused_processes: int = 0


@dataclass(frozen=True, slots=True)
class NamedProcessCollector:
    """Source: /proc/PID/*, proc(5)."""

    trees: Trees
    top: int = setting(10, "Groups told of by name, of each: processor, memory, disk; 0 is all.")
    config_file: str = setting("", "YAML file with rules for groups, in process-exporter's format.")
    children: bool = setting(
        default=True, help_text="With rules, count a process that none matches with its parent's group."
    )
    smaps: bool = setting(
        default=False, help_text="Also tell of memory shared out among processes; costs 1 ms for each busy one."
    )
    memory: Memory = field(init=False, repr=False)
    tables: Tables = field(default_factory=Tables, init=False, repr=False)

    def __post_init__(self) -> None:
        rules = load(self.config_file) if self.config_file else ()
        memory = Memory(ProcessTable(self.trees.proc.root, smaps=self.smaps), Groups(self.top), rules)
        object.__setattr__(self, "memory", memory)

    def collect(self) -> Iterable[Block]:
        memory = self.memory
        try:
            change = memory.table.look()
        except OSError:
            memory.failed_scrapes += 1
            raise
        for process in change.gone:
            memory.groups.remove(process)
        for process in change.read:
            memory.groups.place(process, self._group(process))
        memory.failed_processes += change.failed
        memory.refused_processes += change.refused
        return self._blocks(memory.groups.shown())

    def close(self) -> None:
        self.memory.table.close()

    def _group(self, process: Process) -> str | None:
        """The name of a process's group."""
        if not self.memory.rules:
            return KERNEL if process.kernel else process.comm.decode(errors="replace")
        lineage: list[Process] = []
        name, one = None, process
        while one.named_for != one.comm:
            lineage.append(one)
            name = self._matched(one)
            parent = self.memory.table.known.get(one.parent)
            if name is not None or not self.children or parent is None or len(lineage) == DEEPEST:
                break
            one = parent
        else:
            name = one.group
        for one in lineage:
            one.group, one.named_for = name, one.comm
        return name

    def _matched(self, process: Process) -> str | None:
        """The name that the first rule gives; asked once, and again when a process becomes another program."""
        candidate = self._candidate(process)
        return next((name for rule in self.memory.rules if (name := rule.group(candidate)) is not None), None)

    def _candidate(self, process: Process) -> Candidate:
        memory = self.memory

        def username() -> str:
            status = memory.table.file(process, "status")
            at = status.find(b"\nUid:")
            return _user(int(status[at + 5 :].split(None, 2)[1])) if at >= 0 else ""

        def started() -> str:
            seconds = self._booted() + process.started_ticks // memory.ticks_per_second
            return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S +0000 UTC}"

        def cgroups() -> Sequence[str]:
            lines = memory.table.file(process, "cgroup").decode(errors="replace").splitlines()
            return [line.split(":", 2)[2] for line in lines if line.count(":") > 1]

        arguments = memory.table.command_line(process)
        return Candidate(process.comm.decode(errors="replace"), arguments, process.pid, username, started, cgroups)

    def _booted(self) -> int:
        if not self.memory.booted_seconds:
            content = self.trees.proc.read("stat")
            self.memory.booted_seconds = int(content[content.index(b"btime ") + 6 :].split(None, 1)[0])
        return self.memory.booted_seconds

    def _blocks(self, groups: Sequence[Shown]) -> Iterable[Block]:
        memory, tables = self.memory, self.tables
        ticks = memory.ticks_per_second
        errors = [memory.failed_scrapes, memory.failed_processes, memory.refused_processes]
        return [
            tables.plain.block([(group.name,) for group in groups], zip(*map(self._plain, groups), strict=True)),
            _pairs(tables.cpu, groups, MODES, lambda one: [one.counters[SYSTEM] / ticks, one.counters[USER] / ticks]),
            _pairs(tables.switches, groups, SWITCH_TYPES, lambda one: one.counters[INVOLUNTARY : VOLUNTARY - 1 : -1]),
            _pairs(tables.memory, groups, SMAPS_TYPES if self.smaps else MEMORY_TYPES, self._bytes),
            _pairs(tables.states, groups, STATE_NAMES, lambda one: one.gauges.states),
            tables.errors.single(errors),
        ]

    def _plain(self, group: Shown) -> Sequence[Value]:
        gauges, counters = group.gauges, group.counters
        return (
            gauges.processes,
            gauges.threads,
            counters[READ],
            counters[WRITTEN],
            counters[MAJOR],
            counters[MINOR],
            gauges.descriptors,
            gauges.worst_descriptor_ratio,
            self._booted() + gauges.oldest_ticks // self.memory.ticks_per_second,
        )

    def _bytes(self, group: Shown) -> Sequence[Value]:
        gauges = group.gauges
        told = (gauges.resident_pages * self.memory.page_bytes, gauges.virtual_bytes, gauges.swapped_bytes)
        return (*told, gauges.proportional_bytes, gauges.proportional_swapped_bytes) if self.smaps else told


def _pairs(
    table: Table, groups: Sequence[Shown], second: Sequence[str], values: Callable[[Shown], Sequence[Value]]
) -> Block:
    """A family with a second label: for each group one value for each of its values."""
    rows: list[Labels] = [(group.name, label) for group in groups for label in second]
    return table.block(rows, [[value for group in groups for value in values(group)]])


def _user(number: int) -> str:
    import pwd  # noqa: PLC0415 - there is none on Windows, and only rules that name users need it

    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)
