"""Memory by NUMA node: what each has, and how often its memory was the wanted one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from exporter.attributes import Sample
from exporter.collectors import NoData
from exporter.exposition import Block, Family, Listing
from exporter.procfs import Tree, Trees

FOLDER = "devices/system/node"
LABELS = ("node",)


@dataclass(frozen=True, slots=True)
class MeminfoNumaCollector:
    """Source: /sys/devices/system/node/nodeN, kernel's Documentation/admin-guide/numastat.rst."""

    trees: Trees
    listing: Listing = field(default_factory=Listing, init=False, repr=False)

    def collect(self) -> Iterable[Block]:
        nodes = [name for name in self.trees.sys.names_if_any(FOLDER) if name[:4] == "node" and name[4:].isdigit()]
        if not nodes:
            raise NoData("no NUMA node")
        return [self.listing.block(sample for node in nodes for sample in of_node(self.trees.sys, node))]


def of_node(tree: Tree, node: str) -> Iterator[Sample]:
    labels = (node[4:],)
    for line in tree.read(f"{FOLDER}/{node}/meminfo").splitlines():
        _, _, name, amount, *unit = line.split()
        yield gauge(name), labels, int(amount) * 1024 if unit else amount
    for line in tree.read(f"{FOLDER}/{node}/numastat").splitlines():
        name, count = line.split()
        yield counter(name), labels, count


@lru_cache(256)
def gauge(name: bytes) -> Family:
    plain = name.decode().rstrip(":").replace("(", "_").replace(")", "")
    return Family(f"node_memory_numa_{plain}", f"Memory information field {plain} of the node.", labels=LABELS)


@lru_cache(256)
def counter(name: bytes) -> Family:
    plain = name.decode()
    return Family(f"node_memory_numa_{plain}_total", f"Count {plain} of the node's allocations.", "counter", LABELS)
