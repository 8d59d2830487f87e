"""The kernel's object caches: how many objects, how large, how many in use."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from exporter.collectors import setting
from exporter.exposition import Block, Family, Table
from exporter.procfs import Trees
from exporter.selection import ANYTHING, chooser

LABELS = ("slab",)
FAMILIES = (
    Family("node_slabinfo_active_objects", "Objects in use.", labels=LABELS),
    Family("node_slabinfo_objects", "Objects allocated.", labels=LABELS),
    Family("node_slabinfo_object_size_bytes", "Size of an object.", labels=LABELS),
    Family("node_slabinfo_objects_per_slab", "Objects in each slab.", labels=LABELS),
    Family("node_slabinfo_pages_per_slab", "Pages of each slab.", labels=LABELS),
)


@dataclass(frozen=True, slots=True)
class SlabinfoCollector:
    """Source: /proc/slabinfo, slabinfo(5). Readable for root only."""

    trees: Trees
    slabs_include: re.Pattern[str] = setting(re.compile(".*"), "Slabs to tell about (regular expression).")
    slabs_exclude: re.Pattern[str] = setting(ANYTHING, "Slabs to leave out (regular expression).")
    table: Table = field(default_factory=lambda: Table(*FAMILIES), init=False, repr=False)

    def collect(self) -> Iterable[Block]:
        wanted = chooser(self.slabs_include, self.slabs_exclude)
        lines = (line.split(None, 6) for line in self.trees.proc.read("slabinfo").splitlines()[2:])
        kept = [words for words in lines if wanted(words[0].decode())]
        return [self.table.block([(words[0],) for words in kept], [[w[at] for w in kept] for at in range(1, 6)])]
