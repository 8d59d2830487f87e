"""Which weaknesses of processors the kernel knows, and what it does about each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from exporter.collectors import NoData
from exporter.exposition import Block, Family, Labels, Table
from exporter.procfs import Trees

FOLDER = "devices/system/cpu/vulnerabilities"
INFO = Family(
    "node_cpu_vulnerabilities_info", "State of each weakness, in labels.", labels=("codename", "mitigation", "state")
)


@dataclass(frozen=True, slots=True)
class CpuVulnerabilitiesCollector:
    """Source: /sys/devices/system/cpu/vulnerabilities, kernel's Documentation/admin-guide/hw-vuln."""

    trees: Trees
    table: Table = field(default_factory=lambda: Table(INFO), init=False, repr=False)

    def collect(self) -> Iterable[Block]:
        tree = self.trees.sys
        rows: list[Labels] = []
        for name in tree.names_if_any(FOLDER):
            state, _, mitigation = (tree.value(f"{FOLDER}/{name}") or b"").decode().partition(":")
            rows.append((name, mitigation.strip(), state.partition(";")[0].strip().lower()))
        if not rows:
            raise NoData("this kernel doesn't tell of weaknesses")
        return [self.table.block(rows, [[1] * len(rows)])]
