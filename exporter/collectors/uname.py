"""What uname(2) says: kernel, machine, name of the host."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, field

from exporter.exposition import Block, Family, Table
from exporter.procfs import Trees

INFO = Family(
    "node_uname_info",
    "The system's name, release, version and machine, and the host's names, as uname(2) has them.",
    labels=("sysname", "release", "version", "machine", "nodename", "domainname"),
)


@dataclass(frozen=True, slots=True)
class UnameCollector:
    """Source: uname(2); the NIS domain, which Python's uname leaves out, from /proc/sys/kernel/domainname."""

    trees: Trees
    table: Table = field(default_factory=lambda: Table(INFO), init=False, repr=False)

    def collect(self) -> Iterable[Block]:
        system = os.uname()
        domain = self.trees.proc.value("sys/kernel/domainname") or b"(none)"
        row = (system.sysname, system.release, system.version, system.machine, system.nodename, domain)
        return [self.table.block([row], [[1]])]
