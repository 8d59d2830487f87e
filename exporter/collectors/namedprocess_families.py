"""What is told of groups of processes: process-exporter's families, and their values."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from exporter.collectors.namedprocess_groups import Shown
from exporter.collectors.namedprocess_process import (
    INVOLUNTARY,
    MAJOR,
    MINOR,
    READ,
    SYSTEM,
    USER,
    VOLUNTARY,
    WRITTEN,
)
from exporter.exposition import Block, Family, Labels, Table, Value

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

    def blocks(
        self,
        groups: Sequence[Shown],
        ticks_per_second: int,
        booted_seconds: int,
        errors: Sequence[int],
        *,
        proportional: bool = False,
    ) -> list[Block]:
        """All families. `errors` are those of whole scrapes, of processes, and of single files of processes."""

        def plain(group: Shown) -> Sequence[Value]:
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
                booted_seconds + gauges.oldest_ticks // ticks_per_second,
            )

        def seconds(group: Shown) -> Sequence[Value]:
            return group.counters[SYSTEM] / ticks_per_second, group.counters[USER] / ticks_per_second

        types, sizes = (SMAPS_TYPES, _all_bytes) if proportional else (MEMORY_TYPES, _bytes)
        return [
            self.plain.block([(group.name,) for group in groups], zip(*map(plain, groups), strict=True)),
            _pairs(self.cpu, groups, MODES, seconds),
            _pairs(self.switches, groups, SWITCH_TYPES, _switches),
            _pairs(self.memory, groups, types, sizes),
            _pairs(self.states, groups, STATE_NAMES, lambda group: group.gauges.states),
            self.errors.single(errors),
        ]


def _pairs(
    table: Table, groups: Sequence[Shown], second: Sequence[str], values: Callable[[Shown], Sequence[Value]]
) -> Block:
    """A family with a second label: for each group one value for each of its values."""
    rows: list[Labels] = [(group.name, label) for group in groups for label in second]
    return table.block(rows, [[value for group in groups for value in values(group)]])


def _switches(group: Shown) -> Sequence[Value]:
    return group.counters[INVOLUNTARY], group.counters[VOLUNTARY]


def _bytes(group: Shown) -> Sequence[Value]:
    return group.gauges.resident_bytes, group.gauges.virtual_bytes, group.gauges.swapped_bytes


def _all_bytes(group: Shown) -> Sequence[Value]:
    return *_bytes(group), group.gauges.proportional_bytes, group.gauges.proportional_swapped_bytes
