"""Connections that the packet filter keeps track of, and what became of packets on the way."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from exporter.collectors import NoData
from exporter.exposition import Block, Family, Table
from exporter.procfs import Trees

ENTRIES = Family("node_nf_conntrack_entries", "Connections that are tracked now.")
LIMIT = Family("node_nf_conntrack_entries_limit", "How many connections can be tracked.")
STATISTICS = {
    b"found": "Entries that were searched for and found.",
    b"invalid": "Packets that can't be tracked.",
    b"ignore": "Packets that belong to a tracked connection already.",
    b"insert": "Entries put into the table.",
    b"insert_failed": "Entries that could not be put into the table, such as those already there.",
    b"drop": "Packets dropped because tracking failed.",
    b"early_drop": "Entries dropped to make room when the table was full.",
    b"search_restart": "Searches begun anew because the table was resized.",
}
FAMILIES = [Family(f"node_nf_conntrack_stat_{name.decode()}", text) for name, text in STATISTICS.items()]


@dataclass(frozen=True, slots=True)
class ConntrackCollector:
    """Source: /proc/sys/net/netfilter and /proc/net/stat/nf_conntrack, which counts by processor."""

    trees: Trees
    numbers: Table = field(default_factory=lambda: Table(ENTRIES, LIMIT), init=False, repr=False)
    statistics: Table = field(default_factory=lambda: Table(*FAMILIES), init=False, repr=False)

    def collect(self) -> Iterable[Block]:
        tree = self.trees.proc
        entries = tree.value("sys/net/netfilter/nf_conntrack_count")
        limit = tree.value("sys/net/netfilter/nf_conntrack_max")
        if entries is None or limit is None:
            raise NoData("connections aren't tracked")
        yield self.numbers.single([entries, limit])
        # Many distributions' kernels are built without this file.
        content = tree.read_if_any("net/stat/nf_conntrack")
        if content is not None:
            sums = by_processor(content)
            yield self.statistics.single([sums.get(name, 0) for name in STATISTICS])


def by_processor(content: bytes) -> dict[bytes, int]:
    """The sums of a file with a line of hexadecimal counts for each processor."""
    header, *lines = (line.split() for line in content.splitlines())
    columns = zip(*lines, strict=True)
    return {name: sum(int(count, 16) for count in column) for name, column in zip(header, columns, strict=True)}
