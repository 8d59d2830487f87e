"""Counters of the virtual memory system: paging, swapping, faults, kills for want of memory."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from exporter.collectors import setting
from exporter.exposition import Block, Family, Table
from exporter.procfs import Trees


@dataclass(slots=True)
class Fields:
    """The wanted lines of /proc/vmstat, in its order: what each begins with."""

    keys: list[bytes] = field(default_factory=list)
    table: Table = field(default_factory=Table)


@dataclass(frozen=True, slots=True)
class VmstatCollector:
    """Source: /proc/vmstat, proc(5). Which lines there are doesn't change while a kernel runs."""

    trees: Trees
    fields: re.Pattern[str] = setting(re.compile("^(oom_kill|pgpg|pswp|pg.*fault).*"), "Regexp of fields to tell of.")
    found: Fields = field(default_factory=Fields, init=False, repr=False)

    def collect(self) -> Iterable[Block]:
        content = b"\n" + self.trees.proc.read("vmstat")
        if not self.found.keys:
            self._look(content)
        return [self.found.table.single([_after(key, content) for key in self.found.keys])]

    def _look(self, content: bytes) -> None:
        names = [line.split()[0].decode() for line in content.splitlines() if line]
        wanted = [name for name in names if self.fields.search(name)]
        self.found.table = Table(
            *(Family(f"node_vmstat_{name}", f"/proc/vmstat information field {name}.", "untyped") for name in wanted)
        )
        self.found.keys = [f"\n{name} ".encode() for name in wanted]


def _after(key: bytes, content: bytes) -> bytes:
    """The rest of the line that begins with the key; ValueError when there is none."""
    start = content.index(key) + len(key)
    return content[start : content.index(b"\n", start)]
