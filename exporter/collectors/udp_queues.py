"""Bytes that wait in the queues of UDP sockets."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from exporter.collectors import NoData
from exporter.exposition import Block, Family, Labels, Table, Value
from exporter.procfs import Trees

QUEUES = Family("node_udp_queues", "Bytes in the queues of all UDP sockets.", labels=("ip", "queue"))
FILES = {"v4": "net/udp", "v6": "net/udp6"}


@dataclass(frozen=True, slots=True)
class UdpQueuesCollector:
    """Source: /proc/net/udp and udp6, proc(5)."""

    trees: Trees
    table: Table = field(default_factory=lambda: Table(QUEUES), init=False, repr=False)

    def collect(self) -> Iterable[Block]:
        rows: list[Labels] = []
        values: list[Value] = []
        for version, path in FILES.items():
            content = self.trees.proc.read_if_any(path)
            if content is not None:
                # The fifth word is tx_queue:rx_queue, in hexadecimal.
                pairs = [line.split(None, 5)[4].split(b":") for line in content.splitlines()[1:]]
                rows += [(version, "tx"), (version, "rx")]
                values += [sum(int(pair[at], 16) for pair in pairs) for at in (0, 1)]
        if not rows:
            raise NoData("no UDP")
        return [self.table.block(rows, [values])]
