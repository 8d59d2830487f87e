"""Soft interrupts by kind and processor."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from exporter.exposition import Block, Family, Labels, Table, Value
from exporter.procfs import Trees

CALLS = Family("node_softirqs_functions_total", "Soft interrupts serviced.", "counter", ("cpu", "type"))


@dataclass(frozen=True, slots=True)
class SoftirqsCollector:
    """Source: /proc/softirqs, proc(5)."""

    trees: Trees
    table: Table = field(default_factory=lambda: Table(CALLS), init=False, repr=False)

    def collect(self) -> Iterable[Block]:
        _, *lines = self.trees.proc.read("softirqs").splitlines()
        rows: list[Labels] = []
        values: list[Value] = []
        for line in lines:
            kind, *counts = line.split()
            rows += [(str(cpu), kind.rstrip(b":")) for cpu in range(len(counts))]
            values += counts
        return [self.table.block(rows, [values])]
