"""Processors: the time each spent in each mode, throttling, isolation, and on request what they are."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from operator import ge

from exporter.collectors import cpu_info, setting
from exporter.collectors.cpu_topology import Topology
from exporter.exposition import Block, Family, Labels, Table
from exporter.procfs import Trees
from exporter.selection import ANYTHING

SECONDS = Family("node_cpu_seconds_total", "Seconds the processors spent in each mode.", "counter", ("cpu", "mode"))
GUEST = Family(
    "node_cpu_guest_seconds_total",
    "Seconds the processors spent in guests, for each mode; node_cpu_seconds_total has them too.",
    "counter",
    ("cpu", "mode"),
)
MODES = ("user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal")
GUEST_MODES = ("user", "nice")
FIELDS = len(MODES) + len(GUEST_MODES)
IDLE = MODES.index("idle")
TICKS_PER_SECOND = 100
"""USER_HZ, which /proc/stat counts in on every architecture."""
JUMP_BACK_TICKS = 3 * TICKS_PER_SECOND
"""A processor whose idle time falls by this much was unplugged and starts anew."""


@dataclass(slots=True)
class Clocks:
    """The times of all processors as told last, `FIELDS` each: the kernel's may fall a little, ours never do."""

    cpus: list[str] = field(default_factory=list)
    ticks: list[int] = field(default_factory=list)
    rows: list[Labels] = field(default_factory=list)
    guest_rows: list[Labels] = field(default_factory=list)

    def forward(self, cpus: list[str], words: list[bytes]) -> list[bytes]:
        """The words, with those that fell put back to what they were."""
        ticks = [*map(int, words)]
        if cpus != self.cpus:
            self.cpus = cpus
            self.rows = [(cpu, mode) for cpu in cpus for mode in MODES]
            self.guest_rows = [(cpu, mode) for cpu in cpus for mode in GUEST_MODES]
        elif not all(map(ge, ticks, self.ticks)):
            for start in range(0, len(ticks), FIELDS):
                _put_back(ticks, self.ticks, slice(start, start + FIELDS))
            words = [b"%d" % tick for tick in ticks]
        self.ticks = ticks
        return words


@dataclass(frozen=True, slots=True)
class CpuCollector:
    """Source: /proc/stat, /proc/cpuinfo, /sys/devices/system/cpu (Documentation/ABI/testing)."""

    trees: Trees
    guest: bool = setting(default=True, help_text="Tell the time spent in guests.")
    info: bool = setting(default=False, help_text="Tell what /proc/cpuinfo says.")
    info_flags_include: re.Pattern[str] = setting(ANYTHING, "Regexp of cpuinfo flags to tell.", "info.flags-include")
    info_bugs_include: re.Pattern[str] = setting(ANYTHING, "Regexp of cpuinfo bugs to tell.", "info.bugs-include")
    clocks: Clocks = field(default_factory=Clocks, init=False, repr=False)
    seconds: Table = field(default_factory=lambda: Table(SECONDS), init=False, repr=False)
    guests: Table = field(default_factory=lambda: Table(GUEST), init=False, repr=False)
    topology: Topology = field(default_factory=Topology, init=False, repr=False)
    details: cpu_info.Details = field(default_factory=cpu_info.Details, init=False, repr=False)

    def collect(self) -> Iterable[Block]:
        cpus, words = times(self.trees.once.read("stat"))
        told = [seconds(ticks) for ticks in self.clocks.forward(cpus, words)]
        starts = range(0, len(told), FIELDS)
        modes = [told[start : start + len(MODES)] for start in starts]
        yield self.seconds.block(self.clocks.rows, modes)
        if self.guest:
            guests = [told[start + len(MODES) : start + FIELDS] for start in starts]
            yield self.guests.block(self.clocks.guest_rows, guests)
        yield from self.topology.blocks(cpus, self.trees.sys)
        if self.info or self.info_flags_include.pattern or self.info_bugs_include.pattern:
            yield from self.details.blocks(self.trees.proc, self.info_flags_include, self.info_bugs_include)


def times(content: bytes) -> tuple[list[str], list[bytes]]:
    """The processors of a /proc/stat, and their times in ticks, one after the other; what old kernels lack is 0."""
    cpus: list[str] = []
    words: list[bytes] = []
    for line in content[: content.find(b"\nintr")].splitlines()[1:]:
        name, *ticks = line.split()
        cpus.append(name[3:].decode())
        words += (ticks + [b"0"] * FIELDS)[:FIELDS]
    return cpus, words


def seconds(ticks: bytes) -> bytes:
    """Hundredths as a decimal number: exactly what a division by 100 rounds to, without one."""
    return ticks[:-2] + b"." + ticks[-2:] if len(ticks) > 2 else b"%.2f" % (int(ticks) / TICKS_PER_SECOND)  # noqa: PLR2004


def _put_back(ticks: list[int], before: Sequence[int], one: slice) -> None:
    if before[one][IDLE] - ticks[one][IDLE] < JUMP_BACK_TICKS:
        ticks[one] = map(max, ticks[one], before[one])
