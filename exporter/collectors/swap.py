"""Swap devices and files: their size, their use, their order."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from exporter.exposition import Block, Family, Table
from exporter.procfs import Trees

LABELS = ("device", "type")
FAMILIES = (
    Family("node_swap_size_bytes", "Size of the swap device.", labels=LABELS),
    Family("node_swap_used_bytes", "How much of it is in use.", labels=LABELS),
    Family("node_swap_priority", "The highest is used first.", labels=LABELS),
)
KIBIBYTE = 1024


@dataclass(frozen=True, slots=True)
class SwapCollector:
    """Source: /proc/swaps, proc(5)."""

    trees: Trees
    table: Table = field(default_factory=lambda: Table(*FAMILIES), init=False, repr=False)

    def collect(self) -> Iterable[Block]:
        lines = [line.split() for line in self.trees.proc.read("swaps").splitlines()[1:]]
        sizes, used = ([int(words[at]) * KIBIBYTE for words in lines] for at in (2, 3))
        return [
            self.table.block([(words[0], words[1]) for words in lines], [sizes, used, [words[4] for words in lines]])
        ]
