"""What /proc/cpuinfo says of the processors: make, model, features, known bugs, frequency."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from exporter.exposition import Block, Family, Table
from exporter.procfs import Tree

INFO_LABELS = (
    "package", "core", "cpu", "vendor", "family", "model", "model_name", "microcode", "stepping", "cachesize",
)  # fmt: skip
INFO_KEYS = (
    "physical id", "core id", "processor", "vendor_id", "cpu family", "model", "model name", "microcode", "stepping",
    "cache size",
)  # fmt: skip
INFO = Family("node_cpu_info", "What a processor is, from /proc/cpuinfo.", labels=INFO_LABELS)
FREQUENCY = Family("node_cpu_frequency_hertz", "Current frequency, from /proc/cpuinfo.", labels=INFO_LABELS[:3])
FLAG = Family("node_cpu_flag_info", "Features of the first processor, from /proc/cpuinfo.", labels=("flag",))
BUG = Family("node_cpu_bug_info", "Known bugs of the first processor, from /proc/cpuinfo.", labels=("bug",))
HERTZ_PER_MEGAHERTZ = 1e6


@dataclass(slots=True)
class Details:
    """The families of /proc/cpuinfo."""

    info: Table = field(default_factory=lambda: Table(INFO))
    frequency: Table = field(default_factory=lambda: Table(FREQUENCY))
    flags: Table = field(default_factory=lambda: Table(FLAG))
    bugs: Table = field(default_factory=lambda: Table(BUG))

    def blocks(self, tree: Tree, flags: re.Pattern[str], bugs: re.Pattern[str]) -> Iterable[Block]:
        """Flags and bugs are told only where a pattern asks for them."""
        processors = parse(tree.read("cpuinfo"))
        rows = [tuple(one.get(key, "") for key in INFO_KEYS) for one in processors]
        yield self.info.block(rows, [[1] * len(rows)])
        timed = [(row[:3], one["cpu MHz"]) for row, one in zip(rows, processors, strict=True) if "cpu MHz" in one]
        hertz = [float(megahertz) * HERTZ_PER_MEGAHERTZ for _, megahertz in timed]
        yield self.frequency.block([row for row, _ in timed], [hertz])
        first = processors[0] if processors else {}
        for table, pattern, key in ((self.flags, flags, "flags"), (self.bugs, bugs, "bugs")):
            found = [(word,) for word in first.get(key, "").split() if pattern.pattern and pattern.search(word)]
            yield table.block(found, [[1] * len(found)])


def parse(content: bytes) -> Sequence[Mapping[str, str]]:
    """One mapping for each processor; what comes after the last one (ARM's `Hardware`, `Revision`) is none."""
    processors = []
    for section in content.decode(errors="replace").split("\n\n"):
        lines = (line.partition(":") for line in section.splitlines())
        found = {name.strip(): value.strip() for name, _, value in lines}
        if "processor" in found:
            processors.append(found)
    return processors
