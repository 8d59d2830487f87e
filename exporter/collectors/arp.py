"""Neighbours: how many entries of the ARP table each network device has."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from exporter.collectors import setting
from exporter.exposition import Block, Family, Table
from exporter.procfs import Trees
from exporter.selection import ANYTHING, chooser

ENTRIES = Family("node_arp_entries", "Entries of the ARP table.", labels=("device",))


@dataclass(frozen=True, slots=True)
class ArpCollector:
    """Source: /proc/net/arp, proc(5)."""

    trees: Trees
    device_include: re.Pattern[str] = setting(ANYTHING, "Devices to tell about (regular expression).")
    device_exclude: re.Pattern[str] = setting(ANYTHING, "Devices to leave out (regular expression).")
    netlink: bool = setting(
        default=False, help_text="Without effect, for old command lines: /proc tells of the same neighbours as netlink."
    )
    table: Table = field(default_factory=lambda: Table(ENTRIES), init=False, repr=False)

    def collect(self) -> Iterable[Block]:
        wanted = chooser(self.device_include, self.device_exclude)
        _, *lines = self.trees.proc.read("net/arp").decode(errors="surrogateescape").splitlines()
        entries = Counter(line.rpartition(" ")[2] for line in lines)
        devices = sorted(filter(wanted, entries))
        return [self.table.block([(device,) for device in devices], [[entries[device] for device in devices]])]
