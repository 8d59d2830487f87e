"""Processes by group under process-exporter's names: who uses processor, memory, disk and descriptors.

By default the groups are the processes' own names (comm), kernel threads together as `kernel`; never a command line or
a process number. https://github.com/ncabatoff/process-exporter
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from exporter.collectors import setting
from exporter.collectors.namedprocess_families import Tables
from exporter.collectors.namedprocess_groups import Groups
from exporter.collectors.namedprocess_process import Process
from exporter.collectors.namedprocess_reading import ProcessTable
from exporter.collectors.namedprocess_rules import Candidate, Rule, load
from exporter.exposition import Block
from exporter.procfs import Trees

KERNEL = "kernel"
DEEPEST = 64
"""How many ancestors are looked through for one that has a group."""


@dataclass(slots=True)
class Memory:
    """What is remembered from scrape to scrape."""

    table: ProcessTable
    groups: Groups
    rules: tuple[Rule, ...]
    ticks_per_second: int = field(default_factory=lambda: os.sysconf("SC_CLK_TCK"))
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
        memory = Memory(ProcessTable(self.trees.once, smaps=self.smaps), Groups(self.top), rules)
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
        return self.tables.blocks(
            memory.groups.shown(),
            memory.ticks_per_second,
            self._booted(),
            [memory.failed_scrapes, memory.failed_processes, memory.refused_processes],
            proportional=self.smaps,
        )

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


def _user(number: int) -> str:
    import pwd  # noqa: PLC0415 - there is none on Windows, and only rules that name users need it

    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)
