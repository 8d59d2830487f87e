"""The kernel's own counts from /proc/stat: boot time, context switches, forks, interrupts, processes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from exporter.collectors import setting
from exporter.exposition import Block, Family, Labels, Table
from exporter.procfs import Trees

FAMILIES = {
    b"intr": Family("node_intr_total", "Interrupts serviced since boot.", "counter"),
    b"ctxt": Family("node_context_switches_total", "Context switches since boot.", "counter"),
    b"processes": Family("node_forks_total", "Forks since boot.", "counter"),
    b"btime": Family("node_boot_time_seconds", "When the host was booted, in seconds since the epoch."),
    b"procs_running": Family("node_procs_running", "Processes that could run."),
    b"procs_blocked": Family("node_procs_blocked", "Processes that wait for input or output to end."),
}
SOFTIRQS = Family("node_softirqs_total", "Softirq calls since boot.", "counter", ("vector",))
VECTORS: Sequence[Labels] = [
    (vector,)
    for vector in ("hi", "timer", "net_tx", "net_rx", "block", "block_iopoll", "tasklet", "sched", "hrtimer", "rcu")
]


@dataclass(frozen=True, slots=True)
class StatCollector:
    """Source: /proc/stat, proc(5)."""

    trees: Trees
    softirq: bool = setting(default=False, help_text="Count softirq calls of each vector.")
    table: Table = field(default_factory=lambda: Table(*FAMILIES.values()), init=False, repr=False)
    softirqs: Table = field(default_factory=lambda: Table(SOFTIRQS), init=False, repr=False)

    def collect(self) -> Iterable[Block]:
        content = self.trees.once.read("stat")
        # The line of interrupts has a number for each of thousands of them: only its first word, the sum, is split off.
        start = content.index(b"intr ")
        lines = {words[0]: words[1] for words in (line.split(None, 2) for line in content[start:].splitlines())}
        yield self.table.single([lines[name] for name in FAMILIES])
        if self.softirq:
            counts = content[content.index(b"\nsoftirq ") :].split(None, len(VECTORS) + 2)[2:]
            yield self.softirqs.block(VECTORS, [counts[: len(VECTORS)]])
