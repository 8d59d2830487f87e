"""Free memory by size of block: how fragmented each zone is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from exporter.exposition import Block, Family, Labels, Table, Value
from exporter.procfs import Trees

BLOCKS = Family("node_buddyinfo_blocks", "Free blocks of 2^size pages.", labels=("node", "size", "zone"))


@dataclass(frozen=True, slots=True)
class BuddyinfoCollector:
    """Source: /proc/buddyinfo, proc(5)."""

    trees: Trees
    table: Table = field(default_factory=lambda: Table(BLOCKS), init=False, repr=False)

    def collect(self) -> Iterable[Block]:
        rows: list[Labels] = []
        values: list[Value] = []
        for line in self.trees.proc.read("buddyinfo").splitlines():
            _, node, _, zone, *counts = line.split()
            rows += [(node.rstrip(b","), str(size), zone) for size in range(len(counts))]
            values += counts
        return [self.table.block(rows, [values])]
