"""Packets on their way through each processor: handled, dropped, put off."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from exporter.exposition import Block, Family, Table
from exporter.procfs import Trees

LABELS = ("cpu",)


def counter(name: str, text: str) -> Family:
    return Family(f"node_softnet_{name}_total", text, "counter", LABELS)


COLUMNS = {
    0: counter("processed", "Packets handled."),
    1: counter("dropped", "Packets dropped because the queue was full."),
    2: counter("times_squeezed", "How often handling ended before all was done."),
    8: counter("cpu_collision", "Collisions on the lock of a device when sending."),
    9: counter("received_rps", "How often another processor asked this one to handle packets."),
    10: counter("flow_limit_count", "How often the limit of a flow was reached."),
    11: Family("node_softnet_backlog_len", "Packets that wait.", labels=LABELS),
}
CPU_COLUMN = 12


@dataclass(frozen=True, slots=True)
class SoftnetCollector:
    """Source: /proc/net/softnet_stat; columns as softnet_seq_show() of the kernel's net/core/net-procfs.c writes them.

    Old kernels write fewer columns; what they don't count is 0.
    """

    trees: Trees
    table: Table = field(default_factory=lambda: Table(*COLUMNS.values()), init=False, repr=False)

    def collect(self) -> Iterable[Block]:
        lines = [
            [int(word, 16) for word in line.split()] for line in self.trees.proc.read("net/softnet_stat").splitlines()
        ]
        # Only online processors have lines, so the number of the line is the second-best answer.
        cpus = [line[CPU_COLUMN] if len(line) > CPU_COLUMN else at for at, line in enumerate(lines)]
        columns = [[line[at] if at < len(line) else 0 for line in lines] for at in COLUMNS]
        return [self.table.block([(str(cpu),) for cpu in cpus], columns)]
