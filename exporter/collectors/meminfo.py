"""Memory as the kernel accounts it: one gauge for each line of /proc/meminfo."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from exporter.exposition import Block, Family, Table
from exporter.procfs import Trees


@dataclass(slots=True)
class Lines:
    """Which lines there are: the file without its numbers, and the families it stands for."""

    signature: bytes = b""
    table: Table = field(default_factory=Table)


@dataclass(frozen=True, slots=True)
class MeminfoCollector:
    """Source: /proc/meminfo, proc(5)."""

    trees: Trees
    lines: Lines = field(default_factory=Lines, init=False, repr=False)

    def collect(self) -> Iterable[Block]:
        content = self.trees.proc.read("meminfo", whole=True)
        rows = [line.split() for line in content.splitlines()]
        signature = content.translate(None, b" 0123456789")
        if signature != self.lines.signature:
            self.lines.signature, self.lines.table = signature, Table(*(family(*row) for row in rows))
        # A third word is the unit, and that is always kB.
        return [self.lines.table.single([int(row[1]) * 1024 if row[2:] else row[1] for row in rows])]


def family(name: bytes, _number: bytes, unit: bytes = b"") -> Family:
    """The gauge of a line: `Active(anon):  2020004 kB` becomes node_memory_Active_anon_bytes."""
    plain = name.decode(errors="replace").rstrip(":").replace("(", "_").replace(")", "")
    plain += "_bytes" if unit else ""
    return Family(f"node_memory_{plain}", f"Memory information field {plain}.")
