"""Network caches of the kernel, by processor: neighbours, routes, tracked connections."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from exporter.attributes import Sample
from exporter.collectors import NoData
from exporter.exposition import Block, Family, Listing
from exporter.procfs import Trees

FOLDER = "net/stat"


@dataclass(frozen=True, slots=True)
class LnstatCollector:
    """Source: /proc/net/stat, lnstat(8)."""

    trees: Trees
    listing: Listing = field(default_factory=Listing, init=False, repr=False)

    def collect(self) -> Iterable[Block]:
        tree = self.trees.proc
        names = tree.names_if_any(FOLDER)
        if not names:
            raise NoData("no network caches")
        return [self.listing.block(s for name in names for s in of_cache(name, tree.read(f"{FOLDER}/{name}")))]


def of_cache(subsystem: str, content: bytes) -> Iterator[Sample]:
    header, *lines = (line.split() for line in content.splitlines())
    for cpu, counts in enumerate(lines):
        for name, count in zip(header, counts, strict=True):
            yield family(name), (str(cpu), subsystem), int(count, 16)


@lru_cache(128)
def family(name: bytes) -> Family:
    plain = name.decode()
    return Family(f"node_lnstat_{plain}_total", f"Count {plain} of the cache.", "counter", ("cpu", "subsystem"))
