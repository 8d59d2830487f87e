"""How much randomness the kernel has gathered."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from exporter.exposition import Block, Family, Table
from exporter.procfs import Trees

FAMILIES = (
    Family("node_entropy_available_bits", "Randomness at hand."),
    Family("node_entropy_pool_size_bits", "How much randomness the pool can hold."),
)
FILES = ("sys/kernel/random/entropy_avail", "sys/kernel/random/poolsize")


@dataclass(frozen=True, slots=True)
class EntropyCollector:
    """Source: /proc/sys/kernel/random, random(4)."""

    trees: Trees
    table: Table = field(default_factory=lambda: Table(*FAMILIES), init=False, repr=False)

    def collect(self) -> Iterable[Block]:
        return [self.table.single([self.trees.proc.read(path).strip() for path in FILES])]
