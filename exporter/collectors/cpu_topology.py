"""Which processors share a core and a package, how often those were throttled, and who is isolated."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from exporter.exposition import Block, Family, Labels, Table
from exporter.procfs import Tree

CORE = Family("node_cpu_core_throttles_total", "How often a core was throttled.", "counter", ("package", "core"))
PACKAGE = Family("node_cpu_package_throttles_total", "How often a package was throttled.", "counter", ("package",))
ISOLATED = Family("node_cpu_isolated", "Processors that the scheduler leaves alone.", labels=("cpu",))
CPUS = "devices/system/cpu"


@dataclass(slots=True)
class Throttles:
    """The counters of one kind: which file tells for which core or package."""

    table: Table
    paths: dict[Labels, str] = field(default_factory=dict)

    def block(self, tree: Tree) -> Block:
        found = [(labels, value) for labels, path in self.paths.items() if (value := tree.value(path)) is not None]
        return self.table.block([labels for labels, _ in found], [[value for _, value in found]])


@dataclass(slots=True)
class Topology:
    """Holds as long as the same processors are on."""

    cpus: list[str] | None = None
    cores: Throttles = field(default_factory=lambda: Throttles(Table(CORE)))
    packages: Throttles = field(default_factory=lambda: Throttles(Table(PACKAGE)))
    alone: Table = field(default_factory=lambda: Table(ISOLATED))
    isolated: list[Labels] = field(default_factory=list)

    def blocks(self, cpus: list[str], tree: Tree) -> Iterable[Block]:
        if cpus != self.cpus:
            self._look(tree)
            self.cpus = cpus
        yield self.cores.block(tree)
        yield self.packages.block(tree)
        yield self.alone.block(self.isolated, [[1] * len(self.isolated)])

    def _look(self, tree: Tree) -> None:
        """Each core and each package has its counter at every one of its processors; the first one will do."""
        self.cores.paths.clear()
        self.packages.paths.clear()
        for cpu in tree.names_if_any(CPUS):
            package = tree.integer(f"{CPUS}/{cpu}/topology/physical_package_id")
            core = tree.integer(f"{CPUS}/{cpu}/topology/core_id")
            if not re.fullmatch(r"cpu\d+", cpu) or package is None or core is None:
                continue
            throttles = f"{CPUS}/{cpu}/thermal_throttle"
            if tree.integer(f"{throttles}/core_throttle_count") is not None:
                self.cores.paths.setdefault((str(package), str(core)), f"{throttles}/core_throttle_count")
            if tree.integer(f"{throttles}/package_throttle_count") is not None:
                self.packages.paths.setdefault((str(package),), f"{throttles}/package_throttle_count")
        self.isolated = [(str(cpu),) for cpu in ranges(tree.value(f"{CPUS}/isolated") or b"")]


def ranges(text: bytes) -> list[int]:
    """The numbers of a list such as `1,3-5,9`."""
    numbers: list[int] = []
    for part in text.split(b",") if text else []:
        first, _, last = part.partition(b"-")
        numbers += range(int(first), int(last or first) + 1)
    return numbers
