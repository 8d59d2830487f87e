"""Open files of the whole host, and how many there may be."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from exporter.exposition import Block, Family, Table
from exporter.procfs import Trees

FAMILIES = (
    Family("node_filefd_allocated", "File handles in use."),
    Family("node_filefd_maximum", "How many file handles there may be."),
)


@dataclass(frozen=True, slots=True)
class FileDescriptorCollector:
    """Source: /proc/sys/fs/file-nr, proc(5)."""

    trees: Trees
    table: Table = field(default_factory=lambda: Table(*FAMILIES), init=False, repr=False)

    def collect(self) -> Iterable[Block]:
        allocated, _, maximum = self.trees.proc.read("sys/fs/file-nr").split()
        return [self.table.single([allocated, maximum])]
