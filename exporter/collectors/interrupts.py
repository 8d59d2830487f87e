"""Interrupts by kind and processor."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from exporter.collectors import setting
from exporter.exposition import Block, Family, Labels, Table
from exporter.procfs import Trees
from exporter.selection import ANYTHING, chooser

INTERRUPTS = Family(
    "node_interrupts_total", "Interrupts serviced.", "counter", labels=("cpu", "devices", "info", "type")
)


@dataclass(frozen=True, slots=True)
class Line:
    """One kind of interrupts: its number or short name, and what follows the counts."""

    kind: str
    tail: str

    def labels(self, cpu: int) -> Labels:
        """A numbered interrupt's tail is the controller, then the devices; a named one's is a description."""
        words = self.tail.split()
        if self.kind.isdigit():
            return (str(cpu), " ".join(words[1:]), words[0], self.kind)
        return (str(cpu), "", " ".join(words), self.kind)


@dataclass(slots=True)
class Known:
    """The rows of the last scrape, kept as long as the same lines come."""

    lines: list[tuple[bytes, bytes]] = field(default_factory=list)
    wanted: list[bool] = field(default_factory=list)
    rows: list[Labels] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class InterruptsCollector:
    """Source: /proc/interrupts, proc(5)."""

    trees: Trees
    name_include: re.Pattern[str] = setting(ANYTHING, "Interrupts to tell about, as `type;info;devices`.")
    name_exclude: re.Pattern[str] = setting(ANYTHING, "Interrupts to leave out, as `type;info;devices`.")
    include_zeros: bool = setting(default=True, help_text="Tell about interrupts that never came, too.")
    known: Known = field(default_factory=Known, init=False, repr=False)
    table: Table = field(default_factory=lambda: Table(INTERRUPTS), init=False, repr=False)

    def collect(self) -> Iterable[Block]:
        header, *lines = self.trees.proc.read("interrupts").splitlines()
        cpus = len(header.split())
        split = [(name, rest.split(None, cpus)) for name, _, rest in (line.partition(b":") for line in lines)]
        # ERR and MIS have one count only, and belong to no processor.
        split = [(name, words) for name, words in split if len(words) > cpus]
        self._learn([(name, words[cpus]) for name, words in split], cpus)
        kept = zip(split, self.known.wanted, strict=True)
        values = [count for (_, words), wanted in kept if wanted for count in words[:cpus]]
        rows = self.known.rows
        if not self.include_zeros:
            told = [(row, value) for row, value in zip(rows, values, strict=True) if value != b"0"]
            rows, values = [row for row, _ in told], [value for _, value in told]
        return [self.table.block(rows, [values])]

    def _learn(self, lines: list[tuple[bytes, bytes]], cpus: int) -> None:
        known = self.known
        if lines == known.lines and len(known.rows) == sum(known.wanted) * cpus:
            return
        kinds = list(read(lines))
        chosen = chooser(self.name_include, self.name_exclude)
        known.lines = lines
        known.wanted = [
            chosen(";".join(str(part) for part in (line.labels(0)[3], *line.labels(0)[2:0:-1]))) for line in kinds
        ]
        wanted = (line for line, is_wanted in zip(kinds, known.wanted, strict=True) if is_wanted)
        known.rows = [line.labels(cpu) for line in wanted for cpu in range(cpus)]


def read(lines: Iterable[tuple[bytes, bytes]]) -> Iterator[Line]:
    for name, tail in lines:
        yield Line(name.decode().strip(), tail.decode(errors="replace"))
