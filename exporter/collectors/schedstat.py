"""The scheduler: how long tasks ran on each processor, how long they waited for it, and in how many slices."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from exporter.collectors import NoData
from exporter.exposition import Block, Family, Table
from exporter.procfs import Trees

LABELS = ("cpu",)
FAMILIES = (
    Family("node_schedstat_running_seconds_total", "Time for which tasks ran.", "counter", LABELS),
    Family("node_schedstat_waiting_seconds_total", "Time for which tasks waited for the processor.", "counter", LABELS),
    Family("node_schedstat_timeslices_total", "Slices of time that tasks ran.", "counter", LABELS),
)
NANO = 1e9


@dataclass(frozen=True, slots=True)
class SchedstatCollector:
    """Source: /proc/schedstat, kernel's Documentation/scheduler/sched-stats.rst."""

    trees: Trees
    table: Table = field(default_factory=lambda: Table(*FAMILIES), init=False, repr=False)

    def collect(self) -> Iterable[Block]:
        content = self.trees.proc.read_if_any("schedstat")
        if content is None:
            raise NoData("this kernel keeps no statistics of its scheduler")
        lines = [line.split(None, 10) for line in content.splitlines() if line.startswith(b"cpu")]
        rows = [(words[0][3:],) for words in lines]
        running, waiting = ([int(words[at]) / NANO for words in lines] for at in (7, 8))
        return [self.table.block(rows, [running, waiting, [words[9] for words in lines]])]
