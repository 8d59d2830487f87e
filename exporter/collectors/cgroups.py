"""Control groups: how many each controller has, and whether it is on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from exporter.exposition import Block, Family, Table
from exporter.procfs import Trees

CGROUPS = Family("node_cgroups_cgroups", "Control groups of this controller.", labels=("subsys_name",))
ENABLED = Family("node_cgroups_enabled", "Whether this controller is enabled.", labels=("subsys_name",))


@dataclass(frozen=True, slots=True)
class CgroupsCollector:
    """Source: /proc/cgroups, cgroups(7)."""

    trees: Trees
    table: Table = field(default_factory=lambda: Table(CGROUPS, ENABLED), init=False, repr=False)

    def collect(self) -> Iterable[Block]:
        _, *lines = self.trees.proc.read("cgroups").splitlines()
        names, _, counts, enabled = zip(*(line.split() for line in lines), strict=True)
        return [self.table.block([(name,) for name in names], [counts, enabled])]
