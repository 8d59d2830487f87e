"""Network devices: what they received and sent, and what went wrong with it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from exporter.collectors import setting
from exporter.exposition import Block, Family, Labels, Table
from exporter.netlink import FIELDS, addresses, link_counts
from exporter.procfs import Trees
from exporter.selection import ANYTHING, chooser

COLUMNS = {
    "receive_bytes": ("rx_bytes",),
    "receive_packets": ("rx_packets",),
    "receive_errs": ("rx_errors",),
    "receive_drop": ("rx_dropped", "rx_missed_errors"),
    "receive_fifo": ("rx_fifo_errors",),
    "receive_frame": ("rx_frame_errors", "rx_length_errors", "rx_over_errors", "rx_crc_errors"),
    "receive_compressed": ("rx_compressed",),
    "receive_multicast": ("multicast",),
    "transmit_bytes": ("tx_bytes",),
    "transmit_packets": ("tx_packets",),
    "transmit_errs": ("tx_errors",),
    "transmit_drop": ("tx_dropped",),
    "transmit_fifo": ("tx_fifo_errors",),
    "transmit_colls": ("collisions",),
    "transmit_carrier": ("tx_carrier_errors", "tx_aborted_errors", "tx_heartbeat_errors", "tx_window_errors"),
    "transmit_compressed": ("tx_compressed",),
}
"""The columns of /proc/net/dev, in its order, and which of the kernel's own counters each is the sum of:
net/core/net-procfs.c, dev_seq_printf_stats."""


def _family(name: str) -> Family:
    return Family(f"node_network_{name}_total", f"Network device statistic {name}.", "counter", ("device",))


DETAILED = [field.replace("rx_", "receive_").replace("tx_", "transmit_") for field in FIELDS]
ADDRESS = Family(
    "node_network_address_info",
    "An address of a network device.",
    labels=("device", "address", "netmask", "scope"),
)


@dataclass(frozen=True)
class NetdevCollector:
    """Source: /proc/net/dev, else rtnetlink; what no handler took, which the former leaves out, from /sys/class/net."""

    trees: Trees
    device_include: re.Pattern[str] = setting(ANYTHING, "Regexp of network devices to include.")
    device_exclude: re.Pattern[str] = setting(ANYTHING, "Regexp of network devices to exclude.")
    enable_detailed_metrics: bool = setting(
        default=False, help_text="Tell each of the kernel's counters by itself, under other names."
    )
    address_info: bool = setting(default=False, help_text="Tell the addresses of the devices.")
    table: Table = field(default_factory=lambda: Table(*map(_family, COLUMNS)), init=False, repr=False)
    unhandled: Table = field(default_factory=lambda: Table(_family("receive_nohandler")), init=False, repr=False)
    detailed: Table = field(default_factory=lambda: Table(*map(_family, DETAILED)), init=False, repr=False)
    addresses: Table = field(default_factory=lambda: Table(ADDRESS), init=False, repr=False)

    @cached_property
    def wanted(self) -> Callable[[str], bool]:
        return chooser(self.device_include, self.device_exclude)

    def collect(self) -> Iterable[Block]:
        blocks = self._detailed() if self.enable_detailed_metrics else self._counts()
        return [*blocks, self._addresses()] if self.address_info else blocks

    def _counts(self) -> list[Block]:
        content = self.trees.proc.read_if_any("net/dev")
        if content is None:
            return self._from_netlink()
        rows: list[Labels] = []
        counts: list[Sequence[bytes]] = []
        for line in content.splitlines()[2:]:
            name, _, numbers = line.partition(b":")
            device = name.strip().decode(errors="surrogateescape")
            if self.wanted(device):
                rows.append((device,))
                counts.append(numbers.split())
        return [self.table.block(rows, zip(*counts, strict=True)), self._unhandled(rows)]

    def _unhandled(self, rows: Sequence[Labels]) -> Block:
        read = self.trees.sys.value
        found = [(row, value) for row in rows if (value := read(f"class/net/{row[0]!s}/statistics/rx_nohandler"))]
        return self.unhandled.block([row for row, _ in found], [[value for _, value in found]])

    def _from_netlink(self) -> list[Block]:
        links = [(name, counts) for name, counts in link_counts() if self.wanted(name)]
        rows: list[Labels] = [(name,) for name, _ in links]
        columns = [[sum(counts[part] for part in parts) for _, counts in links] for parts in COLUMNS.values()]
        unhandled = [(row, counts.get("rx_nohandler", 0)) for row, (_, counts) in zip(rows, links, strict=True)]
        told = self.unhandled.block([row for row, _ in unhandled], [[count for _, count in unhandled]])
        return [self.table.block(rows, columns), told]

    def _detailed(self) -> list[Block]:
        links = [(name, counts) for name, counts in link_counts() if self.wanted(name)]
        columns = [[counts.get(name, 0) for _, counts in links] for name in FIELDS]
        return [self.detailed.block([(name,) for name, _ in links], columns)]

    def _addresses(self) -> Block:
        rows: list[Labels] = [(one.device, one.address, str(one.prefix), one.scope) for one in addresses()]
        return self.addresses.block(rows, [[1] * len(rows)])
