"""How many tasks hung so long that the kernel noticed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from exporter.collectors import NoData
from exporter.exposition import Block, Family, Table
from exporter.procfs import Trees

HUNG = Family("node_kernel_hung_tasks_total", "Tasks found hung since boot.", "counter")


@dataclass(frozen=True, slots=True)
class KernelHungCollector:
    """Source: /proc/sys/kernel/hung_task_detect_count, since Linux 6.13."""

    trees: Trees
    table: Table = field(default_factory=lambda: Table(HUNG), init=False, repr=False)

    def collect(self) -> Iterable[Block]:
        count = self.trees.proc.value("sys/kernel/hung_task_detect_count")
        if count is None:
            raise NoData("this kernel doesn't count hung tasks")
        return [self.table.single([count])]
