"""Load averages: how many tasks want to run or wait for the disk, over 1, 5 and 15 minutes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from exporter.exposition import Block, Family, Table
from exporter.procfs import Trees

LOAD = tuple(Family(f"node_load{span}", f"{span}m load average.") for span in (1, 5, 15))


@dataclass(frozen=True, slots=True)
class LoadAverageCollector:
    """Source: /proc/loadavg, proc(5)."""

    trees: Trees
    table: Table = field(default_factory=lambda: Table(*LOAD), init=False, repr=False)

    def collect(self) -> Iterable[Block]:
        return [self.table.single(self.trees.proc.read("loadavg", whole=True).split()[:3])]
